//! Runs beside each other.

use axum::Json;
use axum::extract::State;
use eval_core::{Change, RunId};
use eval_drift::{QuestionChange, RunComparison, SameAnswers, ScoresError, stored};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::{ApiError, Envelope};
use crate::openapi::{core, cores};
use crate::query::Parameters;
use crate::references;

/// Runs beside the first of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct Compared {
    /// One for each run after the first.
    comparisons: Vec<Pair>,
}

/// One run beside the first.
#[derive(Serialize, ToSchema)]
#[schema(as = ComparedPair)]
struct Pair {
    /// The first run.
    #[schema(value_type = Uuid)]
    before: RunId,
    /// The other one.
    #[schema(value_type = Uuid)]
    now: RunId,
    /// Effect, categories, costs, and what differs between the runs. Its `questions` are the two lists beside it, and empty.
    #[schema(schema_with = core::<RunComparison>)]
    comparison: RunComparison,
    /// Questions that regressed, the largest drop first: at most `limit`. How many there are stands in the changes of the
    /// comparison.
    #[schema(schema_with = cores::<QuestionChange>)]
    regressed: Vec<QuestionChange>,
    /// Questions that improved, the largest gain first: at most `limit`.
    #[schema(schema_with = cores::<QuestionChange>)]
    improved: Vec<QuestionChange>,
}

/// Two or three runs over the same questions, each beside the first one. It reads all that they answered.
#[utoipa::path(
    get, path = "/api/v1/compare", tag = "runs",
    params(
        ("a" = String, Query, description = "The run that the others are put beside: an id, its last six digits, @latest, …"),
        ("b" = String, Query, description = "A run"),
        ("c" = Option<String>, Query, description = "One more"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many questions each list holds; 50 if not given"),
    ),
    responses(
        (status = 200, body = Compared), (status = 404, body = Envelope),
        (status = 409, body = Envelope, description = "The runs cannot be compared, or a name means several"),
    ),
)]
pub(crate) async fn show(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Compared>, ApiError> {
    let parameters = parameters.only(&["a", "b", "c", "limit"])?;
    let limit = parameters.limit()?;
    let mut named = vec![parameters.required("a", references::EXPECTED)?];
    named.push(parameters.required("b", references::EXPECTED)?);
    named.extend(parameters.text("c"));
    let (mut ids, mut runs, mut again) = (Vec::new(), Vec::new(), SameAnswers::default());
    for reference in &named {
        let run = references::run(&*state.store, reference).await?;
        runs.push(again.beside_first(&run, stored::scores(&*state.store, &run).await?));
        ids.push(run.id);
    }
    let mut found = eval_drift::compare(&runs)?;
    again.tell(&mut found);
    let reasons: Vec<String> = found.iter().flat_map(|pair| &pair.obstacles).cloned().collect();
    if !reasons.is_empty() {
        return Err(not_comparable(&reasons.join("; ")));
    }
    let pairs = found.into_iter().zip(ids.iter().skip(1));
    let comparisons = pairs.map(|(comparison, now)| Pair::of(comparison, [ids[0], *now], limit)).collect();
    Ok(Json(Compared { comparisons }))
}

fn not_comparable(why: &str) -> ApiError {
    let hint = "compare runs that were asked and graded alike: GET /api/v1/history/{model} lists those of a model";
    ApiError::conflict("not_comparable", format!("the runs cannot be compared: {why}"), hint)
}

impl From<ScoresError> for ApiError {
    fn from(error: ScoresError) -> Self {
        not_comparable(&error.to_string())
    }
}

impl Pair {
    fn of(mut comparison: RunComparison, [before, now]: [RunId; 2], limit: usize) -> Self {
        let questions = std::mem::take(&mut comparison.questions);
        let (mut regressed, mut improved): (Vec<_>, Vec<_>) =
            questions.into_iter().partition(|question| question.change == Change::Regressed);
        improved.reverse();
        regressed.truncate(limit);
        improved.truncate(limit);
        Self { before, now, comparison, regressed, improved }
    }
}
