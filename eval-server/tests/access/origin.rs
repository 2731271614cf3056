//! For which name and from which page a request is taken.

use axum::body::Body;
use axum::http::Request;
use eval_server::AccessOptions;

use crate::service::{Service, bearer, from};

/// What is sent to a route that changes something (`POST /logout` and a POST that no route takes), header by header:
/// who it is, `Sec-Fetch-Site`, `Origin`, content-type; and whether that is refused as coming from another page.
const CHANGES: [(&str, &str, &str, bool); 24] = [
    ("token", "", "", true),
    ("token", "same-origin", "", true),
    ("token", "none", "", true),
    ("token", "cross-site", "", false),
    ("token", "same-site", "", false),
    ("token", "nonsense", "", false),
    ("token", "", "http://localhost:8080", true),
    ("token", "", "http://evil.example", false),
    ("token", "", "null", false),
    ("cookie", "", "", false),
    ("cookie", "same-origin", "", true),
    ("cookie", "none", "", false),
    ("cookie", "cross-site", "", false),
    ("cookie", "same-site", "", false),
    ("cookie", "Same-Origin", "", false),
    ("cookie", "", "http://localhost:8080", true),
    ("cookie", "", "https://localhost:8080", true),
    ("cookie", "", "http://localhost", false),
    ("cookie", "", "http://localhost:8081", false),
    ("cookie", "", "http://evil.example", false),
    ("cookie", "", "http://localhost:8080.evil.example", false),
    ("cookie", "", "null", false),
    ("cookie", "cross-site", "http://localhost:8080", false),
    ("cookie", "same-origin", "http://localhost:8080", true),
];

/// Bodies of a POST below /api: who, content-type, whether there is one; whether that is refused
/// with 415. What names no content-type and has no body is up to the route.
const KINDS: [(&str, Option<&str>, &str, bool); 7] = [
    ("token", Some("application/json"), "{}", false),
    ("token", Some("application/json; charset=utf-8"), "{}", false),
    ("token", None, "{}", true),
    ("token", Some("application/x-www-form-urlencoded"), "a=b", true),
    ("token", Some("multipart/form-data; boundary=x"), "--x--", true),
    ("cookie", Some("text/plain"), "{}", true),
    ("cookie", Some("application/x-www-form-urlencoded"), "", true),
];

/// Names that are asked for at a server with the default settings; the status.
const HOSTS: [(&str, u16); 16] = [
    ("localhost", 200),
    ("LOCALHOST:8080", 200),
    ("127.0.0.1", 200),
    ("127.0.0.1:8080", 200),
    ("[::1]", 200),
    ("[::1]:8080", 200),
    ("", 421),
    ("evil.example", 421),
    ("evil.example:8080", 421),
    ("localhost.evil.example", 421),
    ("localhost:8080@evil.example", 421),
    ("127.0.0.1.evil.example", 421),
    ("192.168.1.7:8080", 421),
    ("[::2]", 421),
    ("localhost:x", 421),
    ("::1", 421),
];

/// The headers of a request by somebody with all rights.
fn by(
    request: axum::http::request::Builder,
    who: &str,
    service: &Service,
    cookie: &str,
) -> axum::http::request::Builder {
    match who {
        "token" => bearer(request, &service.admin),
        _ => request.header("cookie", cookie),
    }
}

#[tokio::test]
async fn s03_a_change_comes_from_a_program_or_from_a_page_of_ours() {
    let service = Service::new(AccessOptions::default()).await;
    let cookie = service.cookie().await;
    for (who, site, origin, allowed) in CHANGES {
        let mut request = by(from("127.0.0.1:1", "POST", "/logout"), who, &service, &cookie);
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            request = if value.is_empty() { request } else { request.header(name, value) };
        }
        let answer = service.send_with(request.header("content-type", "text/plain"), "x").await;
        // What is let through is told next that this is no form, or that a token has no page.
        let next = if who == "token" { 403 } else { 415 };
        let expected = if allowed { next } else { 403 };
        assert_eq!(answer.status.as_u16(), expected, "{who} {site:?} {origin:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn s03_below_api_a_body_is_json_or_it_is_refused() {
    let service = Service::new(AccessOptions::default()).await;
    let cookie = service.cookie().await;
    let changing = |route: &&eval_server::Route| route.method == "POST" && route.path.starts_with("/api/");
    for route in eval_server::routes().iter().filter(changing) {
        for (who, kind, body, refused) in KINDS {
            let request = by(from("127.0.0.1:1", "POST", &crate::service::filled(&route.path)), who, &service, &cookie);
            let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
            let answer = service.send_with(request.header("sec-fetch-site", "same-origin"), body).await;
            assert_eq!(answer.status == 415, refused, "{} {who} {kind:?}: {}", route.path, answer.text);
        }
    }
}

#[tokio::test]
async fn s03_only_our_own_names_are_answered() {
    let service = Service::new(AccessOptions::default()).await;
    for (host, status) in HOSTS {
        let request = Request::builder().uri("/healthz").header("host", host);
        assert_eq!(service.send(request).await.status.as_u16(), status, "{host:?}");
    }
    assert_eq!(service.send(Request::builder().uri("/healthz")).await.status, 200, "no browser leaves it out");
    let twice = Request::builder().uri("/healthz").header("host", "localhost").header("host", "evil.example");
    assert_eq!(service.send(twice).await.status, 421);
    let whole = Request::builder().uri("http://evil.example/healthz").header("host", "localhost");
    assert_eq!(service.send(whole).await.status, 421);
    for path in ["/nowhere", "/login", "/api/v1/runs"] {
        let answer = service.send(Request::builder().uri(path).header("host", "evil.example")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (421, "unknown_host"), "{path}");
    }
}

#[tokio::test]
async fn s03_settings_add_names() {
    let asked = async |options: AccessOptions, host: &str| {
        let service = Service::new(options).await;
        service.send(Request::builder().uri("/healthz").header("host", host)).await.status.as_u16()
    };
    let default = AccessOptions::default;
    assert_eq!(asked(default().host("Evals.example:443"), "evals.EXAMPLE").await, 200);
    assert_eq!(asked(default().host("evals.example"), "other.example").await, 421);
    for (bound, host, status) in [
        ("192.168.1.7:8080", "192.168.1.7:8080", 200),
        ("192.168.1.7:8080", "192.168.1.8:8080", 421),
        ("[fd00::7]:8080", "[fd00::7]", 200),
        ("0.0.0.0:8080", "192.168.1.7", 200),
        ("[::]:8080", "[fd00::7]:8080", 200),
        ("0.0.0.0:8080", "evil.example", 421),
    ] {
        assert_eq!(asked(default().bound(bound.parse().expect("set up")), host).await, status, "{bound} as {host}");
    }
    assert_eq!(asked(default().any_host(), "whatever.example").await, 200, "a host service that checks names itself");
}

#[tokio::test]
async fn s03_no_other_page_may_read() {
    let service = Service::new(AccessOptions::default()).await;
    for method in ["GET", "OPTIONS"] {
        let request = bearer(from("127.0.0.1:1", method, "/api/v1/runs"), &service.read);
        let request = request.header("origin", "http://evil.example").header("access-control-request-method", "GET");
        let answer = service.send_with(request, Body::empty()).await;
        let told = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(told.count(), 0, "{method}");
    }
}
