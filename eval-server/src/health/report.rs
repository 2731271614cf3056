//! The server's health for people.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use eval_core::Timestamp;
use eval_core::server::{Condition, JobState};
use serde::Serialize;
use utoipa::ToSchema;

use super::calls::{ModelCalls, by_model};
use crate::AppState;
use crate::error::ApiError;
use crate::query::Parameters;
use crate::schedules::{Brief, brief};

/// How many calls are read at most.
const MOST_CALLS: usize = 5_000;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// How the server and what it stands on are.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerHealth)]
pub(crate) struct Report {
    /// `ok`, or `degraded` when the store cannot be read.
    status: &'static str,
    /// The version of the program.
    version: &'static str,
    /// Seconds since the start.
    #[schema(value_type = i64, minimum = 0)]
    uptime_seconds: u64,
    store: StoreHealth,
    workers: Workers,
    /// What runs by the clock, by name.
    schedules: Vec<Brief>,
    /// The models that were called within the last day, by name: of the newest runs, at most 5,000 calls.
    providers: Vec<ModelCalls>,
}

/// How the store is.
#[derive(Serialize, ToSchema)]
struct StoreHealth {
    /// Whether it could be read.
    reachable: bool,
    /// What it is: sqlite, postgres, memory; null when it cannot be read.
    kind: Option<String>,
    /// The version of its schema; null where it has none.
    schema: Option<String>,
    /// What it takes on its disk, in bytes; null when nobody knows.
    #[schema(value_type = Option<i64>, minimum = 0)]
    bytes: Option<u64>,
}

/// Who makes runs here.
#[derive(Serialize, ToSchema)]
struct Workers {
    /// Whether this server can make runs at all.
    enabled: bool,
    /// Jobs that a worker has, here or elsewhere; null when nobody knows.
    #[schema(value_type = Option<i64>, minimum = 0)]
    running: Option<u64>,
    /// Jobs that wait for a worker; null when nobody knows.
    #[schema(value_type = Option<i64>, minimum = 0)]
    queued: Option<u64>,
}

/// How the server and what it stands on are: its store, its workers, its schedules, and the models as their last calls went.
///
/// It answers with 200 also when the store cannot be read: then `status` is `degraded`.
#[utoipa::path(
    get, path = "/api/v1/health", tag = "health",
    responses((status = 200, description = "How it is", body = Report),),
)]
pub(crate) async fn report(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Report>, ApiError> {
    parameters.only(&[])?;
    let now = Timestamp::now();
    let ago = |time: Duration| now.checked_sub(time).unwrap_or(Timestamp::UNIX_EPOCH);
    let condition = known("its condition", state.books.condition().await);
    let tally = known("what it keeps", state.books.tally().await);
    let attempts = known("its calls", state.books.latest_attempts(ago(DAY), MOST_CALLS).await).unwrap_or_default();
    let jobs = |wanted| tally.as_ref().map(|tally| tally.jobs.get(&wanted).copied().unwrap_or(0));
    Ok(Json(Report {
        status: if condition.is_some() { "ok" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: state.pulse.uptime().as_secs(),
        workers: Workers {
            enabled: state.runner.is_some(),
            running: jobs(JobState::Running),
            queued: jobs(JobState::Queued),
        },
        schedules: brief(&state).await,
        store: StoreHealth::of(condition),
        providers: by_model(&attempts, ago(HOUR)),
    }))
}

impl StoreHealth {
    fn of(condition: Option<Condition>) -> Self {
        match condition {
            None => Self { reachable: false, kind: None, schema: None, bytes: None },
            Some(found) => Self { reachable: true, kind: Some(found.kind), schema: found.schema, bytes: found.bytes },
        }
    }
}

/// What could be read.
fn known<T>(what: &str, read: Result<T, eval_core::StoreError>) -> Option<T> {
    read.inspect_err(|error| {
        tracing::warn!(error = error as &dyn std::error::Error, "the store does not say {what}");
    })
    .ok()
}
