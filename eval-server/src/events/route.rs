//! The route of a run's events.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};

use super::stream::Watcher;
use crate::AppState;
use crate::error::ApiError;
use crate::query::{Parameters, PathRun};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What happens in a run, as server-sent events, until it has ended.
///
/// The data of an event is the run's own event as JSON, its `id` the number `seq`. A stream begins with the first event,
/// or behind the one that `Last-Event-ID` or `after` names. What is no longer kept is made up for by one event `snapshot`
/// with the run, its counts and its interim figures as they are now; so begins each stream of a run that does not go on
/// in this process, which gives a snapshot each time that something has changed, until the run has ended.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}/events", tag = "runs",
    params(
        ("id" = Uuid, Path, description = "The run"),
        ("after" = Option<u64>, Query, description = "The `seq` of the last event that was seen"),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, as browsers say it; it outweighs `after`"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
    ),
)]
pub(crate) async fn watch(
    State(state): State<AppState>,
    PathRun(run): PathRun,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let after = parameters.only(&["after"])?.value("after", "the seq of an event", |text| text.parse().ok())?;
    // A browser sends whatever it was given, by whomever: what is no number of ours is no place.
    let last = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    state.store.get_run(run).await?;
    let watcher = Watcher::new(run, state.store, state.desk, last.or(after));
    Ok(([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(watcher.stream())).into_response())
}
