//! The API over a database that `evalctl` has filled says what `evalctl` says of it.

mod common;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::{Extension, Router};
use eval_core::server::Scope;
use eval_server::{AppState, Caller, router};
use eval_store::{DieselStore, Files};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

const DATABASE: &str = "sqlite://eval-demo.db";

/// What `evalctl` prints, whatever its exit code.
fn says(folder: &TempDir, arguments: &[&str]) -> Vec<u8> {
    let output = common::evalctl(folder).args(arguments).args(["--database-url", DATABASE]).output().expect("evalctl");
    output.stdout
}

fn json_of(folder: &TempDir, arguments: &[&str]) -> Value {
    serde_json::from_slice(&says(folder, arguments)).expect("JSON")
}

async fn service(folder: &TempDir) -> Router {
    let url = format!("sqlite:///{}", folder.path().join("eval-demo.db").display());
    let store = Arc::new(DieselStore::open(&url).await.expect("a database"));
    let state = AppState::new(store).exporter(Arc::new(Files));
    router(state).layer(Extension(Caller::new("tests", Scope::Admin)))
}

async fn bytes(service: &Router, request: Request<Body>) -> Vec<u8> {
    let what = request.uri().to_string();
    let response = service.clone().oneshot(request).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK, "{what}");
    to_bytes(response.into_body(), 100_000_000).await.expect("a body").to_vec()
}

async fn read(service: &Router, path: &str) -> Value {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    serde_json::from_slice(&bytes(service, request).await).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_says_what_evalctl_says_of_one_database() {
    let folder = common::fresh();
    let output = common::evalctl(&folder).args(["demo", "--epochs", "1"]).output().expect("the demo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let service = service(&folder).await;

    let drift = json_of(&folder, &["drift", "--json", "--min-drop", "1"]);
    let mut checked = 0;
    for history in drift["histories"].as_array().expect("histories") {
        let (name, dataset) = (history["name"].as_str().unwrap(), history["dataset"].as_str().unwrap());
        let told = json_of(&folder, &["drift", name, "--dataset", dataset, "--json", "--min-drop", "1"]);
        let path = format!("/api/v1/drift/{}?dataset={}", percent(name), percent(dataset));
        let found = read(&service, &path).await;
        assert_eq!(found["findings"], told["histories"][0]["findings"], "{name} on {dataset}");
        assert_eq!(found["levels"], told["histories"][0]["levels"]);
        checked += 1;
    }
    assert!(checked > 1, "the demo has histories");

    let models = json_of(&folder, &["models", "--json"]);
    let board = read(&service, "/api/v1/models").await;
    let runs = |board: &Value| -> Vec<Value> {
        board["models"].as_array().unwrap().iter().map(|model| without_folder(model["run"].clone())).collect()
    };
    assert_eq!(runs(&board), runs(&models));

    // Runs of one group were asked and graded alike.
    let group = &runs(&board)[0]["group"];
    let alike = runs(&board).into_iter().filter(|run| run["group"] == *group);
    let ids: Vec<String> = alike.map(|run| run["id"].as_str().unwrap().to_owned()).collect();
    let told = json_of(&folder, &["compare", &ids[0], &ids[1], "--json"]);
    let found = read(&service, &format!("/api/v1/compare?a={}&b={}", ids[0], ids[1])).await;
    for name in ["effect", "p_holm", "changes", "categories", "latency", "differs"] {
        assert_eq!(found["comparisons"][0]["comparison"][name], told["comparisons"][0][name], "{name}");
    }

    let told = json_of(&folder, &["gate", &ids[1], "--vs", &ids[0], "--margin", "5", "--json"]);
    let body = json!({"run": ids[1], "vs": ids[0], "limits": {"margin": 5}});
    let request = Request::post("/api/v1/gate").header("content-type", "application/json");
    let found = bytes(&service, request.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(serde_json::from_slice::<Value>(&found).unwrap()["report"], told["report"]);

    let path = models["models"][0]["run"]["spec"]["folder"].as_str().unwrap().to_owned();
    for format in ["csv", "json"] {
        let told = String::from_utf8(says(&folder, &["export", &ids[0], "--format", format])).unwrap();
        let request = Request::get(format!("/api/v1/runs/{}/export?format={format}", ids[0]));
        let found = bytes(&service, request.body(Body::empty()).unwrap()).await;
        let found = String::from_utf8(found).unwrap();
        assert!(!found.contains(&path) && told.contains(&path), "{format}: no path of this machine");
        let quote = if format == "csv" { "\"\"" } else { "\"" };
        let told = told.replace(&format!("{quote}folder{quote}:{quote}{path}{quote},"), "");
        assert!(found == told, "{format}: not the same bytes");
    }
}

/// A run without the place where it was made, which the API tells nobody.
fn without_folder(mut run: Value) -> Value {
    if let Some(spec) = run.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("folder");
    }
    run
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
