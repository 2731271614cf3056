//! The runs of a model over a data set.

use axum::Json;
use axum::extract::State;
use eval_core::{Counts, Estimate, HistoryQuery, Latency, Money, Run, RunId, Timestamp, Total};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::ApiError;
use crate::openapi::maybe;
use crate::query::{EXPECTED_RUN, Parameters, PathModel, cut};
use crate::references;

/// A page of a history.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelHistory {
    /// The name.
    name: String,
    /// The data set.
    dataset: String,
    /// Newest first.
    runs: Vec<HistoryRun>,
    /// What `after` takes for the next page; null on the last one.
    #[schema(value_type = Option<Uuid>)]
    next: Option<RunId>,
}

/// A run of a history in figures.
#[derive(Serialize, ToSchema)]
struct HistoryRun {
    /// The run.
    #[schema(value_type = Uuid)]
    run: RunId,
    /// When it began (UTC).
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The mean score with its 95 % interval, from 0 to 1; null when nothing was scored.
    #[schema(schema_with = maybe::<Estimate>)]
    score: Option<Estimate>,
    /// How its questions ended.
    #[schema(schema_with = maybe::<Counts>)]
    counts: Option<Counts>,
    /// What its answers cost, in nano-dollars.
    #[schema(schema_with = maybe::<Total<Money>>)]
    cost: Option<Total<Money>>,
    /// What its judges cost, in nano-dollars.
    #[schema(schema_with = maybe::<Total<Money>>)]
    judge_cost: Option<Total<Money>>,
    /// How long answers took.
    #[schema(schema_with = maybe::<Latency>)]
    latency: Option<Latency>,
    /// The commit of git, where it is known.
    commit: Option<String>,
    /// The fingerprint of the data set.
    fingerprint: String,
}

impl From<Run> for HistoryRun {
    fn from(run: Run) -> Self {
        let summary = run.summary.as_ref();
        Self {
            run: run.id,
            at: run.started,
            score: run.score().copied(),
            counts: summary.map(|summary| summary.counts),
            cost: summary.map(|summary| summary.cost),
            judge_cost: summary.map(|summary| summary.judge_cost),
            latency: summary.and_then(|summary| summary.latency),
            commit: run.provenance.git_commit.clone(),
            fingerprint: run.dataset.fingerprint,
        }
    }
}

/// The whole, finished runs of a model over a data set, newest first, in figures.
#[utoipa::path(
    get, path = "/api/v1/history/{model}", tag = "drift",
    params(
        ("model" = String, Path, description = "The name of the model's runs"),
        ("dataset" = Option<String>, Query, description = "The data set; if not given, that of the newest whole, finished run"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many a page holds; 50 if not given"),
        ("after" = Option<Uuid>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = ModelHistory),),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    PathModel(name): PathModel,
    parameters: Parameters,
) -> Result<Json<ModelHistory>, ApiError> {
    let parameters = parameters.only(&["dataset", "limit", "after"])?;
    let (limit, after) = (parameters.limit()?, parameters.value("after", EXPECTED_RUN, |id| id.parse().ok())?);
    let newest = references::newest(&*state.store, &name, parameters.text("dataset").as_deref()).await?;
    let dataset = newest.dataset.name;
    let mut query = HistoryQuery::new(&name, &dataset);
    (query.before, query.limit) = (after, limit + 1);
    let mut runs = state.store.history(&query).await?;
    let more = cut(&mut runs, limit);
    let next = runs.last().filter(|_| more).map(|run| run.id);
    Ok(Json(ModelHistory { name, dataset, runs: runs.into_iter().map(HistoryRun::from).collect(), next }))
}
