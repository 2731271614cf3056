//! Alerts over HTTP.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use eval_core::server::{Audit, AuditQuery, Scope};
use eval_server::{AppState, Caller, router};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

async fn call(service: &Router, scope: Scope, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut request = request.body(body).expect("a request");
    request.extensions_mut().insert(Caller::new("ann", scope));
    let response = service.clone().oneshot(request).await.expect("an answer");
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    (status, serde_json::from_slice(&bytes).expect("JSON"))
}

async fn service() -> (Arc<InMemory>, Router) {
    let store = Arc::new(InMemory::new());
    let alerts = alerts(&store, settings(), Notebook::default());
    for name in ["a", "b", "c"] {
        found(&store, &run(name, 22), &worse()).await;
    }
    turn(&alerts, after(1)).await;
    (store.clone(), router(AppState::new(store).alerts(alerts)))
}

#[tokio::test]
async fn alerts_are_listed_with_what_channels_were_told() {
    let (_, service) = service().await;
    let get = async |path: &str| call(&service, Scope::Read, Method::GET, path, None).await;
    let (status, page) = get("/api/v1/alerts?limit=2&open=true").await;
    assert_eq!((status, page["alerts"].as_array().map(Vec::len)), (StatusCode::OK, Some(2)), "{page:#}");
    let first = &page["alerts"][0];
    let id = first["alert"]["id"].as_str().expect("an id");
    let notice = &first["notices"][0];
    assert_eq!(
        (&notice["channel"], &notice["state"], &notice["attempts"]),
        (&json!("notebook"), &json!("sent"), &json!(1))
    );
    assert_eq!(notice["body"], Value::Null);
    let (_, rest) = get(&format!("/api/v1/alerts?limit=2&after={}", page["next"].as_str().expect("more"))).await;
    assert_eq!((rest["alerts"].as_array().map(Vec::len), &rest["next"]), (Some(1), &Value::Null));
    let (_, one) = get(&format!("/api/v1/alerts/{id}")).await;
    assert_eq!(one, *first);
    assert_eq!(get("/api/v1/alerts?open=false").await.1["alerts"], json!([]));
    for (path, status) in [
        ("/api/v1/alerts?open=maybe", 400),
        ("/api/v1/alerts?colour=red", 400),
        ("/api/v1/alerts/%00", 400),
        ("/api/v1/alerts/01890a5d-ac96-774b-bcce-b302099a8057", 404),
    ] {
        assert_eq!(get(path).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn a_person_answers_an_alert_and_the_audit_log_knows() {
    let (store, service) = service().await;
    let id = all(&store).await[0].id;
    let ack = async |scope: Scope, body: Value| {
        call(&service, scope, Method::POST, &format!("/api/v1/alerts/{id}/ack"), Some(body)).await
    };
    let accept = json!({"action": "accept", "reason": "the new prompt"});
    assert_eq!(ack(Scope::Read, accept.clone()).await.0, StatusCode::FORBIDDEN);
    for bad in [
        json!({"action": "accept"}),
        json!({"action": "accept", "reason": " "}),
        json!({"action": "shrug", "reason": "x"}),
        json!({"action": "mute", "reason": "x", "until": "2020-01-01T00:00:00Z"}),
        json!({"action": "accept", "reason": "x", "until": "2099-01-01T00:00:00Z"}),
        json!({"action": "accept", "reason": "x", "colour": "red"}),
        json!({"action": "accept", "reason": "x".repeat(2_001)}),
        json!([]),
    ] {
        assert_eq!(ack(Scope::Run, bad.clone()).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let mute = json!({"action": "mute", "reason": "known", "until": "2099-01-01T00:00:00Z"});
    let (status, muted) = ack(Scope::Run, mute).await;
    assert_eq!(
        (status, &muted["alert"]["ack"]["kind"], &muted["alert"]["recovered"]),
        (StatusCode::OK, &json!("mute"), &Value::Null)
    );
    let (status, over) = ack(Scope::Run, accept.clone()).await;
    assert_eq!((status, &over["alert"]["ack"]["by"]), (StatusCode::OK, &json!("ann")));
    assert!(over["alert"]["recovered"].is_string(), "{over:#}");
    assert_eq!(ack(Scope::Run, accept).await.0, StatusCode::CONFLICT);
    let entries = store.entries(&AuditQuery::default()).await.expect("the log");
    let told: Vec<_> = entries.iter().map(|entry| (&*entry.who, &*entry.what, &*entry.details["action"])).collect();
    assert_eq!(told, [("ann", "alert.ack", "accept"), ("ann", "alert.ack", "mute")]);
}

#[tokio::test]
async fn channels_can_be_tried() {
    let (_, service) = service().await;
    let test =
        async |scope: Scope, body: Value| call(&service, scope, Method::POST, "/api/v1/alerts/test", Some(body)).await;
    assert_eq!(test(Scope::Run, json!({})).await.0, StatusCode::FORBIDDEN);
    let (status, answers) = test(Scope::Admin, json!({})).await;
    let expected = json!({"channels": [{"channel": "notebook", "taken": true, "error": null, "said": "thanks"}]});
    assert_eq!((status, answers), (StatusCode::OK, expected));
    assert_eq!(test(Scope::Admin, json!({"channel": "fax"})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(test(Scope::Admin, json!({"channel": 7})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let plain = Request::post("/api/v1/alerts/test").body(Body::from("{}")).expect("a request");
    let mut plain = plain;
    plain.extensions_mut().insert(Caller::new("ann", Scope::Admin));
    let answer = service.clone().oneshot(plain).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
