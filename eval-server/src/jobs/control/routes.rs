//! The routes.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use eval_core::RunStatus;
use eval_core::server::{Audit as _, AuditEntry, Deletes as _, Deletion};

use super::{Changed, Wish, job_of, kept, with_job, with_run};
use crate::error::{ApiError, Envelope};
use crate::jobs::pages::{job_id, read};
use crate::jobs::view::One;
use crate::query::{Parameters, PathRun};
use crate::{AppState, Caller};

/// Pauses the job of a run, with all its runs: no new question is asked, those in flight finish, and the runs stay
/// `paused` until they are resumed.
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/pause", tag = "runs",
    params(("id" = Uuid, Path, description = "The run")),
    responses((status = 202, body = One), (status = 409, body = Envelope)),
)]
pub(crate) async fn pause_run(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    PathRun(run): PathRun,
    parameters: Parameters,
) -> Result<Changed, ApiError> {
    parameters.only(&[])?;
    with_run(&state, &caller, run, Wish::Pause).await
}

/// Cancels the job of a run, with all its runs. What was finished is kept, and `resume` goes on with it.
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/cancel", tag = "runs",
    params(("id" = Uuid, Path, description = "The run")),
    responses((status = 202, body = One), (status = 409, body = Envelope)),
)]
pub(crate) async fn cancel_run(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    PathRun(run): PathRun,
    parameters: Parameters,
) -> Result<Changed, ApiError> {
    parameters.only(&[])?;
    with_run(&state, &caller, run, Wish::Cancel).await
}

/// Goes on with the job of a run: with what is paused, interrupted, cancelled, failed or came to a cap. What stands is not
/// asked again.
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/resume", tag = "runs",
    params(("id" = Uuid, Path, description = "The run")),
    responses((status = 202, body = One), (status = 409, body = Envelope)),
)]
pub(crate) async fn resume_run(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    PathRun(run): PathRun,
    parameters: Parameters,
) -> Result<Changed, ApiError> {
    parameters.only(&[])?;
    with_run(&state, &caller, run, Wish::Resume).await
}

/// Pauses a job: no new question is asked, those in flight finish, and its runs stay `paused` until they are resumed.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/pause", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")),
    responses((status = 202, body = One), (status = 409, body = Envelope)),
)]
pub(crate) async fn pause_job(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    id: PathRun,
    parameters: Parameters,
) -> Result<Changed, ApiError> {
    parameters.only(&[])?;
    let job = read(&state, job_id(&id)?).await?;
    with_job(&state, &caller, job, Wish::Pause).await
}

/// Cancels a job. What its runs have finished is kept, and `resume` goes on with it.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")),
    responses((status = 202, body = One), (status = 409, body = Envelope)),
)]
pub(crate) async fn cancel_job(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    id: PathRun,
    parameters: Parameters,
) -> Result<Changed, ApiError> {
    parameters.only(&[])?;
    let job = read(&state, job_id(&id)?).await?;
    with_job(&state, &caller, job, Wish::Cancel).await
}

/// Goes on with a job: with what is paused, interrupted, cancelled, failed or came to a cap.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/resume", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")),
    responses((status = 202, body = One), (status = 409, body = Envelope)),
)]
pub(crate) async fn resume_job(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    id: PathRun,
    parameters: Parameters,
) -> Result<Changed, ApiError> {
    parameters.only(&[])?;
    let job = read(&state, job_id(&id)?).await?;
    with_job(&state, &caller, job, Wish::Resume).await
}

/// Deletes a run with all that belongs to it. One that goes on or waits stays, and so does one that a person blessed or
/// marked.
#[utoipa::path(
    delete, path = "/api/v1/runs/{id}", tag = "runs",
    params(("id" = Uuid, Path, description = "The run")),
    responses((status = 204, description = "It is gone"), (status = 409, body = Envelope)),
)]
pub(crate) async fn delete_run(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    PathRun(id): PathRun,
    parameters: Parameters,
) -> Result<StatusCode, ApiError> {
    parameters.only(&[])?;
    let run = state.store.get_run(id).await?;
    if run.status == RunStatus::Paused {
        return Err(kept(id, "it is paused"));
    }
    if job_of(&state, id).await?.is_some_and(|job| !job.state.is_end()) {
        return Err(kept(id, "its job waits or goes on"));
    }
    let entry = AuditEntry::new(&*caller.name, "run.delete", id.to_string());
    let entry = entry.detail("name", run.name).detail("dataset", run.dataset.name);
    state.books.record(&entry).await?;
    match state.books.delete(id).await? {
        Deletion::Deleted(_) => Ok(StatusCode::NO_CONTENT),
        end => {
            // The wish stands in the log already, since nothing is deleted before it does.
            let why = if let Deletion::Kept(why) = end { why.to_string() } else { "it is protected".to_owned() };
            let refused = AuditEntry::new(caller.name, "run.delete.refused", id.to_string()).detail("why", &*why);
            state.books.record(&refused).await?;
            Err(kept(id, why))
        }
    }
}
