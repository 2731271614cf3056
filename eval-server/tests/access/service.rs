//! The routes over a store in memory, with tokens of every kind.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, request};
use eval_core::server::{Scope, Token, Tokens};
use eval_core::{InMemory, Timestamp};
use eval_server::{AccessOptions, AppState, router};
use serde_json::Value;
use tower::ServiceExt;

/// The routes, and what opens them.
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) store: Arc<InMemory>,
    pub(crate) state: AppState,
    pub(crate) read: String,
    pub(crate) run: String,
    pub(crate) admin: String,
    pub(crate) expired: String,
    pub(crate) revoked: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The code of an error, or nothing.
    pub(crate) fn code(&self) -> String {
        let json: Value = serde_json::from_str(&self.text).unwrap_or_default();
        json["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Service {
    pub(crate) async fn new(options: AccessOptions) -> Self {
        let store = Arc::new(InMemory::new());
        let read = token(&store, Scope::Read, |token| token).await;
        let run = token(&store, Scope::Run, |token| token).await;
        let admin = token(&store, Scope::Admin, |token| token).await;
        let expired =
            token(&store, Scope::Admin, |token| token.expires(Timestamp::from_second(1).expect("set up"))).await;
        let revoked = token(&store, Scope::Admin, |token| token).await;
        let id = revoked.split('_').nth(1).expect("set up").parse().expect("set up");
        store.revoke(&id, Timestamp::now()).await.expect("set up");
        let state = AppState::new(store.clone()).access(options);
        Self { router: router(state.clone()), store, state, read, run, admin, expired, revoked }
    }

    /// The cookie of a browser that is signed in with a login link.
    pub(crate) async fn cookie(&self) -> String {
        let link = self.state.login_link("").expect("set up");
        cookie(&self.send(request("GET", &link)).await)
    }

    pub(crate) async fn send(&self, request: request::Builder) -> Answer {
        self.send_with(request, Body::empty()).await
    }

    /// What comes back. The body of a success is left unread: a stream of events has no end.
    pub(crate) async fn send_with(&self, request: request::Builder, body: impl Into<Body>) -> Answer {
        let request = request.body(body.into()).expect("set up");
        let (parts, body) = self.router.clone().oneshot(request).await.expect("set up").into_parts();
        let html = parts.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let text = match parts.status.is_success() && !html {
            true => String::new(),
            false => String::from_utf8(to_bytes(body, 1 << 20).await.expect("set up").to_vec()).expect("set up"),
        };
        Answer { status: parts.status, headers: parts.headers, text }
    }
}

async fn token(store: &InMemory, scope: Scope, change: impl FnOnce(Token) -> Token) -> String {
    let (token, secret) = Token::issue(scope.name(), scope).expect("set up");
    store.put_token(&change(token)).await.expect("set up");
    secret.reveal()
}

/// The cookie that an answer sets, as a browser sends it back.
pub(crate) fn cookie(answer: &Answer) -> String {
    let set =
        answer.headers.get("set-cookie").unwrap_or_else(|| panic!("no cookie: {} {}", answer.status, answer.text));
    set.to_str().expect("set up").split(';').next().expect("set up").to_owned()
}

/// A request from loopback.
pub(crate) fn request(method: &str, path: &str) -> request::Builder {
    from("127.0.0.1:4000", method, path)
}

/// A request from somewhere.
pub(crate) fn from(address: &str, method: &str, path: &str) -> request::Builder {
    let address: SocketAddr = address.parse().expect("set up");
    Request::builder().method(method).uri(path).header("host", "localhost:8080").extension(ConnectInfo(address))
}

/// The same request with a token.
pub(crate) fn bearer(request: request::Builder, token: &str) -> request::Builder {
    request.header("authorization", format!("Bearer {token}"))
}

/// A path in which each parameter has a value.
pub(crate) fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        "{id}" => "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        _ if part.starts_with('{') => "x".to_owned(),
        _ => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
