//! The leaderboard.

use axum::Json;
use axum::extract::State;
use eval_core::{LeaderboardEntry, Money, Run, Total};
use eval_drift::{Place, Ranking, SettingApart};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::ApiError;
use crate::openapi::{core, cores, maybe};
use crate::query::Parameters;

/// The leaderboard of a data set.
#[derive(Serialize, ToSchema)]
pub(crate) struct Leaderboard {
    models: Vec<Model>,
}

/// A line of the leaderboard.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaderboardModel)]
struct Model {
    /// The latest whole, finished run of the name. Its summary has score, counts, latency and costs.
    #[schema(schema_with = core::<Run>)]
    run: Run,
    /// Whether so many questions failed that the score says little about the model.
    unreliable: bool,
    /// The ranks that it could have, as far as the 95 % intervals tell; null for a model that is unreliable, was asked or
    /// graded otherwise than most, or has no score.
    ranks: Option<Ranks>,
    /// What sets it apart from most of the others: then their scores say as much of that as of the models.
    #[schema(schema_with = cores::<SettingApart>)]
    apart: Vec<SettingApart>,
    /// What the run cost, answers and judges together, in nano-dollars.
    #[schema(schema_with = maybe::<Total<Money>>)]
    cost: Option<Total<Money>>,
}

/// Ranks from the best to the worst that are possible, from 1.
#[derive(Serialize, ToSchema)]
struct Ranks {
    /// The best.
    best: usize,
    /// The worst.
    worst: usize,
}

/// The latest whole, finished run of each name on one data set, best mean first.
#[utoipa::path(
    get, path = "/api/v1/models", tag = "models",
    params(("dataset" = Option<String>, Query, description = "Default: that of the newest whole, finished run")),
    responses((status = 200, body = Leaderboard),),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Leaderboard>, ApiError> {
    let dataset = parameters.only(&["dataset"])?.text("dataset");
    let entries = state.store.leaderboard(dataset.as_deref()).await?;
    let places = Ranking::of(&entries).places;
    Ok(Json(Leaderboard {
        models: entries.into_iter().zip(places).map(|(entry, place)| model(entry, place)).collect(),
    }))
}

fn model(LeaderboardEntry { run, unreliable, .. }: LeaderboardEntry, place: Place) -> Model {
    let cost = run.summary.as_ref().map(|summary| {
        let mut both = summary.cost;
        both += summary.judge_cost;
        both
    });
    let ranks = place.ranks.map(|(best, worst)| Ranks { best, worst });
    Model { run: run.without_folders(), unreliable, ranks, apart: place.apart, cost }
}
