//! The leaderboard.

use axum::Json;
use axum::extract::State;
use eval_core::LeaderboardEntry;
use serde::Serialize;

use crate::AppState;
use crate::error::ApiError;
use crate::query::Parameters;

#[derive(Serialize)]
pub(crate) struct Leaderboard {
    models: Vec<LeaderboardEntry>,
}

/// `GET /api/v1/models?dataset=`: the latest whole, finished run of each name on one data set, best mean first.
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Leaderboard>, ApiError> {
    let dataset = parameters.only(&["dataset"])?.text("dataset");
    Ok(Json(Leaderboard { models: state.store.leaderboard(dataset.as_deref()).await? }))
}
