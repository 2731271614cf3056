//! Jobs, as workers see them.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Beat, Job, JobEnd, JobId};
use crate::{Owner, RunId, StoreError, Timestamp};

/// What becomes of a job whose worker is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Who claims next takes it over, before any job that waits.
    Resume,
    /// It becomes [`Interrupted`](super::JobState::Interrupted), until a person lets it go on.
    Interrupt,
}

/// Who wants a job, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The worker.
    pub owner: Owner,
    /// The time (UTC).
    pub now: Timestamp,
    /// What becomes of jobs whose workers are gone.
    pub lost: Lost,
}

impl Claim {
    /// A claim of this worker.
    pub fn new(owner: Owner, now: Timestamp, lost: Lost) -> Self {
        Self { owner, now, lost }
    }
}

/// Whose turn it is. The least of all is next: the submitter with the fewest jobs running; of equals the one that was
/// served the longest ago, or never; of these the one whose first job waits the longest.
///
/// ```
/// use eval_core::server::{JobId, Turn};
/// let [first, second] = [JobId::new(), JobId::new()];
/// let busy = Turn { running: 1, served: None, first };
/// assert!(Turn { running: 0, served: None, first: second } < busy);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// Jobs of the submitter that are running.
    pub running: u64,
    /// When a worker last took a job of the submitter (UTC).
    pub served: Option<Timestamp>,
    /// The submitter's job that waits the longest.
    pub first: JobId,
}

/// Jobs, as workers see them: taken under a lease, kept by signs of life (every
/// [`Lease::HEARTBEAT`](crate::Lease::HEARTBEAT)), and left with how they ended. Two workers never have the same job.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait JobQueue: Send + Sync + 'static {
    /// Takes a job. A worker has one at a time: who has one already gets the same again. Else it is one whose worker is
    /// gone, where those are resumed; else the first one of whose [`Turn`] it is. `None` when nothing waits.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn claim(&self, claim: &Claim) -> Result<Option<Job>, StoreError>;

    /// A sign of life, with the runs that were begun, as [`Job::beat`] says.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored; the worker may go on until its right has expired.
    async fn heartbeat(&self, id: JobId, owner: &Owner, now: Timestamp, runs: &[RunId]) -> Result<Beat, StoreError>;

    /// Leaves a job, as [`Job::finish`] says; `false` when it was no longer the worker's, and then nothing changes.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn finish(&self, id: JobId, owner: &Owner, end: &JobEnd, now: Timestamp) -> Result<bool, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: JobQueue + ?Sized> JobQueue for Arc<S> {
    async fn claim(&self, claim: &Claim) -> Result<Option<Job>, StoreError> {
        (**self).claim(claim).await
    }

    async fn heartbeat(&self, id: JobId, owner: &Owner, now: Timestamp, runs: &[RunId]) -> Result<Beat, StoreError> {
        (**self).heartbeat(id, owner, now, runs).await
    }

    async fn finish(&self, id: JobId, owner: &Owner, end: &JobEnd, now: Timestamp) -> Result<bool, StoreError> {
        (**self).finish(id, owner, end, now).await
    }
}
