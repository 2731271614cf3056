//! How the database is.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use eval_core::server::{Condition, DeliveryState, JobState, Tally, Vitals};
use eval_core::{Attempt, RunId, StoreError, Timestamp, async_trait};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::migrate::{Count as _, Versions};
use crate::database::read::sql_limit;
use crate::database::rows::{EndRow, IntentRow, time, word};
use crate::database::schema::{alerts, attempt_ends, attempts, deliveries, jobs, runs};
use crate::database::store::DieselStore;

fn condition(connection: &mut Connection) -> Result<Condition, Failure> {
    let (kind, bytes) = match connection {
        #[cfg(feature = "sqlite")]
        Connection::Sqlite(c) => {
            ("sqlite", c.count("page_count * page_size FROM pragma_page_count(), pragma_page_size()")?)
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(c, _) => ("postgres", c.count("pg_database_size(current_database())")?),
    };
    let versions = Versions::read(connection).map_err(Failure::Refused)?;
    let current = versions.applied == versions.known;
    let schema = versions.applied.last().cloned();
    Ok(Condition::new(kind).schema(schema, current).bytes(u64::try_from(bytes).ok()))
}

fn tally(connection: &mut Connection) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let by_state = jobs::table.group_by(jobs::state).select((jobs::state, count_star()));
    tally.jobs = by_name("jobs.state", on!(connection, |c| by_state.load(c))?, JobState::from_name)?;
    let by_state = deliveries::table.group_by(deliveries::state).select((deliveries::state, count_star()));
    tally.deliveries = by_name("deliveries.state", on!(connection, |c| by_state.load(c))?, DeliveryState::from_name)?;
    let open = alerts::table.filter(alerts::recovered_at.is_null()).select(count_star());
    tally.open_alerts = on!(connection, |c| open.get_result::<i64>(c))?.unsigned_abs();
    Ok(tally)
}

fn by_name<T: Ord>(
    column: &'static str,
    rows: Vec<(String, i64)>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<BTreeMap<T, u64>, Failure> {
    rows.into_iter().map(|(name, n)| Ok((word(column, &name, &read)?, n.unsigned_abs()))).collect()
}

/// A run after the other, so that no more is read than is given.
fn latest_attempts(connection: &mut Connection, since: Timestamp, limit: usize) -> Result<Vec<Attempt>, Failure> {
    let since = since.max(Timestamp::UNIX_EPOCH);
    let late = runs::finished_at.is_null().or(runs::finished_at.ge(time::to_column(since)));
    let newest = runs::table.filter(late).order(runs::id.desc()).limit(sql_limit(limit)).select(runs::id);
    let ids: Vec<String> = on!(connection, |c| newest.load(c))?;
    let mut found = Vec::new();
    for id in ids {
        if found.len() >= limit {
            break;
        }
        let run: RunId = word("runs.id", &id, |id| id.parse().ok())?;
        let its_end = attempt_ends::run_id.eq(attempts::run_id).and(attempt_ends::id.eq(attempts::id));
        let wanted = attempts::table
            .left_join(attempt_ends::table.on(its_end))
            .filter(attempts::run_id.eq(&id))
            .filter(attempts::begun_at.ge(time::to_column(since)))
            .order(attempts::id.desc())
            .limit(sql_limit(limit - found.len()));
        let rows: Vec<(IntentRow<'_>, Option<EndRow<'_>>)> =
            on!(connection, |c| wanted.select((IntentRow::as_select(), Option::<EndRow<'_>>::as_select())).load(c))?;
        for (intent, end) in rows {
            found.push(intent.into_attempt(run, end.map(EndRow::without_answer))?);
        }
    }
    Ok(found)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Vitals for DieselStore {
    async fn condition(&self) -> Result<Condition, StoreError> {
        self.read(condition).await
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.read(tally).await
    }

    async fn latest_attempts(&self, since: Timestamp, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        self.read(move |connection| latest_attempts(connection, since, limit)).await
    }
}
