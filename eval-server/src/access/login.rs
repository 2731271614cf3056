//! The way in for browsers, and out.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use eval_core::server::{Scope, Secret};
use serde::Deserialize;
use utoipa::ToSchema;

use super::session::COOKIE;
use super::{Caller, Form, Session, address, form, opened, origin, session};
use crate::AppState;
use crate::audit::record;
use crate::error::ApiError;
use crate::query::Parameters;

/// The form to sign in, or the one to sign out.
#[derive(Template)]
#[template(path = "login.html")]
struct Page<'a> {
    /// Why the last attempt failed.
    words: &'a str,
    session: Option<Session>,
}

/// What a person pastes.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "only described: fields are read one by one")]
pub(crate) struct LoginForm {
    /// A token.
    token: String,
}

/// Signs a browser in with a code that was shown at start, or shows a form for a token; once signed in, one to sign out.
#[utoipa::path(
    get, path = "/login", tag = "access",
    params(("code" = Option<String>, Query, description = "A code that `evalctl serve` showed; it opens once")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 303, description = "signed in"),
        (status = 403, body = String, content_type = "text/html", description = "the code was used, or is too old"),
    ),
)]
pub(crate) async fn page(
    State(state): State<AppState>,
    headers: HeaderMap,
    parameters: Parameters,
    request: Request,
) -> Result<Response, ApiError> {
    let Some(code) = parameters.only(&["code"])?.text("code") else {
        return Ok(shown(StatusCode::OK, "", session(&state, &headers).await?));
    };
    if !state.door.codes.take(&code) {
        let refused = state.door.unknown(address(&request));
        return if refused.is_too_many() { Err(refused) } else { Ok(refusal("This link was used, or is too old.")) };
    }
    let caller = Caller::new("login link", Scope::Admin);
    record(&state, &caller, "session.open", "browser").await?;
    signed_in(&state, &headers, caller, None)
}

/// Signs a browser in with a token.
#[utoipa::path(
    post, path = "/login", tag = "access",
    request_body(content = LoginForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "signed in"),
        (status = 403, body = String, content_type = "text/html", description = "the token opens nothing"),
    ),
)]
pub(crate) async fn enter(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let (from, headers) = (address(&request), request.headers().clone());
    if !origin::allows(&headers, true) {
        return Err(ApiError::cross_origin());
    }
    let presented = form::fields(request).await?.only(&["token"])?.text("token").unwrap_or_default();
    let opened = match presented.trim().parse::<Secret>() {
        Ok(secret) => opened(&state, &secret, from).await,
        Err(_) => Err(state.door.unknown(from)),
    };
    match opened {
        Ok(token) => {
            record(&state, &Caller::of(&token), "session.open", "browser").await?;
            signed_in(&state, &headers, Caller::of(&token), Some(token.id))
        }
        Err(error) if error.is_unauthorized() => Ok(refusal("This token opens nothing.")),
        Err(error) => Err(error),
    }
}

/// Signs a browser out.
#[utoipa::path(
    post, path = "/logout", tag = "access",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded",
                 description = "the field `csrf` of the page"),
    responses((status = 303, description = "signed out"),),
)]
pub(crate) async fn leave(State(state): State<AppState>, headers: HeaderMap, form: Form) -> Result<Response, ApiError> {
    form.0.only(&[])?;
    state.door.sessions.close(&headers);
    Ok(with_cookie(&state, &headers, "", 0))
}

fn signed_in(
    state: &AppState,
    headers: &HeaderMap,
    caller: Caller,
    token: Option<eval_core::server::TokenId>,
) -> Result<Response, ApiError> {
    let secret = state.door.sessions.open(caller, token).map_err(|_| ApiError::no_randomness())?;
    Ok(with_cookie(state, headers, &secret, state.door.options.session.as_secs()))
}

/// Sends a browser on to what lies beside the login, with this cookie.
fn with_cookie(state: &AppState, headers: &HeaderMap, secret: &str, seconds: u64) -> Response {
    let options = &state.door.options;
    let over_https = options.https || headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let secure = if over_https { "; Secure" } else { "" };
    let path = &options.cookie_path;
    let cookie = format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path={path}; Max-Age={seconds}{secure}");
    (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, "./".to_owned())]).into_response()
}

fn refusal(words: &str) -> Response {
    shown(StatusCode::FORBIDDEN, words, None)
}

fn shown(status: StatusCode, words: &str, session: Option<Session>) -> Response {
    match (Page { words, session }).render() {
        Ok(page) => (status, Html(page)).into_response(),
        Err(_) => ApiError::internal().into_response(),
    }
}
