//! Jobs: a page of them, and one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use eval_core::server::{Job, JobId, JobQuery, JobState, Jobs as _};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{One, View};
use crate::AppState;
use crate::error::ApiError;
use crate::query::{Parameters, PathRun, cut};

const EXPECTED_STATE: &str = "one of queued, running, paused, done, failed, cancelled, interrupted";
const EXPECTED_JOB: &str = "the id of a job";

/// A page of jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = JobPage)]
pub(crate) struct Page {
    jobs: Vec<View>,
    /// What `after` takes for the next page; null on the last one.
    #[schema(value_type = Option<Uuid>)]
    next: Option<JobId>,
}

/// Jobs, newest first.
#[utoipa::path(
    get, path = "/api/v1/jobs", tag = "jobs",
    params(
        ("state" = Option<String>, Query, description = "Only jobs in this state"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many a page holds; 50 if not given"),
        ("after" = Option<Uuid>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Page),),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Page>, ApiError> {
    let parameters = parameters.only(&["state", "limit", "after"])?;
    let mut query = JobQuery::default();
    query.state = parameters.value("state", EXPECTED_STATE, JobState::from_name)?;
    query.before = parameters.value("after", EXPECTED_JOB, |id| id.parse().ok())?;
    let limit = parameters.limit()?;
    query.limit = limit + 1;
    let mut jobs = state.books.jobs(&query).await?;
    let more = cut(&mut jobs, limit);
    let next = jobs.last().filter(|_| more).map(|job| job.id);
    Ok(Json(Page { jobs: jobs.into_iter().map(View::from).collect(), next }))
}

/// A job.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")),
    responses((status = 200, body = One),),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    id: PathRun,
    parameters: Parameters,
) -> Result<Json<One>, ApiError> {
    parameters.only(&[])?;
    Ok(Json(One::new(read(&state, job_id(&id)?).await?)))
}

/// The id of the job in the path: a UUID, as that of a run.
pub(super) fn job_id(PathRun(id): &PathRun) -> Result<JobId, ApiError> {
    let id = id.to_string();
    id.parse().map_err(|_| ApiError::bad_parameter("id", &id, EXPECTED_JOB))
}

/// The job of this id.
pub(super) async fn read(state: &AppState, id: JobId) -> Result<Job, ApiError> {
    state.books.job(id).await?.ok_or_else(|| not_found(id))
}

/// There is no such job.
pub(super) fn not_found(id: JobId) -> ApiError {
    let message = format!("there is no job {id}");
    ApiError::new(StatusCode::NOT_FOUND, "job_not_found", message, "GET /api/v1/jobs lists the jobs")
}
