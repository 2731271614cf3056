//! Each limit of a request: at it, one above, far above.

use std::time::Duration;

use eval_server::AccessOptions;

use crate::service::{Answer, Service, bearer, request};

async fn read(service: &Service, path: &str) -> Answer {
    service.send(bearer(request("GET", path), &service.read)).await
}

#[tokio::test]
async fn s13_a_path_with_its_query_has_8_kib() {
    let service = Service::new(AccessOptions::default()).await;
    let path = |bytes: usize| format!("/api/v1/runs?model={}", "x".repeat(bytes - "/api/v1/runs?model=".len()));
    assert_eq!(read(&service, &path(8 << 10)).await.status, 200);
    for bytes in [(8 << 10) + 1, 60_000] {
        assert_eq!(read(&service, &path(bytes)).await.code(), "target_too_long", "{bytes}");
    }
}

#[tokio::test]
async fn s13_headers_have_16_kib() {
    let service = Service::new(AccessOptions::default()).await;
    let sent = async |bytes: usize| {
        let known = "host".len() + "localhost:8080".len() + "x".len();
        service.send(request("GET", "/healthz").header("x", "a".repeat(bytes - known))).await
    };
    assert_eq!(sent(16 << 10).await.status, 200);
    for bytes in [(16 << 10) + 1, 1 << 20] {
        assert_eq!(sent(bytes).await.code(), "headers_too_large", "{bytes}");
    }
}

#[tokio::test]
async fn s13_a_page_has_200() {
    let service = Service::new(AccessOptions::default()).await;
    let lists = |route: &&eval_server::Route| matches!(route.path.as_str(), "/api/v1/runs" | "/api/v1/audit");
    for route in eval_server::routes().iter().filter(lists) {
        for (limit, status) in [("200", 200), ("201", 400), ("99999999999999999999", 400), ("-1", 400), ("0", 400)] {
            let request = bearer(request("GET", &format!("{}?limit={limit}", route.path)), &service.admin);
            assert_eq!(service.send(request).await.status, status, "{} {limit}", route.path);
        }
    }
}

#[tokio::test]
async fn s13_a_form_has_1_mib() {
    let service = Service::new(AccessOptions::default()).await;
    let sent = async |bytes: usize| {
        let request = request("POST", "/login").header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("sec-fetch-site", "same-origin");
        service.send_with(request, format!("token={}", "x".repeat(bytes - "token=".len()))).await.status.as_u16()
    };
    assert_eq!([sent(1_000).await, sent((1 << 20) + 1).await, sent(10 << 20).await], [403, 413, 413]);
}

#[tokio::test(start_paused = true)]
async fn s13_each_caller_has_a_rate() {
    let service = Service::new(AccessOptions::default().per_second(5)).await;
    for at in 0..10 {
        assert_eq!(read(&service, "/api/v1/runs").await.status, 200, "{at}");
    }
    let refused = read(&service, "/api/v1/runs").await;
    assert_eq!((refused.status.as_u16(), &refused.headers["retry-after"]), (429, &"1".parse().expect("set up")));
    assert_eq!(
        service.send(bearer(request("GET", "/api/v1/runs"), &service.admin)).await.status,
        200,
        "another caller"
    );
    tokio::time::advance(Duration::from_millis(200)).await;
    assert_eq!(read(&service, "/api/v1/runs").await.status, 200);
    assert_eq!(read(&service, "/api/v1/runs").await.status, 429);
}
