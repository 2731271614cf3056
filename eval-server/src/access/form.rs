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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use eval_core::server::Scope;

    use super::super::Caller;
    use super::*;

    async fn sent(session: &Session, body: String) -> Result<Form, ApiError> {
        let kind = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = Request::builder().header(kind.0, kind.1).extension(session.clone()).body(Body::from(body));
        Form::from_request(request.unwrap(), &()).await
    }

    #[tokio::test]
    async fn s03_a_form_with_the_field_of_its_page_is_taken() {
        let csrf = "0-_9".to_owned();
        let session = Session { caller: Caller::new("x", Scope::Run), token: None, csrf };
        assert_eq!(session.field(), r#"<input type="hidden" name="csrf" value="0-_9">"#);
        let form = sent(&session, "why=a+%26%20b&csrf=0-_9".into()).await.expect("taken");
        let fields = form.0.only(&["why"]).expect("nothing else");
        assert_eq!(fields.text("why").as_deref(), Some("a & b"));
        for body in ["why=a", "csrf=0-_8&why=a", "csrf=&csrf=0-_9", "csrf=0-_9x"] {
            assert!(sent(&session, body.into()).await.is_err(), "{body}");
        }
    }
}
