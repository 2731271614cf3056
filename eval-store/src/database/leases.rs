//! Who works on which run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::prelude::*;
use eval_core::{Lease, Owner, RunId, RunStatus, Timestamp};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::LeaseRow;
use crate::database::schema::{leases, runs};

/// The leases that were taken through this store, by the token of their owner. An intent to call a model for one of
/// these runs is taken only while the database still says so: a process that stood still must not go on with a run that
/// somebody else has by now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<Mutex<HashMap<RunId, String>>>);

impl Held {
    pub(crate) fn insert(&self, lease: &Lease) {
        self.lock().insert(lease.run, lease.owner.token.clone());
    }

    pub(crate) fn remove(&self, run: RunId) {
        self.lock().remove(&run);
    }

    /// Refuses when a run that was taken here is another owner's.
    pub(crate) fn check(&self, connection: &mut Connection, run: RunId) -> Result<(), Failure> {
        let Some(token) = self.lock().get(&run).cloned() else { return Ok(()) };
        let owner = leases::table.find(run.to_string()).select(leases::owner);
        let owner: Option<String> = on!(connection, |c| owner.first(c)).optional()?;
        match owner {
            Some(owner) if owner != token => match read(connection, run)? {
                Some(lease) => Err(Failure::Held(lease.into())),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lease of a run.
pub(crate) fn read(connection: &mut Connection, run: RunId) -> Result<Option<Lease>, Failure> {
    let wanted = leases::table.find(run.to_string());
    let row: Option<LeaseRow<'_>> = on!(connection, |c| wanted.select(LeaseRow::as_select()).first(c)).optional()?;
    row.map(|row| row.into_lease(run)).transpose()
}

/// Takes a run or renews its lease.
pub(crate) fn acquire(connection: &mut Connection, lease: &Lease) -> Result<(), Failure> {
    let run = lease.run.to_string();
    lock_run(connection, lease.run, &run)?;
    let held = read(connection, lease.run)?;
    let mut lease = lease.clone();
    match held {
        Some(held) if !held.yields_to(&lease.owner, lease.heartbeat) => return Err(Failure::Held(held.into())),
        Some(held) if held.owner.token == lease.owner.token => lease.acquired = held.acquired,
        _ => {}
    }
    let row = LeaseRow::new(&lease, &run);
    let put = diesel::insert_into(leases::table).values(&row).on_conflict(leases::run_id).do_update().set(&row);
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

/// Two that want the same run come one after the other. SQLite has one writer anyway.
pub(crate) fn lock_run(connection: &mut Connection, run: RunId, id: &str) -> Result<(), Failure> {
    let wanted = runs::table.find(id).select(runs::id);
    let found: Option<String> = match connection {
        #[cfg(feature = "sqlite")]
        Connection::Sqlite(c) => wanted.first(c).optional()?,
        #[cfg(feature = "postgres")]
        Connection::Postgres(c, _) => wanted.for_update().first(&mut **c).optional()?,
    };
    found.map(drop).ok_or(Failure::Missing(run))
}

/// Gives a run back.
pub(crate) fn release(connection: &mut Connection, run: RunId, owner: &Owner) -> Result<(), Failure> {
    let lease = leases::table.find(run.to_string()).filter(leases::owner.eq(&owner.token));
    on!(connection, |c| diesel::delete(lease).execute(c))?;
    Ok(())
}

/// The runs that go on by what stands in the database, and whose owners are gone.
pub(crate) fn lost(connection: &mut Connection, now: Timestamp) -> Result<Vec<String>, Failure> {
    let running = leases::table.inner_join(runs::table).filter(runs::status.eq(RunStatus::Running.name()));
    let rows: Vec<LeaseRow<'_>> = on!(connection, |c| running.select(LeaseRow::as_select()).load(c))?;
    runs_where(rows, |lease| !lease.is_alive(now))
}

/// The runs that somebody works on, whatever their rows say.
pub(crate) fn alive(connection: &mut Connection, now: Timestamp) -> Result<Vec<String>, Failure> {
    let rows: Vec<LeaseRow<'_>> = on!(connection, |c| leases::table.select(LeaseRow::as_select()).load(c))?;
    runs_where(rows, |lease| lease.is_alive(now))
}

fn runs_where(rows: Vec<LeaseRow<'_>>, wanted: impl Fn(&Lease) -> bool) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for row in rows {
        let id = row.run_id.to_string();
        let run = id.parse().map_err(|_| Failure::Corrupt(format!("leases.run_id: `{id}`")))?;
        if wanted(&row.into_lease(run)?) {
            found.push(id);
        }
    }
    Ok(found)
}
