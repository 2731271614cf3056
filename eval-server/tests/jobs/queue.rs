//! What is let in, what is refused, and whose turn it is.

use std::collections::BTreeSet;

use axum::Router;
use axum::http::StatusCode;
use eval_core::RunSpec;
use eval_core::server::{Audit as _, AuditQuery, JobQuery, JobRequest, Jobs as _};
use serde_json::{Value, json};

use crate::server::{Answer, Server, send};

async fn post(api: &Router, body: Value, key: Option<&str>) -> Answer {
    let headers: Vec<_> = key.iter().map(|key| ("idempotency-key", *key)).collect();
    send(api, "POST", "/api/v1/runs", Some(body), &headers).await
}

#[tokio::test(start_paused = true)]
async fn a_job_is_made_and_its_runs_are_found_through_it() {
    let server = Server::new();
    let workers = server.workers().start();
    server.answer(100);
    let job = server.start(json!({"models": ["a", "b"], "limit": 3, "tags": {"for": "a test"}})).await;
    let done = server.job_in(&job, "done").await;
    assert_eq!(done["runs"].as_array().unwrap().len(), 2);
    for (run, model) in done["runs"].as_array().unwrap().iter().zip(["a", "b"]) {
        for path in ["runs", "run"] {
            let run = server.get(&format!("/api/v1/{path}/{}", run.as_str().unwrap())).await;
            assert_eq!((&run["run"]["status"], &run["run"]["model"]), (&json!("finished"), &json!(model)));
        }
    }
    assert_eq!(server.get("/api/v1/jobs?state=done").await["jobs"], json!([done]));
    let entries = server.store.entries(&AuditQuery::default()).await.unwrap();
    assert_eq!(entries.iter().map(|entry| (&*entry.who, &*entry.what)).collect::<Vec<_>>(), [("ann", "job.submit")]);
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn f41_a_hundred_equal_triggers_at_once_make_one_job_and_get_one_answer() {
    let server = Server::new();
    let ann = server.api("ann");
    let body = json!({"models": ["a"]});
    let posts = (0..100).map(|_| post(&ann, body.clone(), Some("nightly-1")));
    let answers = futures_util::future::join_all(posts).await;
    let distinct: BTreeSet<String> = answers.iter().map(|answer| answer.json.to_string()).collect();
    assert!(answers.iter().all(|answer| answer.status == StatusCode::ACCEPTED));
    assert_eq!(distinct.len(), 1, "{distinct:?}");
    assert_eq!(server.store.jobs(&JobQuery::default()).await.unwrap().len(), 1);

    let workers = server.workers().start();
    server.answer(100);
    server.job_in(answers[0].headers["location"].to_str().unwrap(), "done").await;
    let later = post(&ann, json!({ "models": ["a"], "epochs": 1 }), Some("nightly-1")).await;
    assert_eq!((later.status, later.json), (StatusCode::ACCEPTED, answers[0].json.clone()), "whatever became of it");
    let other = post(&ann, json!({"models": ["b"]}), Some("nightly-1")).await;
    assert_eq!((other.status, &other.json["error"]["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("key_reused")));
    let of_bob = post(&server.api("bob"), json!({"models": ["b"]}), Some("nightly-1")).await;
    assert_eq!(of_bob.status, StatusCode::ACCEPTED, "the keys of callers are apart");
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn f42_a_thousand_triggers_at_once_are_bounded_and_starve_nobody() {
    let server = Server::new().with(|state| state.most_queued(60).most_jobs_per_caller(50));
    let ann = server.api("ann");
    let body = json!({"models": ["crowd"], "limit": 1});
    let posts = (0..1_000).map(|_| post(&ann, body.clone(), None));
    let answers = futures_util::future::join_all(posts).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == StatusCode::ACCEPTED);
    assert_eq!((taken.len(), refused.len()), (50, 950));
    for answer in refused {
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.json);
        assert_eq!(answer.headers["retry-after"], "30");
    }
    let mut of_others = Vec::new();
    for caller in ["bob", "cid"] {
        for _ in 0..5 {
            of_others.push(post(&server.api(caller), json!({"models": [caller], "limit": 1}), None).await);
        }
    }
    assert!(of_others.iter().all(|answer| answer.status == StatusCode::ACCEPTED));
    let full = post(&server.api("dan"), body, None).await;
    assert_eq!((full.status, &full.json["error"]["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("queue_full")));
    assert_eq!(full.headers["retry-after"], "60");

    let workers = server.workers().concurrency(1).start();
    server.answer(1_000);
    for answer in taken.iter().chain(&of_others.iter().collect::<Vec<_>>()) {
        server.job_in(answer.headers["location"].to_str().unwrap(), "done").await;
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 60, "each job is made once");
    let place = |model: &str| asked.iter().rposition(|asked| asked.starts_with(model)).unwrap();
    assert!(place("bob") < 15 && place("cid") < 15, "they take turns with the crowd: {asked:?}");
    workers.shut_down().await;
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_before_it_is_queued() {
    let server = Server::new();
    let ann = server.api("ann");
    let cases = [
        (json!({}), "no model is named"),
        (json!({"models": []}), "no model is named"),
        (json!({"model": "a", "models": ["b"]}), "both"),
        (json!({"models": ["a", "a"]}), "more than once"),
        (json!({"models": ["no-such"]}), "there is no model no-such"),
        (json!({"models": ["a\nb"]}), "model holds"),
        (json!({"models": [" "]}), "model holds"),
        (json!({"models": ["a", "b"], "name": "n"}), "a name for several models"),
        (json!({"model": "a", "dataset": "../etc/passwd"}), "no name of a data set"),
        (json!({"model": "a", "dataset": ".."}), "no name of a data set"),
        (json!({"model": "a", "limit": 0}), "limit is out of its range"),
        (json!({"model": "a", "limit": u64::MAX}), "limit is out of its range"),
        (json!({"model": "a", "epochs": 101}), "epochs is out of its range"),
        (json!({"model": "a", "threshold": 80}), "threshold is out of its range"),
        (json!({"model": "a", "seed": 1}), "a seed without a draw"),
        (json!({"model": "a", "max_cost_usd": -1}), "max_cost_usd is out of its range"),
        (json!({"model": "a", "params": {"Model": "b"}}), "params.Model may not be set"),
        (json!({"model": "a", "callback_url": "https://example.com"}), "callback_url"),
        (json!({"model": "a", "models_dir": "/"}), "unknown field"),
    ];
    for (body, words) in cases {
        let answer = post(&ann, body.clone(), None).await;
        let message = answer.json["error"]["message"].as_str().unwrap_or_default();
        assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && message.contains(words), "{body}: {message}");
    }
    for key in ["", "with blank", &"k".repeat(256)] {
        let answer = post(&ann, json!({"model": "a"}), Some(key)).await;
        assert_eq!((answer.status, &answer.json["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("bad_key")));
    }
    assert_eq!(server.store.jobs(&JobQuery::default()).await.unwrap(), []);
}

#[tokio::test]
async fn s05_endpoints_and_keys_never_come_through_the_api() {
    let server = Server::new();
    let ann = server.api("ann");
    for field in ["base_url", "api_key", "api_base", "profile", "folder"] {
        for body in [json!({"model": "a", field: "http://x"}), json!({"model": "a", "params": {field: "http://x"}})] {
            let is_ours = matches!(field, "profile" | "folder") && body.get("params").is_some();
            let answer = post(&ann, body.clone(), None).await;
            let expected = if is_ours { StatusCode::ACCEPTED } else { StatusCode::UNPROCESSABLE_ENTITY };
            assert_eq!(answer.status, expected, "{body}: {}", answer.json);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_old_way_to_start_a_run_still_works() {
    let outbound = eval_server::Outbound::builder().allow(["hooks.example:80"]).build().unwrap();
    let secret = eval_server::WebhookSecret::generate().unwrap();
    let webhooks = eval_server::Webhooks::new(outbound).callbacks(secret);
    let server = Server::new().with(|state| state.webhooks(webhooks));
    let body = json!({"models": ["a"], "limit": 2, "webhook_url": "http://hooks.example/done"});
    let answer = send(&server.api("ann"), "POST", "/api/v1/run-evaluation", Some(body), &[]).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.json);
    let job = server.store.jobs(&JobQuery::default()).await.unwrap().pop().unwrap();
    assert_eq!(job.request.callback.as_deref(), Some("http://hooks.example/done"));
    assert!(!server.get(&format!("/api/v1/jobs/{}", job.id)).await.to_string().contains("hooks.example"), "a secret");
    let private = json!({"models": ["a"], "webhook_url": "http://169.254.169.254/"});
    let answer = send(&server.api("ann"), "POST", "/api/v1/run-evaluation", Some(private), &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_nobody_could_sign_is_refused() {
    let server = Server::new();
    let body = json!({"models": ["a"], "webhook_url": "https://hooks.example/done"});
    let answer = send(&server.api("ann"), "POST", "/api/v1/run-evaluation", Some(body), &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.json.to_string().contains("no secret to sign callbacks with"), "{}", answer.json);
}

#[tokio::test(start_paused = true)]
async fn whoever_makes_the_runs_of_these_tests_does_it_as_everybody_must() {
    let server = Server::new();
    server.answer(1_000);
    let request = JobRequest::new(["a", "b"], RunSpec::new("golden"));
    eval_core::conformance::runner(&*server.runner, &*server.store, &request).await;
}
