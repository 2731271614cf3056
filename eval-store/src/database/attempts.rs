//! Paid calls: what is read of them, and what happens to them outside of the commits of the writer.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use eval_core::{Attempt, AttemptEnd, AttemptId, AttemptOutcome, RunId};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::read::sql_limit;
use crate::database::rows::{EndRow, IntentRow};
use crate::database::schema::{attempt_ends, attempts};

/// The attempts of a run after this one, in the order in which they began.
pub(crate) fn read(
    connection: &mut Connection,
    run: RunId,
    after: Option<AttemptId>,
    limit: usize,
) -> Result<Vec<Attempt>, Failure> {
    let after = after.map_or(i64::MIN, AttemptId::number);
    let its_end = attempt_ends::run_id.eq(attempts::run_id).and(attempt_ends::id.eq(attempts::id));
    let wanted = attempts::table
        .left_join(attempt_ends::table.on(its_end))
        .filter(attempts::run_id.eq(run.to_string()))
        .filter(attempts::id.gt(after))
        .order(attempts::id.asc())
        .limit(sql_limit(limit));
    let rows: Vec<(IntentRow<'_>, Option<EndRow<'_>>)> =
        on!(connection, |c| wanted.select((IntentRow::as_select(), Option::<EndRow<'_>>::as_select())).load(c))?;
    rows.into_iter().map(|(intent, end)| intent.into_attempt(run, end)).collect()
}

/// Marks what has begun and not ended.
pub(crate) fn abandon(connection: &mut Connection, run: RunId) -> Result<u64, Failure> {
    let run = run.to_string();
    let ends = attempt_ends::table
        .filter(attempt_ends::run_id.eq(attempts::run_id))
        .filter(attempt_ends::id.eq(attempts::id))
        .select(attempt_ends::id);
    let open = attempts::table.filter(attempts::run_id.eq(&run)).filter(not(exists(ends))).select(attempts::id);
    let open: Vec<i64> = on!(connection, |c| open.load(c))?;
    let end = AttemptEnd::new(AttemptOutcome::Abandoned);
    for id in &open {
        let row = EndRow::new(AttemptId::from_number(*id), &end, &run)?;
        on!(connection, |c| diesel::insert_into(attempt_ends::table).values(&row).execute(c))?;
    }
    Ok(open.len() as u64)
}

/// Forgets the answers of a run that has finished: they stand in its evaluations.
pub(crate) fn forget_answers(connection: &mut Connection, run: &str) -> QueryResult<()> {
    let told = attempt_ends::table.filter(attempt_ends::run_id.eq(run)).filter(attempt_ends::answer.is_not_null());
    on!(connection, |c| diesel::update(told).set(attempt_ends::answer.eq(None::<String>)).execute(c)).map(drop)
}
