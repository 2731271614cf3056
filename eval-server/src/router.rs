//! The table of routes.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::{AppState, error, evaluations, models, runs};

/// All routes over this state, for your own service to nest or to serve.
///
/// **It authenticates nobody**: see the [crate documentation](crate) for what the host has to do. Every route only reads.
///
/// ```
/// use std::sync::Arc;
/// use axum::Router;
/// use eval_core::InMemory;
/// use eval_server::{AppState, router};
///
/// let evals = router(AppState::new(Arc::new(InMemory::new())));
/// let service: Router = Router::new().nest("/evals", evals);
/// # let _ = service;
/// ```
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/api/v1/runs", get(runs::list))
        .route("/api/v1/runs/{id}", get(runs::show))
        .route("/api/v1/runs/{id}/evaluations", get(evaluations::list))
        .route("/api/v1/models", get(models::list))
        .fallback(error::no_route)
        .method_not_allowed_fallback(error::no_method)
        .layer(map_response(guard))
        .with_state(state)
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// `GET /healthz`: the process answers. It says nothing of the store.
async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

const HEADERS: [(HeaderName, &str); 3] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

/// Keeps a browser from reading an answer as anything but data, and everyone from keeping it: models and users wrote
/// parts of it.
async fn guard(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
