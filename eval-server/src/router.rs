//! The table of routes.

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::{Extension, Json, Router};
use eval_core::InMemory;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{ADMIN, READ, RUN, login, screen};
use crate::jobs::control::routes as control;
use crate::jobs::{pages, submit};
use crate::routes::Table;
use crate::{Access, AppState, Route, alerts, audit, error, evaluations, events, models, openapi, runs};

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
        .layer(from_fn_with_state(state.clone(), screen))
        .with_state(state)
}

/// Every route with what it asks of callers: for tests that try each.
pub fn routes() -> Vec<Route> {
    table(AppState::new(Arc::new(InMemory::new()))).into_parts().2
}

/// The table of routes.
fn table(state: AppState) -> Table {
    Table::new(state)
        .at(READ, routes!(alerts::routes::list))
        .at(READ, routes!(alerts::routes::show))
        .at(RUN, routes!(alerts::routes::acknowledge))
        .at(ADMIN, routes!(alerts::routes::test))
        .at(Access::Public, routes!(health))
        .at(Access::Public, routes!(login::page, login::enter))
        .at(READ, routes!(login::leave))
        .at(ADMIN, routes!(audit::list))
        .at(READ, routes!(document))
        .at(READ, routes!(pages::list))
        .at(READ, routes!(pages::show))
        .at(RUN, routes!(control::cancel_job))
        .at(RUN, routes!(control::pause_job))
        .at(RUN, routes!(control::resume_job))
        .at(READ, routes!(models::list))
        .at(READ, routes!(runs::list))
        .at(RUN, routes!(submit::start))
        .at(RUN, routes!(submit::run_evaluation))
        .at(READ, routes!(runs::show))
        .at(READ, routes!(runs::show_alias))
        .at(ADMIN, routes!(control::delete_run))
        .at(READ, routes!(evaluations::list))
        .at(READ, routes!(events::route::watch))
        .at(RUN, routes!(control::cancel_run))
        .at(RUN, routes!(control::pause_run))
        .at(RUN, routes!(control::resume_run))
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
