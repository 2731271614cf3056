//! Pause, cancel, resume, delete; and what happens after a run.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use eval_core::server::{Audit as _, AuditQuery};
use eval_core::{DatasetRef, Run, RunId, RunStatus, Store as _, async_trait};
use eval_server::AfterRuns;
use serde_json::json;

use crate::server::{Server, send};

#[tokio::test(start_paused = true)]
async fn a_run_is_paused_and_goes_on_without_asking_anything_again() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"models": ["a", "b"]})).await;
    let run = server.run_of(&job).await;
    server.answer(2);
    server.when_asked(3).await;
    let answer = server.post(&format!("/api/v1/runs/{run}/pause")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.json);
    server.job_in(&job, "paused").await;
    let stored = server.get(&format!("/api/v1/runs/{run}")).await;
    assert_eq!((&stored["run"]["status"], &stored["run"]["finished"]), (&json!("paused"), &json!(null)));
    assert_eq!(server.runner.jobs.load(Ordering::Relaxed), 1);
    let kept = send(&server.api("ann"), "DELETE", &format!("/api/v1/runs/{run}"), None, &[]).await;
    assert_eq!(
        (kept.status, &kept.json["error"]["message"]),
        (StatusCode::CONFLICT, &json!(format!("run {run} stays: it is paused")))
    );

    server.answer(100);
    let answer = server.post(&format!("/api/v1/runs/{run}/resume")).await;
    assert_eq!((answer.status, &answer.json["job"]["state"]), (StatusCode::ACCEPTED, &json!("queued")));
    let done = server.job_in(&job, "done").await;
    assert_eq!((done["runs"].as_array().unwrap().len(), &done["runs"][0]), (2, &json!(run)), "the run goes on");
    assert_eq!(server.asked()[..5], ["a 0", "a 1", "a 2", "a 2", "a 3"], "only the one in flight is asked again");
    assert_eq!(server.asked().len(), 9);
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn runs_that_are_cancelled_keep_what_they_have_and_can_go_on() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"models": ["a"]})).await;
    let run = server.run_of(&job).await;
    server.answer(2);
    server.when_asked(3).await;
    let answer = server.post(&format!("/api/v1/runs/{run}/cancel")).await;
    assert_eq!((answer.status, &answer.json["job"]["stopping"]), (StatusCode::ACCEPTED, &json!(true)));
    server.job_in(&job, "cancelled").await;
    let stored = server.get(&format!("/api/v1/runs/{run}")).await;
    assert_eq!(
        (&stored["run"]["status"], &stored["run"]["summary"]["counts"]["scored"]),
        (&json!("cancelled"), &json!(2))
    );
    let again = server.post(&format!("/api/v1/runs/{run}/pause")).await;
    assert_eq!((again.status, &again.json["error"]["code"]), (StatusCode::CONFLICT, &json!("job_state")));
    server.answer(100);
    assert_eq!(server.post(&format!("{job}/resume")).await.status, StatusCode::ACCEPTED);
    server.job_in(&job, "done").await;
    assert_eq!(server.asked(), ["a 0", "a 1", "a 2", "a 2", "a 3"], "only the one in flight is asked again");
    for verb in ["pause", "cancel", "resume"] {
        assert_eq!(server.post(&format!("{job}/{verb}")).await.status, StatusCode::CONFLICT, "{verb}");
    }
    workers.shut_down().await;
    let entries = server.store.entries(&AuditQuery::default()).await.unwrap();
    let what: Vec<_> = entries.iter().rev().map(|entry| &*entry.what).collect();
    assert_eq!(what, ["job.submit", "job.cancel", "job.resume"], "refusals do nothing");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_is_paused_and_cancelled_at_once() {
    let server = Server::new();
    let job = server.start(json!({"models": ["a"]})).await;
    for (verb, state) in
        [("pause", "paused"), ("pause", "paused"), ("resume", "queued"), ("pause", "paused"), ("cancel", "cancelled")]
    {
        let answer = server.post(&format!("{job}/{verb}")).await;
        assert_eq!((answer.status, &answer.json["job"]["state"]), (StatusCode::ACCEPTED, &json!(state)), "{verb}");
    }
    let nothing = server.post("/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057/cancel").await;
    assert_eq!((nothing.status, &nothing.json["error"]["code"]), (StatusCode::NOT_FOUND, &json!("job_not_found")));
    let run = Run::new("elsewhere", DatasetRef::new("golden", "f", 1), 1);
    server.store.put_run(&run).await.unwrap();
    let elsewhere = server.post(&format!("/api/v1/runs/{}/cancel", run.id)).await;
    assert_eq!((elsewhere.status, &elsewhere.json["error"]["code"]), (StatusCode::CONFLICT, &json!("no_job")));
}

#[tokio::test(start_paused = true)]
async fn a_run_is_deleted_unless_it_goes_on() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"models": ["a"]})).await;
    let run = server.run_of(&job).await;
    let path = format!("/api/v1/runs/{run}");
    let delete = async || send(&server.api("ann"), "DELETE", &path, None, &[]).await;
    let refused = delete().await;
    assert_eq!((refused.status, &refused.json["error"]["code"]), (StatusCode::CONFLICT, &json!("run_kept")));
    server.answer(100);
    server.job_in(&job, "done").await;
    assert_eq!(delete().await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete().await.status, StatusCode::NOT_FOUND);
    let entries = server.store.entries(&AuditQuery::default()).await.unwrap();
    assert_eq!((&*entries[0].what, &*entries[0].target, entries.len()), ("run.delete", &*run, 2));
    workers.shut_down().await;
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(RunId, RunStatus)>>>);

#[async_trait]
impl AfterRuns for Heard {
    async fn ended(&self, runs: &[Run]) {
        self.0.lock().expect("no other panics").extend(runs.iter().map(|run| (run.id, run.status)));
    }
}

struct Panics;

#[async_trait]
impl AfterRuns for Panics {
    async fn ended(&self, _: &[Run]) {
        panic!("a hook that is broken");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_to_hear_of_runs_is_told_whatever_others_do() {
    let (server, heard) = (Server::new(), Heard::default());
    let workers = server.workers().after(Panics).after(heard.clone()).start();
    server.answer(100);
    let job = server.start(json!({"models": ["a", "b"]})).await;
    let done = server.job_in(&job, "done").await;
    let broken = server.start(json!({"models": ["panics"]})).await;
    let failed = server.job_in(&broken, "failed").await;
    assert_eq!(failed["error"], "whoever makes the runs panicked");
    workers.shut_down().await;
    let heard = heard.0.lock().unwrap().clone();
    let ids: Vec<_> = heard.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(json!(ids), done["runs"]);
    assert!(heard.iter().all(|(_, status)| *status == RunStatus::Finished));
}
