use axum::http::StatusCode;
use eval_core::server::Scope;
use eval_core::{Run, RunKind, Store as _, Timestamp};
use serde_json::{Value, json};

use crate::service::{Answer, Service};

const PATH: &str = "/api/v1/gate";

async fn ask(service: &Service, body: Value) -> Answer {
    service.post(Scope::Read, PATH, body).await
}

fn in_days(days: i64) -> String {
    Timestamp::from_second(Timestamp::now().as_second() + days * 86_400).expect("a time").to_string()
}

#[tokio::test]
async fn every_decision_is_a_200_with_its_evidence_and_its_end() {
    let service = Service::new();
    let before = service.run("good", 58).await;
    let run = service.run("good", 30).await;
    let found = ask(&service, json!({"run": run.id, "vs": before.id.to_string()})).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.json);
    assert_eq!((&found.json["decision"], &found.json["may_ship"]), (&json!("fail"), &json!(false)));
    assert_eq!(
        (&found.json["report"]["checks"][0]["outcome"], &found.json["override"]),
        (&json!("fail"), &json!(null))
    );
    let expires: Timestamp = found.json["expires"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires.as_second() - run.finished.unwrap().as_second(), 24 * 3_600);
    assert_eq!(
        (&found.json["expired"], &found.json["rule"]),
        (&json!(false), &json!("holds for 24 hours after the run ended"))
    );
    let same = service.run("good", 58).await;
    let found = ask(&service, json!({"model": "good", "vs": before.id.to_string(), "limits": {"margin": 10}})).await;
    assert_eq!((&found.json["run"], &found.json["decision"]), (&json!(same.id), &json!("pass")));
    let nothing = ask(&service, json!({"run": run.id})).await;
    assert_eq!((nothing.status, &nothing.json["decision"]), (StatusCode::OK, &json!("inconclusive")));
    assert_eq!(nothing.json["may_ship"], false, "without a baseline nothing is green");
    assert!(nothing.json["notes"].to_string().contains("no run of good on golden is blessed"), "{}", nothing.json);
}

#[tokio::test]
async fn a_commit_names_its_run_and_an_old_decision_has_expired() {
    let service = Service::new();
    let before = service.run("good", 58).await;
    let mut old = service.run("good", 58).await;
    old.provenance.git_commit = Some("f00dfeed".into());
    old.finished = Some(Timestamp::from_second(old.started.as_second() - 2 * 86_400).unwrap());
    service.store.put_run(&old).await.unwrap();
    service.run("good", 58).await;
    let body = json!({"model": "good", "dataset": "golden", "commit": "f00d", "vs": before.id.to_string()});
    let found = ask(&service, body).await;
    assert_eq!((&found.json["run"], &found.json["expired"]), (&json!(old.id), &json!(true)));
    assert!(found.json["notes"].to_string().contains("has expired"));
    let none = ask(&service, json!({"model": "good", "commit": "beef"})).await;
    assert_eq!((none.status, none.code()), (StatusCode::NOT_FOUND, "run_not_found"));
}

#[tokio::test]
async fn an_override_is_told_as_one_until_it_ends() {
    let service = Service::new();
    let before = service.run("good", 58).await;
    let run = service.run("good", 30).await;
    let question = json!({"run": run.id, "vs": before.id.to_string()});
    let mut overriding = question.clone();
    overriding["override"] = json!({"reason": "known flaky judge", "until": in_days(2)});
    let refused = service.post(Scope::Run, PATH, overriding.clone()).await;
    assert_eq!((refused.status, service.audit().await.len()), (StatusCode::FORBIDDEN, 0));
    let found = service.post(Scope::Admin, PATH, overriding).await;
    assert_eq!((&found.json["decision"], &found.json["may_ship"]), (&json!("fail"), &json!(true)), "{}", found.json);
    assert_eq!(found.json["override"]["by"], "ada");
    let entries = service.audit().await;
    assert_eq!((entries[0].what.as_str(), entries[0].target.clone()), ("gate.override", run.id.to_string()));
    assert_eq!(entries[0].details["reason"], "known flaky judge");
    let later = ask(&service, question.clone()).await;
    assert_eq!((&later.json["decision"], &later.json["may_ship"]), (&json!("fail"), &json!(true)));
    assert_eq!(later.json["override"]["reason"], "known flaky judge");
    let mut stricter = question;
    stricter["limits"] = json!({"margin": 1});
    let stricter = ask(&service, stricter).await;
    assert_eq!(
        (&stricter.json["may_ship"], &stricter.json["override"]),
        (&json!(false), &json!(null)),
        "another question"
    );
}

async fn recalled(service: &Service) -> Run {
    let mut run = service.run("good", 58).await;
    run.kind = RunKind::Recall;
    service.store.put_run(&run).await.expect("stored");
    run
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let service = Service::new();
    let run = service.run("good", 58).await;
    let old = recalled(&service).await;
    let overriding =
        |reason: &str, until: String| json!({"run": run.id, "override": {"reason": reason, "until": until}});
    for (body, code) in [
        (json!({}), "no_run"),
        (json!({"run": run.id, "model": "good"}), "two_runs"),
        (json!({"run": run.id, "limits": {"min_accuracy": 0.8}}), "bad_limit"),
        (json!({"run": run.id, "limits": {"margin": 0}}), "bad_limit"),
        (json!({"run": run.id, "limits": {"max_cost": -1}}), "bad_limit"),
        (json!({"run": run.id, "limits": {"max_cost": 1e300}}), "bad_limit"),
        (json!({"run": run.id, "limits": {"marign": 3}}), "bad_body"),
        (json!({"run": run.id, "vs": "window:1001"}), "bad_reference"),
        (json!({"run": run.id, "vs": run.id}), "bad_reference"),
        (json!({"model": "good", "commit": "f"}), "bad_commit"),
        (json!({"model": "nobody"}), "model_not_found"),
        (json!({"run": old.id}), "recalled"),
        (overriding(" ", in_days(1)), "no_reason"),
        (overriding("x", in_days(-1)), "bad_until"),
        (overriding("x", in_days(31)), "bad_until"),
    ] {
        let answer = service.post(Scope::Admin, PATH, body.clone()).await;
        assert_eq!(answer.code(), code, "{body}: {} {}", answer.status, answer.json);
        assert!(answer.status.is_client_error());
    }
    let allowed = ask(&service, json!({"run": old.id, "vs": run.id, "allow_cached": true})).await;
    assert_eq!(allowed.status, StatusCode::OK, "{}", allowed.json);
    assert!(service.audit().await.is_empty());
}
