//! Jobs, as those see them who want them done.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Job, JobId, JobState};
use crate::{RunId, StoreError, Timestamp};

/// What became of a job that was submitted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Submitted {
    /// It is queued.
    New,
    /// The same request came before; this is its job, and no other was made.
    Known(Box<Job>),
    /// The key came before with another body; this is the job that has it.
    Conflict(JobId),
    /// As many jobs are queued as may be.
    Full,
}

impl Submitted {
    /// What becomes of a job when another one of its submitter has its key.
    pub fn again(job: &Job, known: Job) -> Self {
        match known.idempotency == job.idempotency {
            true => Self::Known(known.into()),
            false => Self::Conflict(known.id),
        }
    }
}

/// Which jobs are wanted. The default is the newest 50.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct JobQuery {
    /// Only jobs in this state.
    pub state: Option<JobState>,
    /// Only jobs of this submitter.
    pub submitter: Option<String>,
    /// Only jobs that have begun this run.
    pub run: Option<RunId>,
    /// Only jobs older than this one: the cursor, for the next page the last id of the page before.
    pub before: Option<JobId>,
    /// At most so many. Default 50.
    pub limit: usize,
}

impl Default for JobQuery {
    fn default() -> Self {
        Self { state: None, submitter: None, run: None, before: None, limit: 50 }
    }
}

impl JobQuery {
    /// Whether a job is wanted, cursor included.
    pub fn matches(&self, job: &Job) -> bool {
        self.state.is_none_or(|state| state == job.state)
            && self.submitter.as_ref().is_none_or(|submitter| *submitter == job.submitter)
            && self.run.is_none_or(|run| job.runs.contains(&run))
            && self.before.is_none_or(|before| job.id < before)
    }
}

/// Jobs, as those see them who want them done. Workers see a [`JobQueue`](super::JobQueue).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Jobs: Send + Sync + 'static {
    /// Queues a job, unless its submitter used the same [`Idempotency`](super::Idempotency) key before or `most` jobs
    /// are queued already. Of any number of equal requests at the same time one makes a job. To repeat a call with the
    /// same job changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn submit(&self, job: &Job, most: usize) -> Result<Submitted, StoreError>;

    /// Cancels a job as [`Job::cancel`] says, and gives what it is then; `None` when there is no such job.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn cancel(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError>;

    /// Lets a job wait as [`Job::pause`] says, and gives what it is then; `None` when there is no such job.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn pause(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError>;

    /// Lets a job go on as [`Job::requeue`] says, and gives what it is then; `None` when there is no such job.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn requeue(&self, id: JobId) -> Result<Option<Job>, StoreError>;

    /// The job of this id.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError>;

    /// The jobs wanted, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn jobs(&self, query: &JobQuery) -> Result<Vec<Job>, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Jobs + ?Sized> Jobs for Arc<S> {
    async fn submit(&self, job: &Job, most: usize) -> Result<Submitted, StoreError> {
        (**self).submit(job, most).await
    }

    async fn cancel(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError> {
        (**self).cancel(id, now).await
    }

    async fn pause(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError> {
        (**self).pause(id, now).await
    }

    async fn requeue(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        (**self).requeue(id).await
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        (**self).job(id).await
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Vec<Job>, StoreError> {
        (**self).jobs(query).await
    }
}
