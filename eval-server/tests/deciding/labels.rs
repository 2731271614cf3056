use axum::http::StatusCode;
use eval_core::RunId;
use eval_core::server::Scope;
use serde_json::json;

use crate::service::Service;

const PATH: &str = "/api/v1/labels";

#[tokio::test]
async fn people_and_judge_are_put_beside_each_other() {
    let service = Service::new();
    let run = service.run("good", 58).await;
    for (sample, score) in [("q00", 1.0), ("q01", 0.0), ("q58", 0.0), ("q59", 1.0), ("q01", 0.4)] {
        let body = json!({"run": run.id, "sample": sample, "score": score, "reason": "read it"});
        let answer = service.post(Scope::Run, PATH, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json);
        assert_eq!((&answer.json["label"]["author"], &answer.json["label"]["epoch"]), (&json!("ada"), &json!(1)));
    }
    let found = service.read(&format!("{PATH}?run={}", run.id)).await;
    assert_eq!(found["labels"].as_array().map(Vec::len), Some(4), "the newest of an author counts");
    let agreement = &found["agreement"];
    assert_eq!(
        (&agreement["compared"], &agreement["share"], &agreement["kappa"]),
        (&json!(4), &json!(0.5), &json!(0.0))
    );
    let table = ["both_pass", "judge_only", "person_only", "both_fail"].map(|name| agreement[name].as_u64());
    assert_eq!(table, [Some(1); 4]);
    assert_eq!(service.audit().await.len(), 5);
}

#[tokio::test]
async fn only_answers_that_are_there_are_labelled() {
    let service = Service::new();
    let run = service.run("good", 58).await;
    for (body, status) in [
        (json!({"run": run.id, "sample": "q99", "score": 1}), StatusCode::NOT_FOUND),
        (json!({"run": run.id, "sample": "q00", "score": 1, "epoch": 2}), StatusCode::NOT_FOUND),
        (json!({"run": run.id, "sample": "q00", "score": 1, "epoch": 0}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"run": run.id, "sample": "q00", "score": 1.5}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"run": RunId::new(), "sample": "q00", "score": 1}), StatusCode::NOT_FOUND),
        (json!({"run": "x", "sample": "q00", "score": 1}), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = service.post(Scope::Run, PATH, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.json);
    }
    assert_eq!(service.post(Scope::Read, PATH, json!({})).await.status, StatusCode::FORBIDDEN);
    let nothing = service.read(&format!("{PATH}?run={}", run.id)).await;
    assert_eq!(nothing["agreement"]["share"], json!(null));
    assert_eq!(service.get(PATH).await.status, StatusCode::BAD_REQUEST);
}
