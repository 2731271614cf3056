//! A body of JSON.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::ApiError;

/// A body of JSON, and its text.
pub(super) struct JsonBody<T> {
    pub(super) value: T,
    pub(super) text: String,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, ApiError> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let message = "the body is not sent as JSON";
            let hint = "send the header Content-Type: application/json";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message, hint));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let hint = "a request for runs is a few hundred bytes";
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is too large", hint)
            }
            _ => bad("the body cannot be read"),
        })?;
        let text = String::from_utf8(bytes.into()).map_err(|_| bad("the body is not UTF-8"))?;
        let value = serde_json::from_str(&text).map_err(|error| match error.classify() {
            Category::Data => {
                refused(error.to_string(), "the document at /api/openapi.json has the fields of the body")
            }
            _ => bad(&format!("the body is no JSON: {error}")),
        })?;
        Ok(Self { value, text })
    }
}

fn bad(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "bad_body", message, "send one JSON object")
}

/// The body can be read, and asks for something that cannot be.
pub(super) fn refused(message: impl Into<String>, hint: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", message, hint)
}
