//! Who may do what: every route has an [`Access`], and every request that reaches one has a [`Caller`].

mod bind;
mod door;
mod form;
mod host;
pub(crate) mod login;
mod options;
mod origin;
mod rate;
mod screen;
mod session;

use std::net::IpAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use eval_core::Timestamp;
use eval_core::server::{Scope, Secret, Token, Tokens as _};

use crate::AppState;
use crate::body::{has_body, is_json};
use crate::error::ApiError;

pub use bind::{BindError, Bound, bind, first_token};
pub(crate) use door::Door;
pub(crate) use form::Form;

pub use options::AccessOptions;
pub(crate) use screen::screen;
pub(crate) use session::Session;

/// What a route asks of who calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Nothing: it tells nothing, or it is the way in.
    Public,
    /// A caller with at least this scope.
    Scope(Scope),
}

/// Reads what is stored.
pub(crate) const READ: Access = Access::Scope(Scope::Read);
/// Starts runs and stops them.
pub(crate) const RUN: Access = Access::Scope(Scope::Run);
/// Deletes, and changes what others rely on.
pub(crate) const ADMIN: Access = Access::Scope(Scope::Admin);

/// Who calls, and what they may do.
///
/// A host that has its own way to know its users puts one into the extensions of a request before it reaches the router;
/// then no token is asked for:
///
/// ```
/// use axum::{extract::Request, middleware::Next, response::Response};
/// use eval_core::server::Scope;
/// use eval_server::Caller;
///
/// async fn signed_in(mut request: Request, next: Next) -> Response {
///     // … after your own authentication has found out who it is:
///     request.extensions_mut().insert(Caller::new("alice", Scope::Run));
///     next.run(request).await
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// Who, as the audit log names them: `token:NAME`, or what the host says.
    pub name: String,
    /// What they may do.
    pub scope: Scope,
}

impl Caller {
    /// Somebody whom the host knows.
    pub fn new(name: impl Into<String>, scope: Scope) -> Self {
        Self { name: name.into(), scope }
    }

    /// The bearer of a token.
    fn of(token: &Token) -> Self {
        Self::new(format!("token:{}", token.name), token.scope)
    }
}

/// How a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// By what a browser never sends by itself, or in a way that the host knows.
    Sent,
    /// By a cookie, which a browser sends whoever made it send the request.
    Cookie,
}

/// Lets a request through to a route, or not.
pub(crate) async fn admit(
    State((state, access)): State<(AppState, Access)>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let Access::Scope(needed) = access else { return Ok(next.run(request).await) };
    let (caller, proof) = match caller(&state, &mut request).await {
        Err(error) if error.is_unauthorized() && wants_page(&request) => {
            return Ok(Redirect::to("login").into_response());
        }
        found => found?,
    };
    if caller.scope < needed {
        return Err(ApiError::forbidden(needed));
    }
    state.door.called(&caller)?;
    if changes(request.method()) {
        check_change(&request, proof)?;
    }
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    // For the log line of the request.
    response.extensions_mut().insert(caller);
    Ok(response)
}

/// Whether a browser asks for a page that stands beside the login.
fn wants_page(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_beside = !request.uri().path().trim_start_matches('/').contains('/');
    request.method() == Method::GET && is_beside && accepts.contains("text/html")
}

/// Whether a method may change something.
fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses a change that another page may have had a browser ask for.
fn check_change(request: &Request, proof: Proof) -> Result<(), ApiError> {
    if !origin::allows(request.headers(), proof == Proof::Cookie) {
        return Err(ApiError::cross_origin());
    }
    let headers = request.headers();
    let says = headers.contains_key(header::CONTENT_TYPE) || has_body(request);
    match request.uri().path().starts_with("/api/") && says && !is_json(headers) {
        true => Err(ApiError::not_json()),
        false => Ok(()),
    }
}

/// Who calls.
async fn caller(state: &AppState, request: &mut Request) -> Result<(Caller, Proof), ApiError> {
    if let Some(caller) = request.extensions().get::<Caller>() {
        return Ok((caller.clone(), Proof::Sent));
    }
    let from = address(request);
    if let Some(presented) = request.headers().get(header::AUTHORIZATION) {
        let secret = presented.to_str().ok().and_then(bearer).ok_or_else(|| state.door.unknown(from))?;
        let token = opened(state, &secret, from).await?;
        return Ok((Caller::of(&token), Proof::Sent));
    }
    let session = session(state, request.headers()).await?.ok_or_else(|| state.door.unknown(from))?;
    let caller = session.caller.clone();
    request.extensions_mut().insert(session);
    Ok((caller, Proof::Cookie))
}

/// The secret in a header `Authorization`.
fn bearer(value: &str) -> Option<Secret> {
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim().parse().ok()).flatten()
}

/// The token that a secret opens. Wrong, revoked and expired ones are refused alike.
async fn opened(state: &AppState, secret: &Secret, from: Option<IpAddr>) -> Result<Token, ApiError> {
    state.door.may_try(secret.id(), from)?;
    let now = Timestamp::now();
    let token = state.books.token(secret.id()).await?;
    let token = token.filter(|token| token.admits(secret, now).is_ok()).ok_or_else(|| state.door.unknown(from))?;
    state.door.used(&*state.books, &token, now).await;
    Ok(token)
}

/// The session of a browser, if it has one that still stands. It ends with the token that it was opened with.
async fn session(state: &AppState, headers: &HeaderMap) -> Result<Option<Session>, ApiError> {
    let Some(session) = state.door.sessions.of(headers) else { return Ok(None) };
    let Some(id) = &session.token else { return Ok(Some(session)) };
    let now = Timestamp::now();
    let stands = |token: &Token| token.revoked.is_none() && token.expires.is_none_or(|expires| expires > now);
    Ok(state.books.token(id).await?.as_ref().is_some_and(stands).then_some(session))
}

/// Whence a request comes, where whoever serves says so.
fn address(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<std::net::SocketAddr>>().map(|info| info.0.ip())
}
