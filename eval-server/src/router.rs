//! The table of routes.

use std::sync::Arc;

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router};
use eval_core::InMemory;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{ADMIN, READ, RUN};
use crate::routes::Table;
use crate::{
    Access, AppState, Route, baselines, compare, costs, datasets, drift, error, evaluations, export, gate, history,
    labels, models, openapi, runs, stats,
};

/// All routes over this state, for your own service to nest or to serve.
///
/// Every route but those that [`routes`] calls public wants a token of the store, or a [`Caller`](crate::Caller) that the
/// host has put into the request.
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
    let (router, document, _) = table(state.clone()).into_parts();
    let document = Document(openapi::whole(&document).to_string().into());
    router
        .layer(Extension(document))
        .fallback(error::no_route)
        .method_not_allowed_fallback(error::no_method)
        .layer(map_response(guard))
        .with_state(state)
}

/// Every route with what it asks of callers: for tests that try each.
pub fn routes() -> Vec<Route> {
    table(AppState::new(Arc::new(InMemory::new()))).into_parts().2
}

/// The table of routes.
fn table(state: AppState) -> Table {
    Table::new(state)
        .at(Access::Public, routes!(health))
        .at(READ, routes!(document))
        .at(READ, routes!(baselines::list))
        .at(ADMIN, routes!(baselines::bless, baselines::clear))
        .at(READ, routes!(compare::show))
        .at(READ, routes!(costs::show))
        .at(READ, routes!(datasets::list))
        .at(READ, routes!(drift::show))
        .at(READ, routes!(gate::decide))
        .at(READ, routes!(history::list))
        .at(READ, routes!(labels::list))
        .at(RUN, routes!(labels::add))
        .at(READ, routes!(models::list))
        .at(READ, routes!(runs::list))
        .at(READ, routes!(runs::show))
        .at(READ, routes!(evaluations::list))
        .at(READ, routes!(export::run))
        .at(READ, routes!(stats::show))
}

/// The process answers.
#[derive(Serialize, ToSchema)]
struct Health {
    status: &'static str,
}

/// The process answers. It says nothing of the store.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The document, made once.
#[derive(Clone)]
struct Document(Arc<str>);

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", responses((status = 200, body = serde_json::Value)))]
async fn document(Extension(document): Extension<Document>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], document.0.to_string())
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
