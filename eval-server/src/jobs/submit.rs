//! Runs that somebody wants.

mod request;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use eval_core::server::{Audit as _, AuditEntry, Idempotency, Job, JobId, JobQuery, JobState, Jobs as _, Submitted};
use eval_core::{RunError, StoreError, error_chain};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::Body;
use crate::error::ApiError;
use crate::query::Parameters;
use crate::{AppState, Caller};
use request::NewRuns;

/// The most characters of an `Idempotency-Key`.
const KEY_CHARS: usize = 255;

/// What was asked for will be done. The same request under the same key gets the same answer, whatever became of the job
/// by then.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    #[schema(value_type = Uuid)]
    job: JobId,
    /// Where the job is: its state, and its runs as soon as they begin.
    url: String,
}

impl Accepted {
    fn response(job: JobId) -> Response {
        let url = format!("/api/v1/jobs/{job}");
        (StatusCode::ACCEPTED, [(header::LOCATION, url.clone())], Json(Self { job, url })).into_response()
    }
}

/// Starts runs in the background: one for each model, over one data set.
///
/// The job is durable: it survives a restart of the server. A client that does not know whether its request came through
/// sends it again with the same `Idempotency-Key`.
#[utoipa::path(
    post, path = "/api/v1/runs", tag = "runs",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters; one key is one job of a caller")),
    request_body = NewRuns,
    responses(
        (status = 202, body = Accepted, headers(("Location" = String, description = "The job"))),
    ),
)]
pub(crate) async fn start(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    parameters: Parameters,
    Body(body): Body<NewRuns>,
) -> Result<Response, ApiError> {
    parameters.only(&[])?;
    submit(&state, &caller, &headers, body).await
}

/// The same as `POST /api/v1/runs`.
#[utoipa::path(
    post, path = "/api/v1/run-evaluation", tag = "runs",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters; one key is one job of a caller")),
    request_body = NewRuns,
    responses(
        (status = 202, body = Accepted, headers(("Location" = String, description = "The job"))),
    ),
)]
pub(crate) async fn run_evaluation(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    parameters: Parameters,
    Body(body): Body<NewRuns>,
) -> Result<Response, ApiError> {
    parameters.only(&[])?;
    submit(&state, &caller, &headers, body).await
}

async fn submit(state: &AppState, caller: &Caller, headers: &HeaderMap, body: NewRuns) -> Result<Response, ApiError> {
    let key = key(headers)?;
    let job = checked(state, caller, body).await?;
    let job = match key {
        // What is asked for, and not how it is spelled.
        Some(key) => {
            let asked = serde_json::to_string(&job.request).unwrap_or_default();
            job.idempotent(Idempotency::of(key, &asked))
        }
        None => job,
    };
    match let_in(state, &job).await? {
        Submitted::New => {
            audit(state, caller, &job).await;
            Ok(Accepted::response(job.id))
        }
        Submitted::Known(known) => Ok(Accepted::response(known.id)),
        Submitted::Conflict(other) => {
            let message = format!("the Idempotency-Key came before with another body, for job {other}");
            let hint = "take a new key for a new request";
            Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", message, hint))
        }
        _ => Err(full()),
    }
}

/// The job of a request, if it could be done.
async fn checked(state: &AppState, caller: &Caller, body: NewRuns) -> Result<Job, ApiError> {
    let runner = state.runner.as_ref().ok_or_else(no_runner)?;
    let request = body.into_request()?;
    if let Some(callback) = &request.callback {
        let hint = "leave callback_url out, or give the URL of a public receiver to a server that signs callbacks";
        let unfit = |error| refused(format!("callback_url: {}", error_chain(&error)), hint);
        state.check_callback(callback).await.map_err(unfit)?;
    }
    match runner.check(&request).await {
        Ok(()) => Ok(Job::new(caller.name.clone(), request)),
        Err(RunError::Store(error)) => Err(error.into()),
        Err(error) => Err(told(&error.to_string())),
    }
}

/// Queues a job, unless its submitter has as many as one may have. Submitters come in one at a time, so that no crowd of
/// requests slips past the count.
async fn let_in(state: &AppState, job: &Job) -> Result<Submitted, ApiError> {
    let _door = state.desk.door().await;
    if has_enough(state, &job.submitter).await? {
        // Where nothing may wait nothing is queued, and a request that came before is known all the same.
        return match state.books.submit(job, 0).await? {
            Submitted::Full => Err(enough(state.limits.of_caller)),
            known => Ok(known),
        };
    }
    let submitted = state.books.submit(job, state.limits.queued).await?;
    state.desk.ring();
    Ok(submitted)
}

/// Whether as many jobs of this submitter wait and run as may.
async fn has_enough(state: &AppState, submitter: &str) -> Result<bool, StoreError> {
    let mut jobs = 0;
    for job_state in [JobState::Queued, JobState::Running] {
        let mut query = JobQuery::default();
        (query.state, query.submitter) = (Some(job_state), Some(submitter.to_owned()));
        query.limit = state.limits.of_caller.saturating_sub(jobs);
        jobs += state.books.jobs(&query).await?.len();
    }
    Ok(jobs >= state.limits.of_caller)
}

/// The job itself says who wants it, so a log in trouble does not take it back.
async fn audit(state: &AppState, caller: &Caller, job: &Job) {
    let entry = AuditEntry::new(&*caller.name, "job.submit", job.id.to_string());
    let entry = entry.detail("models", job.request.models.join(" ")).detail("dataset", &*job.request.spec.dataset);
    if let Err(error) = state.books.record(&entry).await {
        tracing::error!(%error, job = %job.id, who = caller.name, "a job that was submitted is not in the audit log");
    }
}

/// The key that tells the same request, sent again.
fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    if (1..=KEY_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(text.to_owned()));
    }
    let message = "the Idempotency-Key cannot be understood";
    Err(ApiError::new(StatusCode::BAD_REQUEST, "bad_key", message, "send 1 to 255 visible ASCII characters"))
}

/// The body can be read, and asks for something that cannot be.
/// What is wrong and what to do, in a line each, by the lines of an error.
fn told(error: &str) -> ApiError {
    let (hints, said): (Vec<&str>, Vec<&str>) =
        error.lines().map(str::trim).partition(|line| line.starts_with("hint: "));
    let hint = hints.first().map_or("nothing was started", |hint| &hint["hint: ".len()..]);
    refused(said.join("; "), hint)
}

fn refused(message: impl Into<String>, hint: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", message, hint)
}

fn no_runner() -> ApiError {
    let hint = "start runs with evalctl run, or on a server that was started with models";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "no_runner", "this server makes no runs", hint)
}

fn enough(most: usize) -> ApiError {
    let message = format!("{most} jobs of yours wait or run, which is as many as may");
    let hint = "wait until one has ended, or cancel one";
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_jobs", message, hint).retry_after(30)
}

pub(crate) fn full() -> ApiError {
    let (message, hint) = ("as many jobs wait as may", "ask again in a minute");
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "queue_full", message, hint).retry_after(60)
}
