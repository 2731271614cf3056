//! A job, as callers see it: without keys, machines, folders and addresses.

use eval_core::server::{Job, JobId};
use eval_core::{RunId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// Whole runs that are to be made, and how far that has come.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(super) struct View {
    #[schema(value_type = Uuid)]
    id: JobId,
    /// queued, running, paused, done, failed, cancelled or interrupted.
    state: &'static str,
    /// Whether its worker was asked to cancel or pause it and has not stopped yet.
    stopping: bool,
    /// Who wants it.
    submitter: String,
    /// One run each.
    models: Vec<String>,
    /// The name in histories; null for the model's.
    name: Option<String>,
    /// The data set.
    dataset: String,
    /// The judges; empty for the host's default.
    judges: Vec<String>,
    /// Repeats of the data set.
    epochs: u32,
    /// The runs that were begun: each stands here before its first question is asked.
    #[schema(value_type = Vec<Uuid>)]
    runs: Vec<RunId>,
    /// Why it was not done.
    error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    submitted: Timestamp,
    /// When a worker last took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    claimed: Option<Timestamp>,
    /// When it ended, or was paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended: Option<Timestamp>,
}

impl From<Job> for View {
    fn from(job: Job) -> Self {
        Self {
            id: job.id,
            state: job.state.name(),
            stopping: job.cancelling || job.pausing,
            submitter: job.submitter,
            models: job.request.models,
            name: job.request.name,
            dataset: job.request.spec.dataset,
            judges: job.request.spec.judges,
            epochs: job.request.epochs,
            runs: job.runs,
            error: job.error,
            submitted: job.submitted,
            claimed: job.claimed,
            ended: job.ended,
        }
    }
}

/// One job.
#[derive(Serialize, ToSchema)]
#[schema(as = OneJob)]
pub(crate) struct One {
    pub(super) job: View,
}

impl One {
    pub(super) fn new(job: Job) -> Self {
        Self { job: job.into() }
    }
}
