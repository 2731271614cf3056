//! How a server says how it is.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::{Extension, Router};
use eval_core::server::{Job, JobRequest, Jobs as _, Scope};
use eval_core::{
    Attempt, AttemptEnd, AttemptLog as _, Completion, DatasetRef, InMemory, Origin, ProviderError, ProviderErrorKind,
    Run, RunSpec, Store as _, Timestamp, Timing,
};
use eval_server::{AppState, Caller, router};
use serde_json::Value;
use tower::ServiceExt;

async fn get(service: &Router, path: &str) -> (u16, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = service.clone().oneshot(request).await.expect("an answer");
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), 10_000_000).await.expect("a body");
    (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

async fn json(service: &Router, path: &str) -> Value {
    let (status, text) = get(service, path).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

fn service(state: AppState) -> Router {
    router(state).layer(Extension(Caller::new("tests", Scope::Read)))
}

/// A store with a run that made these calls, so many hours ago.
async fn called(calls: impl IntoIterator<Item = (i64, AttemptEnd)>) -> Arc<InMemory> {
    let store = Arc::new(InMemory::new());
    let run = Run::new("model-a", DatasetRef::new("golden", "f", 1), 1);
    store.put_run(&run).await.expect("stored");
    for (hours, end) in calls {
        let mut attempt = Attempt::new(Origin::answer(run.id, "a".into(), 1), "model-a");
        attempt.begun = Timestamp::now() - Duration::from_secs(hours.unsigned_abs() * 3_600);
        store.begin(&attempt).await.expect("written down");
        store.end(attempt.ended(end));
    }
    store
}

fn answered(ms: f64) -> AttemptEnd {
    AttemptEnd::answered(&Completion::new("x").timing(Timing::service(ms)))
}

fn failed(kind: ProviderErrorKind) -> AttemptEnd {
    AttemptEnd::failed(&ProviderError::new(kind, "it went wrong"))
}

#[tokio::test]
async fn health_tells_how_the_calls_of_each_model_went() {
    let mut calls: Vec<_> = (1..=8).map(|at| (0, answered(f64::from(at) * 100.0))).collect();
    calls.push((0, failed(ProviderErrorKind::RateLimited)));
    calls.push((5, failed(ProviderErrorKind::Timeout)));
    calls.push((30, failed(ProviderErrorKind::Auth)));
    let health = json(&service(AppState::new(called(calls).await)), "/api/v1/health").await;
    assert_eq!((&health["status"], &health["store"]["kind"]), (&"ok".into(), &"memory".into()));
    assert_eq!(health["providers"].as_array().map(Vec::len), Some(1));
    let model = &health["providers"][0];
    let (hour, day) = (&model["hour"], &model["day"]);
    assert_eq!((hour["ended"].as_u64(), day["ended"].as_u64()), (Some(9), Some(10)), "{model:#}");
    assert_eq!((hour["success"].as_f64(), hour["rate_limited"].as_f64()), (Some(8.0 / 9.0), Some(1.0 / 9.0)));
    assert_eq!((hour["p50_ms"].as_f64(), hour["p95_ms"].as_f64()), (Some(400.0), Some(800.0)));
    let (low, high) = eval_core::wilson(8.0, 10).expect("an interval");
    assert_eq!(day["success_interval"], serde_json::json!([low, high]));
    assert_eq!(model["last_error"]["message"], "it went wrong");
}

#[tokio::test]
async fn a_server_without_calls_knows_nothing_of_models() {
    let health = json(&service(AppState::new(Arc::new(InMemory::new()))), "/api/v1/health").await;
    assert_eq!(health["providers"], serde_json::json!([]));
    assert_eq!(health["schedules"], serde_json::json!([]));
    assert_eq!(health["workers"], serde_json::json!({"enabled": false, "running": 0, "queued": 0}));
}

#[tokio::test]
async fn a_server_that_is_about_to_end_is_not_ready_but_alive() {
    let state = AppState::new(Arc::new(InMemory::new()));
    let service = router(state.clone());
    assert_eq!(get(&service, "/readyz").await.0, 200, "and needs no token");
    state.stopping();
    let (status, text) = get(&service, "/readyz").await;
    assert_eq!(status, 503);
    assert!(text.contains("not_ready") && text.contains("about to end"), "{text}");
    assert_eq!(get(&service, "/healthz").await.0, 200);
}

#[tokio::test]
async fn metrics_follow_the_grammar_and_name_templates_only() {
    let store = called([(0, answered(5.0))]).await;
    let job = Job::new("ann", JobRequest::new(["model-a"], RunSpec::new("golden.csv")));
    store.submit(&job, 10).await.expect("submitted");
    let service = service(AppState::new(store));
    for path in ["/api/v1/runs/none", "/api/v1/runs/other", "/nowhere/1", "/nowhere/2", "/healthz"] {
        get(&service, path).await;
    }
    let (status, text) = get(&service, "/metrics").await;
    assert_eq!(status, 200);
    grammar(&text);
    for line in [
        "eval_jobs{state=\"queued\"} 1",
        "eval_runs{status=\"running\"} 1",
        "eval_alerts_open 0",
        "eval_store_reachable 1",
        "eval_http_requests_total{method=\"GET\",route=\"/api/v1/runs/{id}\",status=\"400\"} 2",
        "eval_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 2",
        "eval_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1",
        "eval_http_request_duration_seconds_count{route=\"none\"} 2",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("nowhere"), "a path is no label");
}

#[tokio::test]
async fn metrics_need_a_token_unless_they_are_made_public() {
    let state = || AppState::new(Arc::new(InMemory::new()));
    assert_eq!(get(&router(state()), "/metrics").await.0, 401);
    assert_eq!(get(&router(state().public_metrics(true)), "/metrics").await.0, 200);
}

/// Holds a text to the grammar of OpenMetrics 1.0: families one after the other, each with its type before its samples;
/// the end in the last line.
fn grammar(text: &str) {
    let name_is_one = |name: &str| {
        let is_letter = |c: char| c.is_ascii_alphabetic() || "_:".contains(c);
        name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
    };
    assert!(text.ends_with("# EOF\n"), "the end is marked");
    let mut families: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<&str> = comment.splitn(3, ' ').collect();
            assert!(
                ["HELP", "TYPE", "UNIT"].contains(&words[0]) && words.len() == 3 && name_is_one(words[1]),
                "{line}"
            );
            if words[0] == "TYPE" {
                assert!(["counter", "gauge", "histogram"].contains(&words[2]), "{line}");
            }
            if families.last().is_none_or(|last| last != words[1]) {
                assert!(!families.contains(&words[1].to_owned()), "{line}: a family stands in one place");
                families.push(words[1].to_owned());
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a value");
        value.parse::<f64>().unwrap_or_else(|_| panic!("{line}: no number"));
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let family = families.last().expect("a type stands before samples");
        let suffix = name.strip_prefix(family.as_str()).unwrap_or_else(|| panic!("{line} stands under {family}"));
        assert!(["", "_total", "_sum", "_count", "_bucket"].contains(&suffix), "{line}");
        let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}: labels do not end"));
        for label in labels.split("\",").filter(|label| !label.is_empty()) {
            let (key, text) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}: {label}"));
            assert!(name_is_one(key) && !text.trim_end_matches('"').contains('"'), "{line}");
        }
    }
    assert!(families.len() >= 8, "{families:?}");
}
