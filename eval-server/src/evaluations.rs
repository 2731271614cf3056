//! The evaluations of a run.

use axum::Json;
use axum::extract::State;
use eval_core::{Evaluation, EvaluationQuery, OutcomeKind, SampleId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::ApiError;
use crate::openapi::cores;
use crate::query::{Parameters, PathRun, cut};

/// A page of evaluations.
#[derive(Serialize, ToSchema)]
#[schema(as = EvaluationPage)]
pub(crate) struct Page {
    #[schema(schema_with = cores::<Evaluation>)]
    evaluations: Vec<Evaluation>,
    /// What `after` takes for the next page; null on the last one.
    next: Option<String>,
}

/// The evaluations of a run, by sample id and epoch.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}/evaluations", tag = "runs",
    params(
        ("id" = Uuid, Path, description = "The run"),
        ("category" = Option<String>, Query, description = "Only questions of this category"),
        ("outcome" = Option<String>, Query, description = "Only this outcome: scored, unscored or failed"),
        ("min_score" = Option<f64>, Query, minimum = 0, maximum = 1, description = "Only scores of at least this"),
        ("max_score" = Option<f64>, Query, minimum = 0, maximum = 1, description = "Only scores of at most this"),
        ("text" = Option<String>, Query, description = "Only where question, answer or a judge's reason has this text; case \
            counts. All evaluations of the run are read for it"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many a page holds; 50 if not given"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Page),),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    PathRun(run): PathRun,
    parameters: Parameters,
) -> Result<Json<Page>, ApiError> {
    let query = query(parameters)?;
    let limit = query.limit - 1;
    let mut evaluations = state.store.evaluations(run, &query).await?;
    let more = cut(&mut evaluations, limit);
    let next = evaluations.last().filter(|_| more).map(cursor);
    Ok(Json(Page { evaluations, next }))
}

/// The query, which reads one evaluation more than the page holds to know whether there is a next one.
fn query(parameters: Parameters) -> Result<EvaluationQuery, ApiError> {
    let parameters = parameters.only(&["category", "outcome", "min_score", "max_score", "text", "limit", "after"])?;
    let mut query = EvaluationQuery::default();
    query.category = parameters.text("category");
    query.outcome = parameters.value("outcome", "one of scored, unscored, failed", OutcomeKind::from_name)?;
    let score = |name| {
        parameters
            .value(name, "a score from 0 to 1", |text| text.parse().ok().filter(|score| (0.0..=1.0).contains(score)))
    };
    (query.min_score, query.max_score) = (score("min_score")?, score("max_score")?);
    query.text = parameters.text("text");
    query.after = parameters.value("after", "the next of the page before", place)?;
    query.limit = parameters.limit()? + 1;
    Ok(query)
}

/// The epoch stands first, since a sample id may hold any character.
fn cursor(evaluation: &Evaluation) -> String {
    format!("{}:{}", evaluation.epoch, evaluation.sample.id)
}

fn place(cursor: &str) -> Option<(SampleId, u32)> {
    let (epoch, sample) = cursor.split_once(':')?;
    Some((SampleId::from(sample), epoch.parse().ok()?))
}
