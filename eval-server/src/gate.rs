//! May this ship?

mod asked;
mod overriding;

use axum::extract::State;
use axum::{Extension, Json};
use eval_core::server::Scope;
use eval_core::{Against, Run, RunId, RunKind, Timestamp, find_baseline};
use eval_drift::{Decision, Gate, GateReport, StoredBaseline, stored};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::access::Caller;
use crate::body::Body;
use crate::error::{ApiError, Envelope};
use crate::openapi::core;
use crate::query::Parameters;
use asked::GateRequest;
use overriding::Override;

/// For so long after its run ended a decision holds, in hours: models behind an API change without notice, and what was
/// measured yesterday is no evidence of today.
const HOURS: i64 = 24;
/// The same in words.
const RULE: &str = "holds for 24 hours after the run ended";
/// The most runs of a baseline: all that they answered is read.
const MOST_RUNS: usize = 30;

/// Whether a run may ship, and why.
#[derive(Serialize, ToSchema)]
pub(crate) struct GateAnswer {
    /// The run that was decided on.
    #[schema(value_type = Uuid)]
    run: RunId,
    /// `pass`, `fail` or `inconclusive`: what the evidence says, whatever anybody overrode.
    decision: &'static str,
    /// Whether it may ship: it passed, or it is too small to be decided and the policy lets that through, or an override
    /// says so. An expired decision still tells what it was: ask for a new run.
    may_ship: bool,
    /// The decision in a sentence.
    headline: String,
    /// What a person should know first: no baseline, an override, a decision that has expired.
    notes: Vec<String>,
    /// Until when the decision holds (UTC).
    #[schema(value_type = String, format = DateTime)]
    expires: Timestamp,
    /// Whether that is over.
    expired: bool,
    /// The rule of it.
    rule: &'static str,
    /// Who let it through against the decision, and why; null where nobody did, or where that is over.
    r#override: Option<Override>,
    /// The evidence: every check with its limit, what was measured, its interval, and what it would take.
    #[schema(schema_with = core::<GateReport>)]
    report: GateReport,
}

/// May commit X ship? Decides on a stored run by the limits of `evalctl gate`, with the same figures. Every decision is a
/// 200: pass, fail and inconclusive alike; other statuses say that the question could not be understood or put.
///
/// With an `override` (scope admin) the answer says both: what was decided, and who lets it through until when. It is kept
/// in the audit log, and later answers to the same question tell it until it ends.
#[utoipa::path(
    post, path = "/api/v1/gate", tag = "gate", request_body = GateRequest,
    responses(
        (status = 200, body = GateAnswer), (status = 404, body = Envelope),
        (status = 409, body = Envelope, description = "Answers out of a cache, or a name that means several runs"),
    ),
)]
pub(crate) async fn decide(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    parameters: Parameters,
    Body(asked): Body<GateRequest>,
) -> Result<Json<GateAnswer>, ApiError> {
    parameters.only(&[])?;
    let (gate, now) = (asked.gate()?, Timestamp::now());
    if let Some(wanted) = &asked.r#override {
        if caller.scope < Scope::Admin {
            return Err(ApiError::forbidden(Scope::Admin));
        }
        wanted.check(now)?;
    }
    let run = asked.run(&state).await?;
    let report = report(&state, &run, &asked, &gate).await?;
    let question = asked.question(&gate);
    let overridden = match &asked.r#override {
        Some(wanted) => Some(wanted.keep(&state, &caller, (&run, &question), &report, now).await?),
        None => overriding::in_force(&state, &run, &question, now).await?,
    };
    Ok(Json(GateAnswer::of(&run, report, overridden, now)))
}

async fn report(state: &AppState, run: &Run, asked: &GateRequest, gate: &Gate) -> Result<GateReport, ApiError> {
    let nobody = |_: &str| None;
    let found = find_baseline(&*state.store, &*state.books, run, asked.vs(), &nobody).await?;
    if found.runs().len() > MOST_RUNS {
        let message = format!("a baseline of {} runs is more than is read at once", found.runs().len());
        return Err(ApiError::senseless("too_many_runs", message, format!("window:{MOST_RUNS} at most")));
    }
    refuse_recalled(asked, std::iter::once(run).chain(found.runs()))?;
    let baseline = StoredBaseline::of(&*state.store, run, found.runs()).await?;
    let mut report = baseline.decide(gate, 1, stored::scores(&*state.store, run).await?);
    if let Against::Missing(missing) = &found {
        report.warnings.push(missing.to_string());
    }
    Ok(report)
}

/// Old answers say nothing of how a model answers now: nobody decides by them who did not ask for that.
fn refuse_recalled<'a>(asked: &GateRequest, runs: impl IntoIterator<Item = &'a Run>) -> Result<(), ApiError> {
    match runs.into_iter().find(|run| run.kind == RunKind::Recall && !asked.allow_cached) {
        None => Ok(()),
        Some(run) => Err(ApiError::conflict(
            "recalled",
            format!("run {} has answers out of a cache or a cassette", run.id.short()),
            "they are older than the run; \"allow_cached\": true decides all the same",
        )),
    }
}

impl GateAnswer {
    fn of(run: &Run, report: GateReport, overridden: Option<Override>, now: Timestamp) -> Self {
        let ended = run.finished.unwrap_or(run.started).as_second();
        let expires = Timestamp::from_second(ended.saturating_add(HOURS * 3_600)).unwrap_or(Timestamp::MAX);
        let expired = expires <= now;
        let mut notes = report.warnings.clone();
        let undecided = matches!(report.decision, Decision::Inconclusive(_)) && report.exit_code() == 0;
        notes.extend(undecided.then(|| UNDECIDED.to_owned()));
        notes.extend(expired.then(|| format!("the decision has expired: it {RULE}")));
        notes.extend(overridden.as_ref().map(|found| format!("overridden by {}: {}", found.by, found.reason)));
        Self {
            run: run.id,
            decision: word(report.decision),
            may_ship: report.exit_code() == 0 || overridden.is_some(),
            headline: report.headline.clone(),
            notes,
            expires,
            expired,
            rule: RULE,
            r#override: overridden,
            report,
        }
    }
}

/// What is said where the policy lets through what is not decided.
const UNDECIDED: &str =
    "let through by the policy warn, which proves nothing: \"on_inconclusive\": \"fail\" holds it back";

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Pass => "pass",
        Decision::Fail => "fail",
        _ => "inconclusive",
    }
}
