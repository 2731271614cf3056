//! Runs that a person has blessed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use eval_core::server::AuditEntry;
use eval_core::{Baseline, Run};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::body::Body;
use crate::error::{ApiError, Envelope};
use crate::openapi::{core, cores};
use crate::query::Parameters;
use crate::{AppState, references};

/// The runs that were blessed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Baselines {
    /// Newest first; of a name on a data set the newest one counts.
    #[schema(schema_with = cores::<Baseline>)]
    baselines: Vec<Baseline>,
}

/// One that was blessed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Blessed {
    #[schema(schema_with = core::<Baseline>)]
    baseline: Baseline,
}

/// A run to bless.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bless {
    /// The run: its id, its last six digits, @latest, NAME@latest, tag:KEY=VALUE. Whole, finished and with a score.
    run: String,
    /// Why.
    #[schema(min_length = 1)]
    reason: String,
}

/// How many were forgotten.
#[derive(Serialize, ToSchema)]
pub(crate) struct Cleared {
    /// Baselines that were forgotten. The runs stay.
    cleared: u64,
}

/// The runs against which others are held.
#[utoipa::path(
    get, path = "/api/v1/baselines", tag = "baselines",
    params(
        ("name" = Option<String>, Query, description = "Only of this name, as a rule the model"),
        ("dataset" = Option<String>, Query, description = "Only of this data set"),
    ),
    responses((status = 200, body = Baselines),),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Baselines>, ApiError> {
    let parameters = parameters.only(&["name", "dataset"])?;
    let (name, dataset) = (parameters.text("name"), parameters.text("dataset"));
    Ok(Json(Baselines { baselines: state.books.baselines(name.as_deref(), dataset.as_deref()).await? }))
}

/// Blesses a run: from now on it is `@baseline` of its name and data set. Kept in the audit log.
#[utoipa::path(
    post, path = "/api/v1/baselines", tag = "baselines", request_body = Bless,
    responses(
        (status = 201, body = Blessed), (status = 404, body = Envelope),
        (status = 409, body = Envelope, description = "The run cannot stand for its model"),
    ),
)]
pub(crate) async fn bless(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    parameters: Parameters,
    Body(wanted): Body<Bless>,
) -> Result<(StatusCode, Json<Blessed>), ApiError> {
    parameters.only(&[])?;
    let reason = said(&wanted.reason)?;
    let run = references::run(&*state.store, &wanted.run).await?;
    if let Some(why) = unfit(&run) {
        let message = format!("run {} cannot be a baseline: {why}", run.id.short());
        return Err(ApiError::conflict("no_baseline", message, "finish it, or run the whole data set"));
    }
    let baseline = Baseline::of(&run, &caller.name, reason);
    let entry = AuditEntry::new(&caller.name, "baseline.set", run.id.to_string()).detail("reason", reason);
    state.books.record(&entry.detail("name", &run.name).detail("dataset", &run.dataset.name)).await?;
    state.books.bless(&baseline).await?;
    Ok((StatusCode::CREATED, Json(Blessed { baseline })))
}

/// Forgets the baselines of a name on a data set. The runs stay. Kept in the audit log.
#[utoipa::path(
    delete, path = "/api/v1/baselines", tag = "baselines",
    params(
        ("name" = String, Query, description = "The name, as a rule the model"),
        ("dataset" = String, Query, description = "The data set"),
        ("reason" = String, Query, description = "Why"),
    ),
    responses((status = 200, body = Cleared), (status = 404, body = Envelope)),
)]
pub(crate) async fn clear(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    parameters: Parameters,
) -> Result<Json<Cleared>, ApiError> {
    let parameters = parameters.only(&["name", "dataset", "reason"])?;
    let name = parameters.required("name", "the name of the baseline")?;
    let dataset = parameters.required("dataset", "the data set of the baseline")?;
    let reason = parameters.required("reason", "why it is forgotten")?;
    if state.books.baselines(Some(&name), Some(&dataset)).await?.is_empty() {
        let message = format!("{name:?} has no baseline on {dataset:?}");
        return Err(ApiError::not_found("baseline_not_found", message, "GET /api/v1/baselines lists them"));
    }
    let entry = AuditEntry::new(&caller.name, "baseline.clear", format!("{name} on {dataset}"));
    state.books.record(&entry.detail("reason", reason)).await?;
    Ok(Json(Cleared { cleared: state.books.clear_baselines(&name, &dataset).await? }))
}

/// A reason that says something.
pub(crate) fn said(reason: &str) -> Result<&str, ApiError> {
    match reason.trim() {
        "" => Err(ApiError::senseless("no_reason", "the reason is empty", "say why: others will read it")),
        reason => Ok(reason),
    }
}

/// Why a run cannot stand for its model, if it cannot.
fn unfit(run: &Run) -> Option<String> {
    match (run.is_comparable(), run.score()) {
        (false, _) if run.dataset.selection.is_all() => Some(format!("it is {}, not finished", run.status)),
        (false, _) => Some("it is over a part of the data set".to_owned()),
        (true, None) => Some("nothing was scored".to_owned()),
        (true, Some(_)) => None,
    }
}
