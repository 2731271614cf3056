//! Every route, by every kind of caller. The routes come from the router itself, and a route without an access cannot be
//! written: the table of routes takes handlers only together with one (`Table::at`).

use axum::http::StatusCode;
use eval_server::{Access, AccessOptions, Route, routes};

use crate::service::{Answer, Service, bearer, filled, request};

/// What anyone may ask for.
const PUBLIC: [&str; 5] = ["GET /assets/{name}", "GET /healthz", "GET /login", "GET /readyz", "POST /login"];

#[test]
fn s01_only_these_routes_ask_for_nothing() {
    let mut public: Vec<String> = routes().iter().filter(|route| route.access == Access::Public).map(name).collect();
    public.sort();
    assert_eq!(public, PUBLIC);
}

fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

fn changes(route: &Route) -> bool {
    route.method != "GET"
}

/// Asks for a route as a program does.
async fn ask(service: &Service, route: &Route, token: Option<&str>) -> Answer {
    let request = request(&route.method, &filled(&route.path));
    service.send(token.into_iter().fold(request, bearer)).await
}

/// Asks for it as a browser does that is signed in.
async fn browse(service: &Service, route: &Route, cookie: &str, site: &str) -> Answer {
    let request = request(&route.method, &filled(&route.path));
    service.send(request.header("cookie", cookie).header("sec-fetch-site", site)).await
}

/// Let in, whatever the route then says of a request without a body.
fn let_in(answer: &Answer) -> bool {
    !matches!(answer.code().as_str(), "unauthorized" | "forbidden") && answer.status != StatusCode::UNAUTHORIZED
}

#[tokio::test]
async fn s01_every_route_by_every_caller() {
    let service = Service::new(AccessOptions::default().strangers_per_second(1_000_000)).await;
    let bad =
        format!("{}{}", &service.admin[..service.admin.len() - 1], if service.admin.ends_with('0') { 1 } else { 0 });
    let mut asked = 0;
    for route in routes() {
        let Access::Scope(needed) = route.access else { continue };
        let name = name(&route);
        let nobody = ask(&service, &route, None).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{name}");
        for token in ["", "nonsense", &bad, &service.expired, &service.revoked] {
            let refused = ask(&service, &route, Some(token)).await;
            // What is wrong with a token is not told.
            assert_eq!((refused.status, &refused.text), (nobody.status, &nobody.text), "{name}");
            assert_eq!(refused.headers, nobody.headers, "{name}");
        }
        for (token, scope) in [(&service.read, "read"), (&service.run, "run"), (&service.admin, "admin")] {
            let answer = ask(&service, &route, Some(token)).await;
            let enough = eval_core::server::Scope::from_name(scope).expect("set up") >= needed;
            assert_eq!(let_in(&answer), enough, "{name} with the scope {scope}: {} {}", answer.status, answer.text);
            assert_eq!(answer.code() == "forbidden", !enough, "{name} with the scope {scope}");
            assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{name}");
        }
        let cookie = service.cookie().await;
        let mine = browse(&service, &route, &cookie, "same-origin").await;
        assert!(let_in(&mine), "{name}: {} {}", mine.status, mine.text);
        for site in ["cross-site", "same-site", "none"] {
            let theirs = browse(&service, &route, &cookie, site).await;
            let refused = theirs.code() == "cross_origin";
            assert_eq!(refused, changes(&route), "{name} from {site}: {} {}", theirs.status, theirs.text);
        }
        asked += 1;
    }
    assert!(asked >= 6, "{asked} routes");
}
