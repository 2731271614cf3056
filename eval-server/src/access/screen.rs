//! What is done for every request, whatever it asks for: the first look and the last word.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::{Caller, host};
use crate::AppState;
use crate::error::ApiError;

/// The most bytes of a path with its query.
const MOST_TARGET: usize = 8 << 10;
/// The most bytes of all headers.
const MOST_HEADERS: usize = 16 << 10;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Refuses what no route should see, keeps a route that panics from taking more than its answer with it, says in one line
/// of the log what was asked, and has browsers and proxies keep nothing and run nothing: models and users wrote parts of it.
pub(crate) async fn screen(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let logged = tracing::enabled!(tracing::Level::INFO)
        .then(|| (request.method().clone(), request.uri().path().to_owned(), Instant::now()));
    let mut response = match check(&state, &request) {
        Ok(()) => AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| panicked()),
        Err(error) => error.into_response(),
    };
    if let Some((method, path, since)) = logged {
        let caller = response.extensions().get::<Caller>().map_or("-", |caller| caller.name.as_str());
        let (status, ms) = (response.status().as_u16(), since.elapsed().as_millis() as u64);
        // Without the query, which may hold a code; with escapes, so that it stays one line.
        tracing::info!(%method, ?path, status, ?caller, ms, "answered");
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    // Only what nobody wrote, such as a style sheet, is kept, and says so itself.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn check(state: &AppState, request: &Request) -> Result<(), ApiError> {
    if !host::allows(&state.door.options, request.uri(), request.headers()) {
        return Err(ApiError::misdirected());
    }
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > MOST_TARGET) {
        return Err(ApiError::target_too_long(MOST_TARGET));
    }
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MOST_HEADERS { Err(ApiError::headers_too_large(MOST_HEADERS)) } else { Ok(()) }
}

/// The panic itself was told by the hook of the process.
fn panicked() -> Response {
    tracing::error!("a route panicked");
    ApiError::internal().into_response()
}
