//! What people say of answers.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use eval_core::server::AuditEntry;
use eval_core::{Evaluation, EvaluationQuery, Label, OutcomeKind, RunId, SampleId, Score};
use eval_drift::cohen_kappa;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::AppState;
use crate::access::Caller;
use crate::body::Body;
use crate::error::{ApiError, Envelope};
use crate::openapi::{core, cores};
use crate::query::{EXPECTED_RUN, Parameters};

/// The labels of a run.
#[derive(Serialize, ToSchema)]
pub(crate) struct Labels {
    /// Those that count, by question, epoch and author.
    #[schema(schema_with = cores::<Label>)]
    labels: Vec<Label>,
    agreement: Agreement,
}

/// How far the run's judge agrees with people: on answers that both scored, where an answer passes with a score of at least
/// the run's threshold. Of several people on one answer the mean counts.
#[derive(Serialize, ToSchema)]
struct Agreement {
    /// Answers that both scored.
    compared: usize,
    /// Both pass.
    both_pass: u64,
    /// Only the judge passes it.
    judge_only: u64,
    /// Only people pass it.
    person_only: u64,
    /// Both fail.
    both_fail: u64,
    /// The share on which they agree, from 0 to 1; null where nothing is compared.
    share: Option<f64>,
    /// Cohen's kappa; null where it says nothing.
    kappa: Option<f64>,
}

/// A label to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLabel {
    /// The run.
    #[schema(value_type = Uuid)]
    run: RunId,
    /// The id of the question.
    sample: String,
    /// The repeat of the data set, from 1; 1 if not given.
    #[serde(default = "first")]
    #[schema(minimum = 1)]
    epoch: u32,
    /// The score that a judge should have given, from 0 (wrong) to 1 (right).
    #[schema(value_type = f64, minimum = 0, maximum = 1)]
    score: Score,
    /// Why.
    #[serde(default)]
    reason: Option<String>,
}

fn first() -> u32 {
    1
}

/// The label that was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct Labelled {
    #[schema(schema_with = core::<Label>)]
    label: Label,
}

/// What people said of the answers of a run, and how far its judge agrees with them.
#[utoipa::path(
    get, path = "/api/v1/labels", tag = "labels",
    params(("run" = Uuid, Query, description = "The run")),
    responses((status = 200, body = Labels), (status = 404, body = Envelope)),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Labels>, ApiError> {
    let parameters = parameters.only(&["run"])?;
    let run = parameters.value("run", EXPECTED_RUN, |id| id.parse().ok())?;
    let run: RunId = run.ok_or_else(|| ApiError::bad_parameter("run", "", EXPECTED_RUN))?;
    let run = state.store.get_run(run).await?;
    let labels = state.books.labels(run.id).await?;
    let threshold = run.threshold;
    let mut given: BTreeMap<(&SampleId, u32), Vec<f64>> = BTreeMap::new();
    labels.iter().for_each(|label| given.entry((&label.sample, label.epoch)).or_default().push(label.score.get()));
    let (mut judge, mut people) = (Vec::new(), Vec::new());
    for ((sample, epoch), scores) in given {
        let found = evaluation(&state, run.id, sample, epoch).await?;
        if let Some(score) = found.and_then(|found| found.score()) {
            judge.push(usize::from(score.get() >= threshold));
            people.push(usize::from(scores.iter().sum::<f64>() / scores.len() as f64 >= threshold));
        }
    }
    Ok(Json(Labels { agreement: Agreement::of(&judge, &people), labels }))
}

impl Agreement {
    fn of(judge: &[usize], people: &[usize]) -> Self {
        let count =
            |pair| judge.iter().copied().zip(people.iter().copied()).filter(|found| *found == pair).count() as u64;
        let found = cohen_kappa(judge, people, 2);
        Self {
            compared: judge.len(),
            both_pass: count((1, 1)),
            judge_only: count((1, 0)),
            person_only: count((0, 1)),
            both_fail: count((0, 0)),
            share: found.map(|found| found.agreement),
            kappa: found.and_then(|found| found.kappa),
        }
    }
}

/// One evaluation, which an index leads to: the first one not before it.
async fn evaluation(
    state: &AppState,
    run: RunId,
    sample: &SampleId,
    epoch: u32,
) -> Result<Option<Evaluation>, ApiError> {
    let mut query = EvaluationQuery::default();
    query.after = Some((sample.clone(), epoch.saturating_sub(1)));
    query.limit = 1;
    let found = state.store.evaluations(run, &query).await?.pop();
    Ok(found.filter(|found| found.sample.id == *sample && found.epoch == epoch))
}

/// A person's verdict on an answer. Of an author on an answer the newest one counts; the author is who calls.
#[utoipa::path(
    post, path = "/api/v1/labels", tag = "labels", request_body = NewLabel,
    responses(
        (status = 201, body = Labelled),
        (status = 404, body = Envelope, description = "There is no such run, or no answer to that question in it"),
    ),
)]
pub(crate) async fn add(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    parameters: Parameters,
    Body(new): Body<NewLabel>,
) -> Result<(StatusCode, Json<Labelled>), ApiError> {
    parameters.only(&[])?;
    if new.epoch == 0 {
        return Err(ApiError::senseless("bad_epoch", "epoch 0 cannot be", "epochs are counted from 1"));
    }
    let sample = SampleId::from(new.sample.as_str());
    let found = evaluation(&state, new.run, &sample, new.epoch).await?;
    if found.is_none_or(|found| found.outcome.kind() == OutcomeKind::Failed) {
        let message = format!("run {} has no answer to {:?} in epoch {}", new.run, new.sample, new.epoch);
        return Err(ApiError::not_found("answer_not_found", message, "GET /api/v1/runs/{id}/evaluations lists them"));
    }
    let mut label = Label::new(new.run, sample, new.epoch, &caller.name, new.score);
    label.reason = new.reason.filter(|reason| !reason.trim().is_empty());
    let entry = AuditEntry::new(&caller.name, "label.add", new.run.to_string());
    let entry = entry.detail("sample", new.sample).detail("epoch", new.epoch.to_string());
    state.books.record(&entry.detail("score", new.score.get().to_string())).await?;
    state.books.put_labels(std::slice::from_ref(&label)).await?;
    Ok((StatusCode::CREATED, Json(Labelled { label })))
}
