//! Files of our own that pages load, each under a name that changes with what is in it: a browser may keep it for ever.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// A file of ours.
pub(crate) struct Asset {
    stem: &'static str,
    ending: &'static str,
    kind: &'static str,
    content: &'static str,
    name: OnceLock<String>,
}

/// The stylesheet of the page of the API.
pub(crate) static DOCS_STYLE: Asset = Asset::style("docs", include_str!("../assets/docs.css"));

/// All that is served.
static ALL: [&Asset; 1] = [&DOCS_STYLE];

impl Asset {
    const fn style(stem: &'static str, content: &'static str) -> Self {
        Self { stem, ending: "css", kind: "text/css; charset=utf-8", content, name: OnceLock::new() }
    }

    /// Its name under `/assets/`.
    pub(crate) fn name(&self) -> &str {
        self.name.get_or_init(|| {
            let hash: String = Sha256::digest(self.content).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("{}-{hash}.{}", self.stem, self.ending)
        })
    }
}

/// A file that a page loads.
#[utoipa::path(
    get, path = "/assets/{name}", tag = "documentation",
    params(("name" = String, Path, description = "Its name, as the page has it")),
    responses((status = 200, description = "The file", body = String, content_type = "text/css"),),
)]
pub(crate) async fn show(path: Result<Path<String>, PathRejection>) -> Result<impl IntoResponse, ApiError> {
    let asset = path.ok().and_then(|Path(name)| ALL.iter().find(|asset| asset.name() == name));
    let asset = asset.ok_or_else(ApiError::no_asset)?;
    let kept = (CACHE_CONTROL, "public, max-age=31536000, immutable");
    Ok(([(CONTENT_TYPE, asset.kind), kept], asset.content))
}
