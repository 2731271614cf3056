//! A table of routes: each has its access, its handler and its documentation, or it is none.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::access::{Access, admit};
use crate::health::Measured;
use crate::{AppState, openapi};

/// A route: what is asked of who calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The method of HTTP, in capitals.
    pub method: String,
    /// The path, with its parameters in braces.
    pub path: String,
    /// What is asked of callers.
    pub access: Access,
}

/// Collects routes. The only way in takes an [`Access`].
pub(crate) struct Table {
    state: AppState,
    router: OpenApiRouter<AppState>,
    routes: Vec<Route>,
}

impl Table {
    pub(crate) fn new(state: AppState) -> Self {
        Self { state, router: OpenApiRouter::with_openapi(openapi::base()), routes: Vec::new() }
    }

    /// One more path, with the methods that `utoipa_axum::routes!` found at its handlers; all ask the same of callers.
    pub(crate) fn at(mut self, access: Access, (schemas, mut paths, handlers): UtoipaMethodRouter<AppState>) -> Self {
        for (path, item) in &mut paths.paths {
            for (method, operation) in openapi::operations(item) {
                openapi::ask(operation, method, path, access);
                self.routes.push(Route { method: method.to_owned(), path: path.clone(), access });
            }
        }
        let template: Arc<str> = paths.paths.keys().next().map_or("none", |path| path.as_str()).into();
        let measured = map_response(move |response: Response| named(response, template.clone()));
        let handlers =
            handlers.route_layer(from_fn_with_state((self.state.clone(), access), admit)).route_layer(measured);
        self.router = self.router.routes((schemas, paths, handlers));
        self
    }

    /// The router, what documents it, and the routes.
    pub(crate) fn into_parts(self) -> (Router<AppState>, OpenApi, Vec<Route>) {
        let (router, document) = self.router.split_for_parts();
        (router, document, self.routes)
    }
}

/// An answer with the template of its route, for those who count.
async fn named(mut response: Response, template: Arc<str>) -> Response {
    response.extensions_mut().insert(Measured(template));
    response
}
