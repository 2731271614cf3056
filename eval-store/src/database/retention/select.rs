//! Which runs may go.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::dsl::not;
use diesel::prelude::*;
use eval_core::{RunKind, RunStatus, Timestamp};

use super::{Expired, Protection, Retention};
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::leases;
use crate::database::read::runs_of;
use crate::database::rows::{Text, time};
use crate::database::schema::{baselines, marks, runs};

/// Id, name, data set, kind and start.
type Found = (String, String, String, String, NaiveDateTime);

pub(super) fn expired(connection: &mut Connection, retention: &Retention) -> Result<Vec<Expired>, Failure> {
    if retention.keep.is_none() && retention.before.is_none() {
        return Ok(Vec::new());
    }
    let before = retention.before.map(time::to_column);
    let mut newer: HashMap<(String, String, String), usize> = HashMap::new();
    let mut ids = Vec::new();
    for (id, name, dataset, kind, started) in candidates(connection, retention)? {
        let newer = newer.entry((name, dataset, kind)).or_default();
        if retention.keep.is_none_or(|keep| *newer >= keep) && before.is_none_or(|before| started < before) {
            ids.push(id);
        }
        *newer += 1;
    }
    with_protection(connection, ids)
}

/// The runs that a retention is about, newest first. The ones that stay count too: they are some of the newest.
fn candidates(connection: &mut Connection, retention: &Retention) -> QueryResult<Vec<Found>> {
    on!(connection, |c| {
        let columns = (runs::id, runs::name, runs::dataset, runs::kind, runs::started_at);
        // A set of frozen answers is no run that grows old: it is judged again beside runs to come.
        let is_frozen = runs::kind.eq(RunKind::Anchor.name()).and(runs::group_id.is_null());
        let mut found = runs::table.select(columns).filter(not(is_frozen)).order(runs::id.desc()).into_boxed();
        if let Some(model) = &retention.model {
            found = found.filter(runs::model.eq(Text::from(&**model)).or(runs::name.eq(Text::from(&**model))));
        }
        if let Some(dataset) = &retention.dataset {
            found = found.filter(runs::dataset.eq(Text::from(&**dataset)));
        }
        found.load(c)
    })
}

/// These runs, newest first, and why they stay if they do.
pub(super) fn with_protection(connection: &mut Connection, ids: Vec<String>) -> Result<Vec<Expired>, Failure> {
    let blessed: Vec<String> = on!(connection, |c| baselines::table.select(baselines::run_id).distinct().load(c))?;
    let marked: Vec<String> = on!(connection, |c| marks::table.select(marks::run_id).distinct().load(c))?;
    let worked_on = leases::alive(connection, Timestamp::now())?;
    let protection = |id: &String, status| match status {
        RunStatus::Queued | RunStatus::Running | RunStatus::Paused => Some(Protection::Unfinished),
        _ if worked_on.contains(id) => Some(Protection::Unfinished),
        _ if blessed.contains(id) => Some(Protection::Blessed),
        _ if marked.contains(id) => Some(Protection::Marked),
        _ => None,
    };
    let found = runs_of(connection, ids)?.into_iter();
    Ok(found.map(|run| Expired { protection: protection(&run.id.to_string(), run.status), run }).collect())
}
