//! The table of routes.

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use eval_core::InMemory;
use utoipa_axum::routes;

use crate::access::{ADMIN, READ, RUN, login, screen};
use crate::docs::Docs;
use crate::health::measure;
use crate::jobs::control::routes as control;
use crate::jobs::{pages, submit};
use crate::routes::Table;
use crate::schedules::routes as schedules;
use crate::webhooks::routes as webhooks;
use crate::{
    Access, AppState, Route, alerts, assets, audit, baselines, compare, costs, datasets, docs, drift, error,
    evaluations, events, export, gate, health, history, labels, models, openapi, runs, stats,
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
    router
        .layer(Extension(Docs::new(&openapi::whole(&document))))
        .fallback(error::no_route)
        .method_not_allowed_fallback(error::no_method)
        .layer(from_fn_with_state(state.clone(), screen))
        .layer(from_fn_with_state(state.clone(), measure))
        .with_state(state)
}

/// Every route with what it asks of callers: for tests that try each.
pub fn routes() -> Vec<Route> {
    table(AppState::new(Arc::new(InMemory::new()))).into_parts().2
}

/// The OpenAPI 3.1 document of the routes, as `/api/openapi.json` serves it.
///
/// ```
/// let document = eval_server::document();
/// assert_eq!(document["openapi"], "3.1.0");
/// assert!(document["paths"]["/api/v1/runs"]["get"]["summary"].is_string());
/// ```
pub fn document() -> serde_json::Value {
    openapi::whole(&table(AppState::new(Arc::new(InMemory::new()))).into_parts().1)
}

/// The table of routes.
fn table(state: AppState) -> Table {
    let metrics = if state.public_metrics { Access::Public } else { READ };
    Table::new(state)
        .at(READ, routes!(alerts::routes::list))
        .at(READ, routes!(alerts::routes::show))
        .at(RUN, routes!(alerts::routes::acknowledge))
        .at(ADMIN, routes!(alerts::routes::test))
        .at(Access::Public, routes!(login::page, login::enter))
        .at(READ, routes!(login::leave))
        .at(Access::Public, routes!(assets::show))
        .at(READ, routes!(docs::json))
        .at(READ, routes!(docs::page))
        .at(READ, routes!(docs::begin))
        .at(READ, routes!(health::report::report))
        .at(Access::Public, routes!(health::alive))
        .at(Access::Public, routes!(health::ready))
        .at(metrics, routes!(health::metrics::scrape))
        .at(ADMIN, routes!(audit::list))
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
        .at(READ, routes!(webhooks::deliveries))
        .at(ADMIN, routes!(webhooks::resend))
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
        .at(READ, routes!(export::run))
        .at(READ, routes!(events::route::watch))
        .at(RUN, routes!(control::cancel_run))
        .at(RUN, routes!(control::pause_run))
        .at(RUN, routes!(control::resume_run))
        .at(READ, routes!(stats::show))
        .at(READ, routes!(schedules::list))
        .at(RUN, routes!(schedules::run))
        .at(READ, routes!(webhooks::list))
        .at(ADMIN, routes!(webhooks::test))
}
