//! Schedules: what comes next, what became of the last one, and run now.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use eval_core::Timestamp;
use eval_core::server::{AuditEntry, Job, JobId};
use serde::Serialize;
use utoipa::ToSchema;

use super::schedule::due_time;
use super::scheduler::{Started, jobs};
use super::{Schedule, Schedules, Skipped};
use crate::error::{ApiError, Envelope};
use crate::jobs::submit::full;
use crate::query::{Parameters, PathText};
use crate::{AppState, Caller};

/// A schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
pub(crate) struct View {
    name: String,
    /// Minute, hour, day of the month, month, day of the week, on the clock on the wall of the zone.
    cron: String,
    zone: String,
    /// What becomes of missed times: `once` or `skip`.
    missed: &'static str,
    models: Vec<String>,
    dataset: String,
    /// The time that comes next; null when none does within four years.
    #[schema(value_type = Option<String>, format = DateTime)]
    next: Option<Timestamp>,
    /// Its newest job.
    last: Option<Last>,
    /// The last time that was left out since the server began.
    skipped: Option<Left>,
}

/// What a schedule did last and does next.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleHealth)]
pub(crate) struct Brief {
    name: String,
    /// The time that comes next; null when none does within four years.
    #[schema(value_type = Option<String>, format = DateTime)]
    next: Option<Timestamp>,
    /// Its newest job; null when it never ran, or when the store cannot be read.
    last: Option<Last>,
}

/// What each schedule did last and does next, by name.
pub(crate) async fn brief(state: &AppState) -> Vec<Brief> {
    let mut all = Vec::new();
    let Some(schedules) = &state.schedules else { return all };
    for schedule in schedules.all.values() {
        let jobs = jobs(schedule, &*state.books).await.inspect_err(|error| {
            tracing::warn!(error = error as &dyn std::error::Error, "the store does not say what a schedule did");
        });
        let last = jobs.ok().and_then(|jobs| jobs.first().map(Last::from));
        all.push(Brief { name: schedule.name.clone(), next: schedules.state(schedule).0, last });
    }
    all
}

/// A job of a schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduledJob)]
struct Last {
    #[schema(value_type = Uuid)]
    job: JobId,
    /// The time it was made for; null when somebody wanted it.
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<Timestamp>,
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    submitted: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended: Option<Timestamp>,
    /// Why it was not done.
    error: Option<String>,
}

impl From<&Job> for Last {
    fn from(job: &Job) -> Self {
        let (state, submitted, ended) = (job.state.name(), job.submitted, job.ended);
        Self { job: job.id, due: due_time(job), state, submitted, ended, error: job.error.clone() }
    }
}

/// A time at which nothing was run.
#[derive(Serialize, ToSchema)]
#[schema(as = SkippedTime)]
struct Left {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    why: String,
}

impl From<Skipped> for Left {
    fn from(Skipped { at, why }: Skipped) -> Self {
        Self { at, why }
    }
}

/// All schedules.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedules)]
pub(crate) struct All {
    schedules: Vec<View>,
}

/// The schedules, by name.
#[utoipa::path(
    get, path = "/api/v1/schedules", tag = "schedules",
    responses((status = 200, body = All),),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<All>, ApiError> {
    parameters.only(&[])?;
    let mut views = Vec::new();
    if let Some(schedules) = &state.schedules {
        for schedule in schedules.all.values() {
            views.push(view(&state, schedules, schedule).await?);
        }
    }
    Ok(Json(All { schedules: views }))
}

async fn view(state: &AppState, schedules: &Schedules, schedule: &Schedule) -> Result<View, ApiError> {
    let (next, skipped) = schedules.state(schedule);
    let jobs = jobs(schedule, &*state.books).await?;
    Ok(View {
        name: schedule.name.clone(),
        cron: schedule.cron.expression().to_owned(),
        zone: schedule.cron.zone().to_owned(),
        missed: schedule.missed.name(),
        models: schedule.request.models.clone(),
        dataset: schedule.request.spec.dataset.clone(),
        next,
        last: jobs.first().map(Last::from),
        skipped: skipped.map(Left::from),
    })
}

/// A job that was submitted.
#[derive(Serialize, ToSchema)]
#[schema(as = SubmittedJob)]
pub(crate) struct Submitted {
    #[schema(value_type = Uuid)]
    job: JobId,
}

/// Submits the job of a schedule now, beside its times.
#[utoipa::path(
    post, path = "/api/v1/schedules/{name}/run", tag = "schedules",
    params(("name" = String, Path, description = "The schedule")),
    responses(
        (status = 202, body = Submitted),
        (status = 409, description = "a job of the schedule still goes on", body = Envelope),
        (status = 503, description = "as many jobs wait as may, or the database is not available", body = Envelope),
    ),
)]
pub(crate) async fn run(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    PathText(name): PathText,
    parameters: Parameters,
) -> Result<(StatusCode, Json<Submitted>), ApiError> {
    parameters.only(&[])?;
    let unknown =
        || ApiError::not_found("schedule_not_found", "there is no such schedule", "GET /api/v1/schedules lists them");
    let schedules = state.schedules.as_ref().ok_or_else(unknown)?;
    let schedule = schedules.all.get(&name).ok_or_else(unknown)?;
    match schedules.run_now(schedule, &*state.books).await? {
        Started::Job(job) => {
            let entry = AuditEntry::new(caller.name, "schedule.run", name).detail("job", job.to_string());
            state.books.record(&entry).await?;
            Ok((StatusCode::ACCEPTED, Json(Submitted { job })))
        }
        Started::Busy(job) => Err(ApiError::schedule_busy(&job)),
        Started::Full => Err(full()),
    }
}
