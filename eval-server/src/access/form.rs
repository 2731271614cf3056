//! Forms of our own pages.

use axum::extract::{FromRequest, Request};
use axum::http::header;

use super::Session;
use crate::body::whole;
use crate::error::ApiError;
use crate::query::Parameters;

/// The field that proves that one of our own pages made a form.
const FIELD: &str = "csrf";

/// A form that one of our own pages sent for the session of the request. What it holds is checked as a query is.
#[derive(Debug)]
pub(crate) struct Form(pub(crate) Parameters);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let session = request.extensions().get::<Session>().cloned().ok_or_else(ApiError::cross_origin)?;
        let mut fields = fields(request).await?;
        let sent = fields.take(FIELD).unwrap_or_default();
        match equal(&sent, &session.csrf) {
            true => Ok(Self(fields)),
            false => Err(ApiError::cross_origin()),
        }
    }
}

/// What a form holds, whoever sent it.
pub(crate) async fn fields(request: Request) -> Result<Parameters, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Err(ApiError::not_form());
    }
    Parameters::of_form(&whole(request).await?)
}

/// Compares in a time that tells nothing of where two texts differ.
fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

impl Session {
    /// The field that every form of a page for this session has to have, as HTML.
    pub(crate) fn field(&self) -> String {
        format!(r#"<input type="hidden" name="{FIELD}" value="{}">"#, self.csrf)
    }
}
