//! What every answer forbids browsers and proxies.

use std::io;
use std::sync::Arc;

use axum::Extension;
use eval_core::server::Scope;
use eval_core::{Evaluation, EvaluationQuery, InMemory, Reports, Run, RunId, RunQuery, Store, StoreError, async_trait};
use eval_server::{AccessOptions, AppState, Caller, router, routes};

use crate::service::{Answer, Service, bearer, filled, from, request};

const FORBIDDEN: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
      frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

fn check(answer: &Answer, what: &str) {
    for (name, value) in FORBIDDEN {
        // Style sheets and the like may be kept: nobody wrote them.
        if name == "cache-control" && what.contains(" /assets/") {
            continue;
        }
        let found: Vec<_> = answer.headers.get_all(name).iter().collect();
        assert_eq!(found, [value], "{name} of {what}: {}", answer.status);
    }
}

#[tokio::test]
async fn s08_every_route_whatever_it_answers() {
    let service = Service::new(AccessOptions::default().strangers_per_second(1_000_000)).await;
    let mut seen = std::collections::BTreeSet::new();
    for route in routes() {
        let path = filled(&route.path);
        let asked = || request(&route.method, &path);
        let wrong_method = request("PATCH", &path);
        for (what, request) in [
            ("nobody", asked()),
            ("a reader", bearer(asked(), &service.read)),
            ("an administrator", bearer(asked(), &service.admin)),
            ("another method", bearer(wrong_method, &service.admin)),
            ("a form", bearer(asked(), &service.admin).header("content-type", "application/x-www-form-urlencoded")),
            ("a parameter", bearer(request(&route.method, &format!("{path}?no-such=1")), &service.admin)),
            ("too much", bearer(asked(), &service.admin).header("x", "x".repeat(20_000))),
            ("too long", bearer(request(&route.method, &format!("{path}?{}", "x".repeat(9_000))), &service.admin)),
        ] {
            let answer = service.send(request).await;
            check(&answer, &format!("{} {} ({what})", route.method, route.path));
            seen.insert(answer.status.as_u16());
        }
        let other = axum::http::Request::builder().uri(&path).header("host", "evil.example");
        check(&service.send(other).await, "421");
    }
    check(&service.send(request("GET", "/nowhere")).await, "404");
    let login = request("POST", "/login").header("content-type", "application/x-www-form-urlencoded");
    let login = login.header("sec-fetch-site", "same-origin");
    let large = service.send_with(login, "x".repeat(2 << 20)).await;
    assert_eq!(large.status, 413);
    check(&large, "413");
    for status in [200, 400, 401, 403, 404, 405, 414, 431] {
        assert!(seen.contains(&status), "{status} was not seen: {seen:?}");
    }
}

#[tokio::test]
async fn s08_refusals_for_too_many_and_failures_too() {
    let slow = Service::new(AccessOptions::default().per_second(1).strangers_per_second(1)).await;
    let mut seen = Vec::new();
    for _ in 0..7 {
        for request in [request("GET", "/api/v1/runs"), bearer(from("10.0.0.1:1", "GET", "/api/v1/runs"), &slow.read)] {
            let answer = slow.send(request).await;
            check(&answer, "429");
            seen.push(answer.status.as_u16());
        }
    }
    assert_eq!(seen.iter().filter(|status| **status == 429).count(), 2 + 5, "{seen:?}");
    let state = AppState::of(Arc::new(Broken), Arc::new(InMemory::new()));
    let broken = router(state).layer(Extension(Caller::new("tests", Scope::Admin)));
    let service = Service { router: broken, ..slow };
    let failed = service.send(request("GET", "/api/v1/runs")).await;
    assert_eq!((failed.status.as_u16(), failed.code().as_str()), (500, "internal"));
    check(&failed, "500");
    let panicked = service.send(request("GET", &filled("/api/v1/runs/{id}"))).await;
    assert_eq!((panicked.status.as_u16(), panicked.code().as_str()), (500, "internal"), "a panic takes one answer");
    check(&panicked, "500 after a panic");
}

/// A store that fails.
struct Broken;

fn gone<T>() -> Result<T, StoreError> {
    Err(StoreError::Backend(Box::new(io::Error::other("gone"))))
}

#[async_trait]
impl Store for Broken {
    async fn put_run(&self, _: &Run) -> Result<(), StoreError> {
        gone()
    }

    async fn get_run(&self, _: RunId) -> Result<Run, StoreError> {
        panic!("on purpose")
    }

    async fn list_runs(&self, _: &RunQuery) -> Result<Vec<Run>, StoreError> {
        gone()
    }

    async fn put_evaluations(&self, _: RunId, _: &[Evaluation]) -> Result<(), StoreError> {
        gone()
    }

    async fn evaluations(&self, _: RunId, _: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        gone()
    }
}

impl Reports for Broken {}
