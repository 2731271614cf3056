//! Browsers: how they come in, and how long they stay.

use std::time::Duration;

use axum::http::StatusCode;
use eval_core::Timestamp;
use eval_core::server::{Audit, AuditQuery, Tokens};
use eval_server::{AccessOptions, BindError, bind, first_token};

use crate::service::{Answer, Service, bearer, cookie, from, request};

async fn paste(service: &Service, token: &str, site: &str) -> Answer {
    let request = request("POST", "/login").header("content-type", "application/x-www-form-urlencoded");
    service.send_with(request.header("sec-fetch-site", site), format!("token={token}")).await
}

async fn status(service: &Service, cookie: &str) -> StatusCode {
    service.send(request("GET", "/api/v1/audit").header("cookie", cookie)).await.status
}

#[tokio::test(start_paused = true)]
async fn s02_a_login_link_opens_once_and_for_ten_minutes() {
    let service = Service::new(AccessOptions::default()).await;
    let link = service.state.login_link("").expect("set up");
    let first = service.send(request("GET", &link)).await;
    assert_eq!((first.status, &first.headers["location"]), (StatusCode::SEE_OTHER, &"./".parse().expect("set up")));
    assert_eq!(status(&service, &cookie(&first)).await, 200);
    let second = service.send(request("GET", &link)).await;
    assert_eq!(second.status, StatusCode::FORBIDDEN);
    assert!(!second.headers.contains_key("set-cookie"));
    let late = service.state.login_link("").expect("set up");
    tokio::time::advance(Duration::from_secs(10 * 60)).await;
    assert_eq!(service.send(request("GET", &late)).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(start_paused = true)]
async fn s02_a_cookie_is_for_this_server_alone_and_ends() {
    let plain = Service::new(AccessOptions::default().session(Duration::from_secs(60))).await;
    let answer = paste(&plain, &plain.admin, "same-origin").await;
    let set = answer.headers["set-cookie"].to_str().expect("set up").to_owned();
    let (secret, rest) = set.split_once(';').expect("set up");
    assert_eq!(rest, " HttpOnly; SameSite=Strict; Path=/; Max-Age=60");
    assert!(!plain.admin.contains(secret.split_once('=').expect("set up").1), "it is no token");
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(status(&plain, secret).await, 200);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(status(&plain, secret).await, 401);
    let safe = Service::new(AccessOptions::default().https(true).cookie_path("/evals")).await;
    let answer = paste(&safe, &safe.admin, "same-origin").await;
    assert!(answer.headers["set-cookie"].to_str().expect("set up").ends_with("Path=/evals; Max-Age=43200; Secure"));
}

#[tokio::test]
async fn s02_a_session_may_what_its_token_may_and_ends_with_it() {
    let service = Service::new(AccessOptions::default()).await;
    assert_eq!(status(&service, &cookie(&paste(&service, &service.read, "same-origin").await)).await, 403);
    let admin = cookie(&paste(&service, &service.admin, "same-origin").await);
    assert_eq!(status(&service, &admin).await, 200);
    let id = service.admin.split('_').nth(1).expect("set up").parse().expect("set up");
    service.store.revoke(&id, Timestamp::now()).await.expect("set up");
    assert_eq!(status(&service, &admin).await, 401);
    for token in [&service.expired, &service.revoked, "nonsense", ""] {
        let answer = paste(&service, token, "same-origin").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text.contains("This token opens nothing.") && !answer.headers.contains_key("set-cookie"));
    }
    assert_eq!(paste(&service, &service.read, "cross-site").await.code(), "cross_origin", "nobody signs others in");
}

#[tokio::test]
async fn s03_a_form_carries_what_only_our_pages_know() {
    let service = Service::new(AccessOptions::default()).await;
    let admin = service.cookie().await;
    let leave = async |body: &str| {
        let request = request("POST", "/logout").header("content-type", "application/x-www-form-urlencoded");
        service
            .send_with(request.header("cookie", &admin).header("sec-fetch-site", "same-origin"), body.to_owned())
            .await
    };
    let other = service.cookie().await;
    for body in ["", "csrf=", "csrf=guess", &format!("csrf={}", admin.split_once('=').expect("set up").1), &other] {
        assert_eq!(leave(body).await.code(), "cross_origin", "{body}");
    }
    assert_eq!(status(&service, &admin).await, 200, "still signed in");
    let page = service.send(request("GET", "/login").header("cookie", &admin)).await.text;
    let field = page.split_once(r#"name="csrf" value=""#).expect("a field").1.split('"').next().expect("set up");
    assert_eq!(leave(&format!("csrf={field}")).await.status, 303);
    assert_eq!(status(&service, &admin).await, 401);
    assert_eq!(status(&service, &cookie(&paste(&service, &service.admin, "same-origin").await)).await, 200);
}

#[tokio::test]
async fn s19_the_audit_log_has_its_route_for_administrators() {
    let service = Service::new(AccessOptions::default()).await;
    for _ in 0..3 {
        service.cookie().await;
    }
    paste(&service, &service.read, "same-origin").await;
    let entries = service.store.entries(&AuditQuery::default()).await.expect("set up");
    let who: Vec<_> = entries.iter().map(|entry| (entry.who.as_str(), entry.what.as_str())).collect();
    assert_eq!(who[0], ("token:read", "session.open"));
    assert_eq!(who[1..], [("login link", "session.open"); 3]);
    for (token, status) in [(&service.read, 403), (&service.run, 403), (&service.admin, 200)] {
        let answer = service.send(bearer(request("GET", "/api/v1/audit?limit=2"), token)).await;
        assert_eq!(answer.status.as_u16(), status);
    }
}

#[tokio::test(start_paused = true)]
async fn s01_use_is_written_down_once_a_minute() {
    let service = Service::new(AccessOptions::default()).await;
    let id = service.read.split('_').nth(1).expect("set up").parse().expect("set up");
    let used = async || service.store.token(&id).await.expect("set up").expect("set up").last_used;
    let call = async || service.send(bearer(request("GET", "/api/v1/runs"), &service.read)).await.status;
    assert_eq!((used().await, call().await), (None, StatusCode::OK));
    let first = used().await.expect("written down");
    for _ in 0..59 {
        tokio::time::advance(Duration::from_secs(1)).await;
        call().await;
    }
    assert_eq!(used().await, Some(first));
    tokio::time::advance(Duration::from_secs(1)).await;
    call().await;
    assert!(used().await > Some(first));
}

#[tokio::test]
async fn s02_other_addresses_than_loopback_want_a_token_first() {
    for (address, open) in [
        ("127.0.0.1:0", false),
        ("[::1]:0", false),
        ("localhost:0", false),
        ("127.8.8.8:0", false),
        ("0.0.0.0:0", true),
        ("[::]:0", true),
        ("192.168.1.7:0", true),
        ("203.0.113.7:0", true),
        ("[2001:db8::7]:0", true),
        ("[::ffff:192.168.1.7]:0", true),
    ] {
        let bare = eval_core::InMemory::new();
        match bind(address, &bare).await {
            Err(BindError::Unguarded { address: told }) => assert!(open, "{address}: {told}"),
            // A machine without IPv6 says so.
            Ok(_) | Err(BindError::Io { .. }) => assert!(!open, "{address}"),
            Err(other) => panic!("{address}: {other}"),
        }
        let lapsed = Service::new(AccessOptions::default()).await;
        for token in lapsed.store.tokens().await.expect("set up") {
            lapsed.store.revoke(&token.id, Timestamp::now()).await.expect("set up");
        }
        let refused = matches!(bind(address, &*lapsed.store).await, Err(BindError::Unguarded { .. }));
        assert_eq!(refused, open, "{address}: tokens that open nothing guard nothing");
    }
    for text in ["", "127.0.0.1", "nonsense", "127.0.0.1:99999", "no.such.host.invalid:1"] {
        assert!(matches!(bind(text, &eval_core::InMemory::new()).await, Err(BindError::Address { .. })), "{text}");
    }
    let guarded = Service::new(AccessOptions::default()).await;
    assert_ne!(bind("0.0.0.0:0", &*guarded.store).await.expect("guarded").address.port(), 0);
}

#[tokio::test]
async fn s02_the_first_token_is_made_once() {
    let store = eval_core::InMemory::new();
    let secret = first_token(&store).await.expect("set up").expect("none was there");
    let token = store.token(secret.id()).await.expect("set up").expect("set up");
    assert_eq!(token.admits(&secret, Timestamp::now()), Ok(eval_core::server::Scope::Admin));
    assert_eq!(store.entries(&AuditQuery::default()).await.expect("set up")[0].what, "token.create");
    assert!(first_token(&store).await.expect("set up").is_none());
    store.revoke(secret.id(), Timestamp::now()).await.expect("set up");
    assert!(first_token(&store).await.expect("set up").is_none(), "one that was revoked does not come back");
}

#[tokio::test]
async fn s02_failed_logins_are_slowed_for_their_address_alone() {
    let service = Service::new(AccessOptions::default().strangers_per_second(1)).await;
    let knock =
        async |address: &str, token: &str| service.send(bearer(from(address, "GET", "/api/v1/runs"), token)).await;
    assert_eq!(knock("10.0.0.1:1", &service.read).await.status, 200);
    let refused: Vec<u16> = futures(&knock).await;
    assert_eq!(refused, [401, 401, 401, 401, 401, 429, 429]);
    let answer = knock("10.0.0.1:9", "nonsense").await;
    assert_eq!(
        (answer.code().as_str(), &answer.headers["retry-after"]),
        ("too_many_requests", &"1".parse().expect("set up"))
    );
    assert_eq!(knock("10.0.0.1:2", &service.admin).await.status, 429, "a token that was not seen before waits too");
    assert_eq!(knock("10.0.0.1:2", &service.read).await.status, 200, "who was let in before is not locked out");
    assert_eq!(knock("10.0.0.2:2", &service.admin).await.status, 200, "another address");
    assert_eq!(service.send(from("10.0.0.1:1", "GET", "/healthz")).await.status, 200);
    let other = knock("[2001:db8::1]:1", "nonsense").await;
    assert_eq!(other.status, 401);
    for _ in 0..4 {
        knock("[2001:db8::1]:1", "nonsense").await;
    }
    assert_eq!(knock("[2001:db8::ffff]:1", "nonsense").await.status, 429, "a customer has a /64");
}

async fn futures(knock: &impl AsyncFn(&str, &str) -> Answer) -> Vec<u16> {
    let mut found = Vec::new();
    for _ in 0..7 {
        found.push(knock("10.0.0.1:1", "nonsense").await.status.as_u16());
    }
    found
}
