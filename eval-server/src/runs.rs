//! Runs: a page of them, and one.

use axum::Json;
use axum::extract::State;
use eval_core::{HistoryQuery, PromptTokens, Run, RunId, RunQuery, RunStatus, ServedSummary};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::ApiError;
use crate::openapi::{core, cores};
use crate::query::{EXPECTED_RUN, Parameters, PathRun, cut};

const EXPECTED_STATUS: &str = "one of queued, running, paused, interrupted, cancelled, capped, failed, finished";

/// A page of runs.
#[derive(Serialize, ToSchema)]
#[schema(as = RunPage)]
pub(crate) struct Page {
    #[schema(schema_with = cores::<Run>)]
    runs: Vec<Run>,
    /// What `after` takes for the next page; null on the last one.
    #[schema(value_type = Option<Uuid>)]
    next: Option<RunId>,
}

/// Runs, newest first.
#[utoipa::path(
    get, path = "/api/v1/runs", tag = "runs",
    params(
        ("model" = Option<String>, Query, description = "Only runs of this model, or of this name"),
        ("dataset" = Option<String>, Query, description = "Only runs over this data set"),
        ("status" = Option<String>, Query, description = "Only runs of this status"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many a page holds; 50 if not given"),
        ("after" = Option<Uuid>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Page),),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Page>, ApiError> {
    let query = query(parameters)?;
    let limit = query.limit - 1;
    let mut runs = state.store.list_runs(&query).await?;
    let more = cut(&mut runs, limit);
    let next = runs.last().filter(|_| more).map(|run| run.id);
    let runs = runs.into_iter().map(Run::without_folders).collect();
    Ok(Json(Page { runs, next }))
}

/// The query, which reads one run more than the page holds to know whether there is a next one.
fn query(parameters: Parameters) -> Result<RunQuery, ApiError> {
    let parameters = parameters.only(&["model", "dataset", "status", "limit", "after"])?;
    let mut query = RunQuery::default();
    query.model = parameters.text("model");
    query.dataset = parameters.text("dataset");
    query.status = parameters.value("status", EXPECTED_STATUS, RunStatus::from_name)?;
    query.before = parameters.value("after", EXPECTED_RUN, |id| id.parse().ok())?;
    query.limit = parameters.limit()? + 1;
    Ok(query)
}

/// One run, with who answered.
#[derive(Serialize, ToSchema)]
#[schema(as = OneRun)]
pub(crate) struct One {
    #[schema(schema_with = core::<Run>)]
    run: Run,
    /// What really answered.
    #[schema(schema_with = core::<ServedSummary>)]
    served: ServedSummary,
    /// The prompt tokens beside those of the run before; null where there is none that was prompted alike.
    prompt_tokens: Option<Beside>,
    /// What a person should know of who answered, a sentence each.
    notes: Vec<String>,
}

/// The prompt tokens of a run beside those of another.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptTokensBeside)]
struct Beside {
    /// The other run.
    #[schema(value_type = Uuid)]
    against: RunId,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    tokens: PromptTokens,
}

/// A run: its summary by category, who really answered, its prompt tokens beside those of the run before.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}", tag = "runs",
    params(("id" = Uuid, Path, description = "The run")),
    responses((status = 200, body = One),),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    PathRun(id): PathRun,
    parameters: Parameters,
) -> Result<Json<One>, ApiError> {
    parameters.only(&[])?;
    Ok(Json(one(&state, id).await?))
}

/// The same as `GET /api/v1/runs/{id}`.
#[utoipa::path(
    get, path = "/api/v1/run/{id}", tag = "runs",
    params(("id" = Uuid, Path, description = "The run")),
    responses((status = 200, body = One),),
)]
pub(crate) async fn show_alias(
    State(state): State<AppState>,
    PathRun(id): PathRun,
    parameters: Parameters,
) -> Result<Json<One>, ApiError> {
    parameters.only(&[])?;
    Ok(Json(one(&state, id).await?))
}

async fn one(state: &AppState, id: RunId) -> Result<One, ApiError> {
    let run = state.store.get_run(id).await?;
    let served = state.store.served(id).await?;
    let prompt_tokens = beside(state, &run).await?;
    let mut notes = served.words();
    notes.extend(prompt_tokens.as_ref().and_then(|beside| beside.tokens.words()));
    Ok(One { run: run.without_folders(), served, prompt_tokens, notes })
}

/// The prompt tokens beside those of the run before in its history. Who graded has nothing to do with them.
async fn beside(state: &AppState, run: &Run) -> Result<Option<Beside>, ApiError> {
    let mut query = HistoryQuery::of(run);
    (query.judge, query.before, query.limit) = (None, Some(run.id), 1);
    let Some(other) = state.store.history(&query).await?.pop() else { return Ok(None) };
    Ok(Some(Beside { against: other.id, tokens: state.store.prompt_tokens(run.id, other.id).await? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_that_is_offered_is_one() {
        let words: Vec<&str> = EXPECTED_STATUS.trim_start_matches("one of ").split(", ").collect();
        assert_eq!(words.len(), 8);
        assert!(words.iter().all(|word| RunStatus::from_name(word).is_some()), "{words:?}");
    }
}
