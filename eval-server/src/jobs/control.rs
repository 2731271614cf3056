//! To pause, cancel and resume what is in the queue, and to delete runs.
//!
//! All of it goes through the store, so that it works from any server on it; the bell only makes it quick where the job
//! is.

pub(crate) mod routes;

use axum::Json;
use axum::http::StatusCode;
use eval_core::server::{Audit as _, AuditEntry, Job, JobQuery, JobState, Jobs as _};
use eval_core::{Run, RunId, RunStatus, StoreError, Timestamp};

use super::pages::not_found;
use super::view::One;
use crate::error::ApiError;
use crate::{AppState, Caller};

/// What somebody wants of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Pause,
    Cancel,
    Resume,
}

impl Wish {
    fn name(self) -> &'static str {
        match self {
            Self::Pause => "job.pause",
            Self::Cancel => "job.cancel",
            Self::Resume => "job.resume",
        }
    }
}

type Changed = (StatusCode, Json<One>);

/// Does what somebody wants of the job of a run.
async fn with_run(state: &AppState, caller: &Caller, id: RunId, wish: Wish) -> Result<Changed, ApiError> {
    let run = state.store.get_run(id).await?;
    let Some(job) = job_of(state, id).await? else { return Err(no_job(&run)) };
    with_job(state, caller, job, wish).await
}

/// The newest job that has begun a run.
pub(crate) async fn job_of(state: &AppState, run: RunId) -> Result<Option<Job>, StoreError> {
    let mut query = JobQuery::default();
    (query.run, query.limit) = (Some(run), 1);
    Ok(state.books.jobs(&query).await?.pop())
}

/// Does what somebody wants of a job, and writes down first that they wanted it.
async fn with_job(state: &AppState, caller: &Caller, job: Job, wish: Wish) -> Result<Changed, ApiError> {
    check(state, &job, wish).await?;
    state.books.record(&AuditEntry::new(&*caller.name, wish.name(), job.id.to_string())).await?;
    let now = Timestamp::now();
    let changed = match wish {
        Wish::Pause => state.books.pause(job.id, now).await?,
        Wish::Cancel => state.books.cancel(job.id, now).await?,
        Wish::Resume => state.books.requeue(job.id).await?,
    };
    let job = changed.ok_or_else(|| not_found(job.id))?;
    settle(state, &job, now).await?;
    state.desk.ring();
    Ok((StatusCode::ACCEPTED, Json(One::new(job))))
}

/// Refuses what makes no sense. To ask for what is so already does.
async fn check(state: &AppState, job: &Job, wish: Wish) -> Result<(), ApiError> {
    let is_fine = match (wish, job.state) {
        (Wish::Pause, JobState::Running) => !job.cancelling,
        (Wish::Pause, JobState::Queued | JobState::Paused) => true,
        (Wish::Cancel, JobState::Done | JobState::Failed) => false,
        (Wish::Cancel, _) => true,
        (Wish::Resume, JobState::Running) => job.pausing,
        (Wish::Resume, JobState::Done) => has_more_to_do(state, job).await?,
        (Wish::Resume, _) => true,
        _ => false,
    };
    if is_fine {
        return Ok(());
    }
    let (what, hint) = match wish {
        Wish::Pause => ("cannot be paused", "only what waits or runs can be"),
        Wish::Cancel => ("cannot be cancelled", "it has ended; DELETE takes a run away"),
        Wish::Resume if job.state == JobState::Running => ("goes on already", "GET it to see how far it is"),
        Wish::Resume => ("has nothing left to do", "POST /api/v1/runs starts new runs"),
    };
    let message = format!("job {} is {} and {what}", job.id, job.state.name());
    Err(ApiError::new(StatusCode::CONFLICT, "job_state", message, hint))
}

/// Whether a run of a job that is done could go on: one that failed or came to a cap.
async fn has_more_to_do(state: &AppState, job: &Job) -> Result<bool, StoreError> {
    for id in &job.runs {
        match state.store.get_run(*id).await {
            Ok(run) if run.can_resume() => return Ok(true),
            Ok(_) | Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Lets the runs of a job that no worker has show what became of it.
async fn settle(state: &AppState, job: &Job, now: Timestamp) -> Result<(), StoreError> {
    let status = match job.state {
        JobState::Cancelled => RunStatus::Cancelled,
        JobState::Paused => RunStatus::Paused,
        _ => return Ok(()),
    };
    for id in &job.runs {
        let mut run = match state.store.get_run(*id).await {
            Err(StoreError::NotFound(_)) => continue,
            run => run?,
        };
        if matches!(run.status, RunStatus::Queued | RunStatus::Paused | RunStatus::Interrupted) {
            (run.status, run.finished) = (status, status.is_end().then(|| now.max(run.started)));
            state.store.put_run(&run).await?;
        }
    }
    Ok(())
}

fn no_job(run: &Run) -> ApiError {
    let message = format!("run {} was not started through this API", run.id);
    let hint = "stop it where it was started; evalctl resume goes on with it";
    ApiError::new(StatusCode::CONFLICT, "no_job", message, hint)
}

/// A run that somebody works on, or that a person holds on to, stays.
fn kept(run: RunId, why: impl std::fmt::Display) -> ApiError {
    let (message, hint) =
        (format!("run {run} stays: {why}"), "cancel it, or take the baseline or the mark away, first");
    ApiError::new(StatusCode::CONFLICT, "run_kept", message, hint)
}
