//! The store in a few numbers.

use axum::Json;
use axum::extract::State;
use eval_core::Stats;
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::ApiError;
use crate::openapi::core;
use crate::query::Parameters;

/// The store in a few numbers.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoreStats {
    /// Runs of every status.
    total_runs: u64,
    /// Evaluations of the runs that have ended.
    total_evaluations: u64,
    /// More of it: runs by status, models, data sets, costs known and unknown.
    #[schema(schema_with = core::<Stats>)]
    stats: Stats,
}

/// The store in a few numbers: runs, evaluations, models, data sets, and what is known of the cost. They are added up from
/// the summaries of runs; no evaluation is read.
#[utoipa::path(
    get, path = "/api/v1/stats", tag = "stats",
    responses((status = 200, body = StoreStats),),
)]
pub(crate) async fn show(State(state): State<AppState>, parameters: Parameters) -> Result<Json<StoreStats>, ApiError> {
    parameters.only(&[])?;
    let stats = state.store.stats().await?;
    let total_runs = stats.runs.values().sum();
    Ok(Json(StoreStats { total_runs, total_evaluations: stats.evaluations.total(), stats }))
}
