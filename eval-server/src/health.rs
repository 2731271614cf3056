//! How the server is: for load balancers, for monitors and for people.

mod calls;
pub(crate) mod metrics;
mod pulse;
pub(crate) mod report;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use metrics::{Measured, measure};
pub(crate) use pulse::Pulse;

use crate::AppState;
use crate::error::{ApiError, Envelope};

/// A word that says that all is well.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
}

/// The process answers. It says nothing of the store.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, description = "It does", body = Health)))]
pub(crate) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// How long the store may take to answer before the server counts as not ready.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long an answer holds: who asks more often costs the database nothing.
const HOLDS: Duration = Duration::from_secs(1);

/// Requests can be served: the store answers within a second, its schema is the one that is known, and the server is not
/// about to end. The answer holds for a second.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = 200, description = "They can", body = Health),
        (status = 503, description = "They cannot; the message says why", body = Envelope)),
)]
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    let look = async || match tokio::time::timeout(PATIENCE, state.books.condition()).await {
        Err(_) => Some("the database does not answer within a second"),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "not ready: the store failed");
            Some("the database is not available")
        }
        Ok(Ok(condition)) if !condition.current => Some("the schema of the database is not the one of this program"),
        Ok(Ok(_)) => None,
    };
    let trouble = match state.pulse.is_stopping() {
        true => Some("the server is about to end"),
        false => state.pulse.readiness(HOLDS, look).await,
    };
    trouble.map_or(Ok(Json(Health { status: "ready" })), |why| Err(ApiError::not_ready(why)))
}
