//! Who did what.

use axum::Json;
use axum::extract::State;
use eval_core::server::{Audit as _, AuditEntry, AuditId, AuditQuery};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::openapi::cores;
use crate::query::{Parameters, cut};
use crate::{AppState, Caller};

/// Writes down that somebody did something, for instance `run.delete`, to something. Called before it is done, so that
/// nothing is done that is not written down.
pub(crate) async fn record(state: &AppState, caller: &Caller, what: &str, target: &str) -> Result<(), ApiError> {
    Ok(state.books.record(&AuditEntry::new(caller.name.as_str(), what, target)).await?)
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditPage)]
pub(crate) struct Page {
    #[schema(schema_with = cores::<AuditEntry>)]
    entries: Vec<AuditEntry>,
    /// What `after` takes for the next page; null on the last one.
    #[schema(value_type = Option<Uuid>)]
    next: Option<AuditId>,
}

/// Who did what, newest first.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "access",
    params(
        ("who" = Option<String>, Query, description = "Only what this one did"),
        ("target" = Option<String>, Query, description = "Only what was done to this"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many a page holds; 50 if not given"),
        ("after" = Option<Uuid>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Page),),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Page>, ApiError> {
    let parameters = parameters.only(&["who", "target", "limit", "after"])?;
    let limit = parameters.limit()?;
    let mut query = AuditQuery::default();
    (query.who, query.target) = (parameters.text("who"), parameters.text("target"));
    query.before = parameters.value("after", "the `next` of the page before", |id| id.parse().ok())?;
    query.limit = limit + 1;
    let mut entries = state.books.entries(&query).await?;
    let more = cut(&mut entries, limit);
    let next = entries.last().filter(|_| more).map(|entry| entry.id);
    Ok(Json(Page { entries, next }))
}
