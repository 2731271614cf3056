//! Who may do what: every route has an [`Access`], and every request that reaches one has a [`Caller`].

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use eval_core::Timestamp;
use eval_core::server::{Scope, Secret, Tokens as _};

use crate::AppState;
use crate::error::ApiError;

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
}

/// Lets a request through to a route, or not.
pub(crate) async fn admit(
    State((state, access)): State<(AppState, Access)>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if let Access::Scope(needed) = access {
        let caller = match request.extensions().get::<Caller>() {
            Some(caller) => caller.clone(),
            None => bearer(&state, request.headers()).await?,
        };
        if caller.scope < needed {
            return Err(ApiError::forbidden(needed));
        }
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

/// The bearer of a token.
async fn bearer(state: &AppState, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let presented = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = presented.and_then(|value| value.strip_prefix("Bearer ")).and_then(|text| text.trim().parse().ok());
    let secret: Secret = secret.ok_or_else(ApiError::unauthorized)?;
    let token = state.books.token(secret.id()).await?.ok_or_else(ApiError::unauthorized)?;
    let scope = token.admits(&secret, Timestamp::now()).map_err(|_| ApiError::unauthorized())?;
    Ok(Caller::new(format!("token:{}", token.name), scope))
}
