//! The leaderboard.

use axum::Json;
use axum::extract::State;
use eval_core::LeaderboardEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::{ApiError, Envelope};
use crate::openapi::cores;
use crate::query::Parameters;

/// The leaderboard of a data set.
#[derive(Serialize, ToSchema)]
pub(crate) struct Leaderboard {
    #[schema(schema_with = cores::<LeaderboardEntry>)]
    models: Vec<LeaderboardEntry>,
}

/// The latest whole, finished run of each name on one data set, best mean first.
#[utoipa::path(
    get, path = "/api/v1/models", tag = "models",
    params(("dataset" = Option<String>, Query, description = "Default: that of the newest whole, finished run")),
    responses((status = 200, body = Leaderboard), (status = 400, body = Envelope)),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Leaderboard>, ApiError> {
    let dataset = parameters.only(&["dataset"])?.text("dataset");
    Ok(Json(Leaderboard { models: state.store.leaderboard(dataset.as_deref()).await? }))
}
