use axum::http::StatusCode;
use eval_core::server::Scope;
use eval_core::{DatasetRef, Run, Store as _};
use serde_json::json;

use crate::service::Service;

const PATH: &str = "/api/v1/baselines";

#[tokio::test]
async fn a_run_is_blessed_for_a_reason_and_forgotten_for_one() {
    let service = Service::new();
    let run = service.run("good", 58).await;
    let body = json!({"run": "good@latest", "reason": " release 1.4 "});
    let refused = service.post(Scope::Run, PATH, body.clone()).await;
    assert_eq!((refused.status, service.audit().await.len()), (StatusCode::FORBIDDEN, 0));
    let blessed = service.post(Scope::Admin, PATH, body).await;
    assert_eq!(blessed.status, StatusCode::CREATED, "{}", blessed.json);
    let baseline = &blessed.json["baseline"];
    assert_eq!((&baseline["run"], &baseline["author"]), (&json!(run.id), &json!("ada")));
    assert_eq!(baseline["reason"], "release 1.4");
    assert_eq!(service.read("/api/v1/baselines?name=good").await["baselines"][0], *baseline);
    let forget = "/api/v1/baselines?name=good&dataset=golden";
    assert_eq!(service.delete(Scope::Admin, forget).await.status, StatusCode::BAD_REQUEST, "a reason is needed");
    let gone = service.delete(Scope::Admin, &format!("{forget}&reason=wrong+run")).await;
    assert_eq!((gone.status, &gone.json["cleared"]), (StatusCode::OK, &json!(1)));
    let again = service.delete(Scope::Admin, &format!("{forget}&reason=wrong+run")).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let done: Vec<_> = service.audit().await.into_iter().map(|entry| (entry.who, entry.what)).collect();
    assert_eq!(done, [("ada".into(), "baseline.clear".into()), ("ada".into(), "baseline.set".into())]);
}

#[tokio::test]
async fn what_cannot_stand_for_its_model_is_no_baseline() {
    let service = Service::new();
    let open = Run::new("good", DatasetRef::new("golden", "f", 1), 1);
    service.store.put_run(&open).await.unwrap();
    for (body, status) in [
        (json!({"run": open.id, "reason": "x"}), StatusCode::CONFLICT),
        (json!({"run": open.id, "reason": " "}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"run": "nobody", "reason": "x"}), StatusCode::NOT_FOUND),
        (json!({"run": "tag:", "reason": "x"}), StatusCode::NOT_FOUND),
        (json!({"run": open.id}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"run": open.id, "reason": "x", "by": "somebody else"}), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = service.post(Scope::Admin, PATH, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.json);
    }
    assert!(service.audit().await.is_empty());
}
