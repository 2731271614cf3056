//! The table `leases`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::{Lease, Owner, RunId};

use super::{Text, number, time};
use crate::database::error::Failure;
use crate::database::schema::leases;

#[derive(Debug, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = leases, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(primary_key(run_id))]
pub(crate) struct LeaseRow<'a> {
    pub(crate) run_id: Text<'a>,
    owner: Text<'a>,
    host: Text<'a>,
    pid: i64,
    pid_started: Option<i64>,
    acquired_at: NaiveDateTime,
    heartbeat_at: NaiveDateTime,
    expires_at: NaiveDateTime,
}

impl<'a> LeaseRow<'a> {
    pub(crate) fn new(lease: &'a Lease, run: &'a str) -> Self {
        let owner = &lease.owner;
        Self {
            run_id: run.into(),
            owner: owner.token.as_str().into(),
            host: owner.host.as_str().into(),
            pid: owner.pid.into(),
            pid_started: number::reported(owner.pid_started),
            acquired_at: time::to_column(lease.acquired),
            heartbeat_at: time::to_column(lease.heartbeat),
            expires_at: time::to_column(lease.expires),
        }
    }

    /// The lease of this row.
    pub(crate) fn into_lease(self, run: RunId) -> Result<Lease, Failure> {
        let pid = number::epoch("leases.pid", self.pid)?;
        let pid_started = number::known("leases.pid_started", self.pid_started)?;
        let owner = Owner::from_parts(&*self.owner, &*self.host, pid, pid_started);
        let times = [
            time::from_column("leases.acquired_at", self.acquired_at)?,
            time::from_column("leases.heartbeat_at", self.heartbeat_at)?,
            time::from_column("leases.expires_at", self.expires_at)?,
        ];
        Ok(Lease::from_parts(run, owner, times))
    }
}
