//! The one shape in which every refusal and failure leaves.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use eval_core::StoreError;
use eval_core::server::{JobId, Scope};
use serde::Serialize;
use utoipa::ToSchema;

use crate::plain_expected;

/// The most characters of what a caller sent that an answer repeats.
const MOST_WORDS: usize = 500;

/// An answer that is no success: `{"error": {"code", "message", "hint"}}` with a status.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    /// When it is worth asking again, in seconds.
    retry_after: Option<u32>,
    body: Body,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failure)]
struct Body {
    /// What happened, for programs.
    code: &'static str,
    /// What happened, for people.
    message: String,
    /// What to do.
    hint: String,
}

/// Every answer that is no success.
#[derive(Serialize, ToSchema)]
pub(crate) struct Envelope {
    error: Body,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { status, retry_after: None, body: Body { code, message: message.into(), hint: hint.into() } }
    }

    /// The same, worth asking again after so many seconds.
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// A parameter whose value cannot be understood.
    pub(crate) fn bad_parameter(name: &str, found: &str, expected: &str) -> Self {
        let message = format!("parameter {name} is {found:?}");
        Self::new(StatusCode::BAD_REQUEST, "bad_parameter", message, format!("expected {expected}"))
    }

    /// A parameter that stands twice in the query.
    pub(crate) fn repeated_parameter(name: &str) -> Self {
        let message = format!("parameter {name} is given more than once");
        Self::new(StatusCode::BAD_REQUEST, "repeated_parameter", message, "expected one value")
    }

    /// A parameter that the route does not know: ignored, it would give an answer to another question.
    pub(crate) fn unknown_parameter(name: &str, known: &[&str]) -> Self {
        let known = if known.is_empty() { "no parameters".to_owned() } else { known.join(", ") };
        let message = format!("there is no parameter {name:?}");
        Self::new(StatusCode::BAD_REQUEST, "unknown_parameter", message, format!("this route takes {known}"))
    }

    /// Nobody is known to be calling. What is wrong with a token is not told.
    pub(crate) fn unauthorized() -> Self {
        let (message, hint) = ("this needs a token", "send the header Authorization: Bearer TOKEN");
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message, hint)
    }

    /// The caller may not do this.
    pub(crate) fn forbidden(needed: Scope) -> Self {
        let message = format!("this needs a token with the scope {}", needed.name());
        Self::new(StatusCode::FORBIDDEN, "forbidden", message, "evalctl token create makes one")
    }

    /// Whether this says that nobody is known to be calling.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Whether this says that somebody asks too often.
    pub(crate) fn is_too_many(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// Somebody asks too often.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil().clamp(1.0, 3_600.0) as u32;
        let (message, hint) = ("too many requests", format!("ask again in {seconds} s"));
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message, hint);
        Self { retry_after: Some(seconds), ..error }
    }

    /// A request for a name that is not ours.
    pub(crate) fn misdirected() -> Self {
        let (message, hint) = ("this server is not known by that name", "a setting of the server lists its names");
        Self::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", message, hint)
    }

    /// A path and query of more bytes than these.
    pub(crate) fn target_too_long(most: usize) -> Self {
        let message = format!("the path and its query have more than {most} bytes");
        Self::new(StatusCode::URI_TOO_LONG, "target_too_long", message, "ask for less at once")
    }

    /// Headers of more bytes than these.
    pub(crate) fn headers_too_large(most: usize) -> Self {
        let message = format!("the headers have more than {most} bytes");
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", message, "send fewer")
    }

    /// A change that a browser asks for, and not by one of our own pages.
    pub(crate) fn cross_origin() -> Self {
        let message = "this does not come from a page of this server";
        let hint = "load the page again; programs send a token and no cookie";
        Self::new(StatusCode::FORBIDDEN, "cross_origin", message, hint)
    }

    /// A form that is none.
    pub(crate) fn not_form() -> Self {
        let (message, hint) = ("the body is no form", "send content-type: application/x-www-form-urlencoded");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_form", message, hint)
    }

    /// A body that takes too long.
    pub(crate) fn too_slow() -> Self {
        let (message, hint) = ("the body did not come in time", "send it again, without pauses");
        Self::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", message, hint)
    }

    /// The operating system has no random bytes to give.
    pub(crate) fn no_randomness() -> Self {
        tracing::error!("the system has no random bytes");
        Self::internal()
    }

    /// A body that is not said to be JSON: a form of some other page, for instance.
    pub(crate) fn not_json() -> Self {
        let (message, hint) = ("the body is not JSON by its content-type", "send content-type: application/json");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message, hint)
    }

    /// A body of more bytes than these.
    pub(crate) fn too_large(most: usize) -> Self {
        let message = format!("the body has more than {most} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message, "send less at once")
    }

    /// A body that did not come as a whole.
    pub(crate) fn unread(error: &axum::Error, most: usize) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(found) = cause {
            if found.is::<http_body_util::LengthLimitError>() {
                return Self::too_large(most);
            }
            cause = found.source();
        }
        let (message, hint) = ("the body did not come as a whole", "send it again, without pauses");
        Self::new(StatusCode::BAD_REQUEST, "body_cut", message, hint)
    }

    /// A body that is not JSON.
    pub(crate) fn syntax(error: &serde_json::Error) -> Self {
        let message = format!("the body is not JSON: {error}");
        Self::new(StatusCode::BAD_REQUEST, "bad_json", message, "line and column say where")
    }

    /// A body that is JSON of another kind.
    pub(crate) fn wrong(path: &str, error: &serde_json::Error) -> Self {
        let words = error.to_string();
        // The path says where; a column says less.
        let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(before, _)| before);
        Self::wrong_at(if path == "." { "" } else { path }, &plain_expected(words))
    }

    /// A body in which something is wrong at this path, which is empty for the whole.
    pub(crate) fn wrong_at(path: &str, what: &str) -> Self {
        let mut message = if path.is_empty() { what.to_owned() } else { format!("{path}: {what}") };
        if let Some((end, _)) = message.char_indices().nth(MOST_WORDS) {
            message.truncate(end);
            message.push('…');
        }
        let hint = "the document at /api/openapi.json has the fields of each body";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_body", message, hint)
    }

    /// A body that wants to choose what only the configuration does.
    pub(crate) fn never(name: &str) -> Self {
        let message = format!("{name:?} cannot be given through the API");
        let hint = "endpoints and keys stand in the server's own configuration";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "never_by_api", message, hint)
    }

    /// A schedule runs one job at a time.
    pub(crate) fn schedule_busy(job: &JobId) -> Self {
        let message = format!("the job {job} of this schedule still goes on");
        Self::new(StatusCode::CONFLICT, "schedule_busy", message, "wait until it has ended, or cancel it")
    }

    /// Something that is named and is not there.
    pub(crate) fn not_found(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message, hint)
    }

    /// What is asked makes sense, but not with what is stored.
    pub(crate) fn conflict(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message, hint)
    }

    /// What is asked makes no sense.
    pub(crate) fn senseless(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message, hint)
    }

    fn unavailable() -> Self {
        let (message, hint) = ("the database is not available for now", "ask again in a few seconds");
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", message, hint);
        Self { retry_after: Some(5), ..error }
    }

    /// Requests cannot be served for now.
    pub(crate) fn not_ready(why: &str) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", why, "ask again in a few seconds");
        Self { retry_after: Some(1), ..error }
    }

    /// No file of ours has this name.
    pub(crate) fn no_asset() -> Self {
        Self::new(StatusCode::NOT_FOUND, "asset_not_found", "there is no such file", "the page at /docs names its own")
    }

    /// The server failed, and says no more than that.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed", "the server's log says why")
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if let StoreError::NotFound(id) = error {
            let (message, hint) = (format!("there is no run {id}"), "GET /api/v1/runs lists the runs");
            return Self::new(StatusCode::NOT_FOUND, "run_not_found", message, hint);
        }
        let transient = error.is_transient();
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::error!(error, "the store failed");
        if transient { Self::unavailable() } else { Self::internal() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Envelope { error: self.body })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The answer to a path that is no route.
pub(crate) async fn no_route(uri: Uri) -> ApiError {
    let message = format!("there is no {}", uri.path());
    ApiError::new(StatusCode::NOT_FOUND, "route_not_found", message, "the API begins at /api/v1")
}

/// The answer to a method that the route does not have.
pub(crate) async fn no_method(method: Method) -> ApiError {
    let message = format!("this route has no method {method}");
    let hint = "the document at /api/openapi.json has the methods of each route";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, hint)
}
