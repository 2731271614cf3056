use axum::http::StatusCode;
use eval_core::{DriftLog as _, InMemory, RunId};

use crate::service::Service;

async fn computed(store: &InMemory, run: RunId) -> usize {
    store.reports(run, 0).await.expect("reports").len()
}

#[tokio::test]
async fn a_model_that_fell_is_an_alarm_with_latest_and_best() {
    let service = Service::new();
    for _ in 0..14 {
        service.run("m/1", 56).await;
    }
    let mut last = service.run("m/1", 25).await;
    for _ in 0..3 {
        last = service.run("m/1", 25).await;
    }
    assert_eq!(computed(&service.store, last.id).await, 0);
    let found = service.read("/api/v1/drift/m%2F1?detector=quality").await;
    assert_eq!((&found["alarm"], &found["status"]), (&true.into(), &"worse".into()), "{}", found["words"]);
    assert_eq!(found["run"], last.id.to_string());
    assert_eq!(found["levels"].as_array().map(Vec::len), Some(18));
    assert!((found["best"]["percent"].as_f64().unwrap() - 100.0 * 56.0 / 60.0).abs() < 1e-9);
    assert!((found["latest"]["percent"].as_f64().unwrap() - 100.0 * 25.0 / 60.0).abs() < 1e-9);
    assert_eq!(computed(&service.store, last.id).await, 1, "what was missing is stored");
    let quiet = service.read("/api/v1/drift/m%2F1?detector=quality&min_drop=99&window=2").await;
    assert_eq!((&quiet["alarm"], quiet["levels"].as_array().map(Vec::len)), (&false.into(), Some(2)));
    let rule = service.read("/api/v1/drift/m%2F1?detector=best-run&threshold=3").await;
    assert_eq!(rule["findings"][0]["report"]["method"]["name"], "best-run");
    let all = service.read("/api/v1/drift/m%2F1").await;
    assert!(all["findings"].as_array().unwrap().len() > 3, "operations too");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let service = Service::new();
    let run = service.run("good", 58).await;
    for (path, status) in [
        ("/api/v1/drift/nobody", StatusCode::NOT_FOUND),
        ("/api/v1/drift/good?dataset=nowhere", StatusCode::NOT_FOUND),
        ("/api/v1/drift/good?detector=quality,nonsense", StatusCode::BAD_REQUEST),
        ("/api/v1/drift/good?detector=", StatusCode::BAD_REQUEST),
        ("/api/v1/drift/good?window=0", StatusCode::BAD_REQUEST),
        ("/api/v1/drift/good?window=99999999999d", StatusCode::BAD_REQUEST),
        ("/api/v1/drift/good?min_drop=NaN", StatusCode::BAD_REQUEST),
        ("/api/v1/drift/good?threshold=1e999", StatusCode::BAD_REQUEST),
        ("/api/v1/drift/good?baseline=@baseline", StatusCode::NOT_FOUND),
        ("/api/v1/drift/good?baseline=window:0", StatusCode::UNPROCESSABLE_ENTITY),
        ("/api/v1/drift/%00", StatusCode::BAD_REQUEST),
        ("/api/v1/drift/good?window=65535d", StatusCode::OK),
    ] {
        let answer = service.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.json);
    }
    let itself = service.get(&format!("/api/v1/drift/good?baseline={}", run.id)).await;
    assert_eq!(itself.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", itself.json);
    let other = service.run_on("good", 58, "other").await;
    let elsewhere = service.get(&format!("/api/v1/drift/good?dataset=golden&baseline={}", other.id)).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (StatusCode::CONFLICT, "not_in_history"));
}
