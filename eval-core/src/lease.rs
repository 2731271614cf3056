//! Who works on a run.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{RunId, StoreError};

/// One worker on one run: a token of its own, and the process it lives in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Owner {
    /// Unique to this worker: two runs of one program are two owners.
    pub token: String,
    /// The name of the machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// When the process began, in the machine's own count, so that a later process with the same number is not taken
    /// for it; `None` where the machine does not tell.
    pub pid_started: Option<u64>,
}

impl Owner {
    /// A new owner in this process.
    pub fn new() -> Self {
        let pid = std::process::id();
        Self { token: Uuid::now_v7().simple().to_string(), host: host(), pid, pid_started: started(pid) }
    }

    /// An owner that was written down: for stores that read rows.
    pub fn from_parts(token: impl Into<String>, host: impl Into<String>, pid: u32, pid_started: Option<u64>) -> Self {
        Self { token: token.into(), host: host.into(), pid, pid_started }
    }

    /// Whether its process is surely gone. Only the machine it ran on can tell, and only Linux is asked.
    pub(crate) fn is_gone(&self) -> bool {
        let here = self.pid_started.is_some() && self.host == host();
        here && started(std::process::id()).is_some() && started(self.pid) != self.pid_started
    }
}

impl Default for Owner {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}

/// The right to work on a run until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// Who has it.
    pub owner: Owner,
    /// Since when (UTC).
    pub acquired: Timestamp,
    /// The last sign of life (UTC).
    pub heartbeat: Timestamp,
    /// Until when, unless it is renewed (UTC).
    pub expires: Timestamp,
}

impl Lease {
    /// How often a lease is renewed: every 5 s.
    pub const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(5);
    /// How long a lease lasts after its last renewal: 30 s.
    pub const LASTS: SignedDuration = SignedDuration::from_secs(30);

    /// A lease taken now, which lasts for [`LASTS`](Self::LASTS).
    pub fn new(run: RunId, owner: Owner, now: Timestamp) -> Self {
        let expires = now.saturating_add(Self::LASTS).unwrap_or(Timestamp::MAX);
        Self { run, owner, acquired: now, heartbeat: now, expires }
    }

    /// A lease that was written down: for stores that read rows.
    pub fn from_parts(run: RunId, owner: Owner, [acquired, heartbeat, expires]: [Timestamp; 3]) -> Self {
        Self { run, owner, acquired, heartbeat, expires }
    }

    /// Whether its owner still counts as working: it has not expired, and its process is not known to be gone.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires && !self.owner.is_gone()
    }

    /// Whether `other` may have the run: it is the owner itself, or the owner works no longer.
    pub fn yields_to(&self, other: &Owner, now: Timestamp) -> bool {
        self.owner.token == other.token || !self.is_alive(now)
    }
}

/// Leases of runs: what tells a run that goes on from one whose process is gone, and keeps two from working on one.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Leases: Send + Sync + 'static {
    /// Takes a run, or renews the lease of the same owner. `lease` says who, when and until when; a renewed lease
    /// keeps the time at which it was acquired.
    ///
    /// # Errors
    /// [`StoreError::Held`] when another owner works on the run, [`StoreError::NotFound`] when there is no such run.
    async fn acquire(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Gives a run back. Does nothing when another owner has it.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written.
    async fn release(&self, run: RunId, owner: &Owner) -> Result<(), StoreError>;

    /// The lease of a run, alive or not; `None` when nobody has it.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn lease(&self, run: RunId) -> Result<Option<Lease>, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<L: Leases + ?Sized> Leases for Arc<L> {
    async fn acquire(&self, lease: &Lease) -> Result<(), StoreError> {
        (**self).acquire(lease).await
    }

    async fn release(&self, run: RunId, owner: &Owner) -> Result<(), StoreError> {
        (**self).release(run, owner).await
    }

    async fn lease(&self, run: RunId) -> Result<Option<Lease>, StoreError> {
        (**self).lease(run).await
    }
}

fn host() -> String {
    let file = std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned());
    let name = file.ok().filter(|name| !name.is_empty());
    let variable = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    name.or_else(variable).unwrap_or_else(|| "unknown".to_owned())
}

/// When a process began, in ticks since the machine's start; `None` when there is no such process, or no such count.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold spaces and brackets itself.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    // A zombie has ended; only its parent has not looked yet.
    if state == "Z" { None } else { fields.nth(18)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_lease_ends_with_its_time_or_with_its_process() {
        let me = Owner::new();
        let lease = Lease::new(RunId::new(), me.clone(), at(0));
        assert!(lease.is_alive(at(29)) && !lease.is_alive(at(30)));
        assert!(lease.yields_to(&me, at(0)) && !lease.yields_to(&Owner::new(), at(0)));
        let mut gone = lease;
        gone.owner.pid_started = me.pid_started.map(|ticks| ticks + 1);
        assert_eq!(gone.is_alive(at(0)), me.pid_started.is_none(), "another process has the number now");
    }

    #[test]
    fn other_machines_are_trusted_until_the_lease_expires() {
        let stranger = Owner::from_parts("t", "another-machine", 1, Some(1));
        let lease = Lease::new(RunId::new(), stranger, at(0));
        assert!(lease.is_alive(at(29)) && !lease.is_alive(at(31)));
    }
}
