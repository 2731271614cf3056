//! The page of the API, made from its document.

mod page;

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{ApiError, Envelope};

/// The document and the page of it, made once.
#[derive(Clone)]
pub(crate) struct Docs {
    json: Arc<str>,
    html: Arc<str>,
}

impl Docs {
    /// The page of a document.
    pub(crate) fn new(document: &Value) -> Self {
        Self { json: document.to_string().into(), html: page::html(document, style_name()).into() }
    }
}

const STYLE: &str = include_str!("../assets/docs.css");

/// The name of the stylesheet, with a hash of what is in it: a browser may keep it for ever.
fn style_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let hash: String = Sha256::digest(STYLE).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("docs-{hash}.css")
    })
}

/// This document.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "documentation",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)),
)]
pub(crate) async fn json(Extension(docs): Extension<Docs>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], docs.json.to_string())
}

/// All that a page of ours may do: show itself in our style.
const PAGE: &str = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// This document as a page that loads nothing from outside and runs no script.
#[utoipa::path(
    get, path = "/docs", tag = "documentation",
    responses((status = 200, description = "The page", body = String, content_type = "text/html; charset=utf-8")),
)]
pub(crate) async fn page(Extension(docs): Extension<Docs>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, PAGE)], docs.html.to_string())
}

/// The stylesheet of the page, under a name that changes with it.
#[utoipa::path(
    get, path = "/docs/assets/{name}", tag = "documentation",
    params(("name" = String, Path, description = "Its name, as the page has it")),
    responses((status = 200, description = "The stylesheet", body = String, content_type = "text/css; charset=utf-8"),
        (status = 404, body = Envelope)),
)]
pub(crate) async fn style(Path(name): Path<String>) -> Result<impl IntoResponse, ApiError> {
    if name != style_name() {
        return Err(ApiError::no_asset());
    }
    let kept = (CACHE_CONTROL, "public, max-age=31536000, immutable");
    Ok(([(CONTENT_TYPE, "text/css; charset=utf-8"), kept], STYLE))
}
