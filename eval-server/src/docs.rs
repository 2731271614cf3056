//! The page of the API, made from its document.

mod page;

use std::sync::Arc;

use axum::Extension;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect};
use serde_json::Value;

use crate::assets::DOCS_STYLE;

/// The document and the page of it, made once.
#[derive(Clone)]
pub(crate) struct Docs {
    json: Arc<str>,
    html: Arc<str>,
}

impl Docs {
    /// The page of a document.
    pub(crate) fn new(document: &Value) -> Self {
        Self { json: document.to_string().into(), html: page::html(document, DOCS_STYLE.name()).into() }
    }
}

/// This document.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "documentation",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)),
)]
pub(crate) async fn json(Extension(docs): Extension<Docs>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], docs.json.to_string())
}

/// Where a browser begins: for now at the page of the API.
#[utoipa::path(get, path = "/", tag = "documentation", responses((status = 303, description = "The page is at `/docs`")))]
pub(crate) async fn begin() -> Redirect {
    Redirect::to("docs")
}

/// This document as a page that loads nothing from outside and runs no script.
#[utoipa::path(
    get, path = "/docs", tag = "documentation",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
)]
pub(crate) async fn page(Extension(docs): Extension<Docs>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], docs.html.to_string())
}
