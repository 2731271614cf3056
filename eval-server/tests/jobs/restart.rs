//! Processes that end, gracefully or not, and those that come after them.

use std::sync::atomic::Ordering;

use eval_core::server::{Claim, JobQueue as _, Lost};
use eval_core::{Owner, Timestamp};
use serde_json::json;

use crate::server::Server;

/// A worker of a process of this machine that is no more: nobody has to wait until its lease is over.
fn gone() -> Owner {
    let me = Owner::new();
    Owner::from_parts("gone", &*me.host, me.pid, me.pid_started.map(|started| started + 1))
}

#[tokio::test(start_paused = true)]
async fn f44_a_server_that_shuts_down_saves_what_it_has_and_the_next_one_goes_on() {
    let first = Server::new();
    let workers = first.workers().concurrency(1).start();
    let running = first.start(json!({"models": ["a"]})).await;
    let queued = first.start(json!({"models": ["b"]})).await;
    let run = first.run_of(&running).await;
    first.answer(1);
    first.when_asked(2).await;
    workers.shut_down().await;
    assert_eq!(first.asked(), ["a 0", "a 1"]);
    let left = first.get(&running).await;
    assert_eq!((&left["job"]["state"], &left["job"]["runs"]), (&json!("queued"), &json!([run])));
    assert_eq!(first.get(&format!("/api/v1/runs/{run}")).await["run"]["status"], "queued", "no run stays running");

    let second = Server::over(first.store.clone());
    let workers = second.workers().start();
    second.answer(100);
    assert_eq!(second.job_in(&running, "done").await["runs"], json!([run]), "the same run");
    second.job_in(&queued, "done").await;
    let asked = second.asked();
    assert_eq!(
        asked.iter().filter(|asked| asked.starts_with('a')).count(),
        3,
        "what stands is not asked again: {asked:?}"
    );
    assert_eq!(second.get(&format!("/api/v1/runs/{run}")).await["run"]["summary"]["counts"]["scored"], 4);
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn f44_a_server_that_was_killed_leaves_its_jobs_to_the_next_one() {
    let first = Server::new();
    let running = first.start(json!({"models": ["a"]})).await;
    let queued = first.start(json!({"models": ["b"]})).await;
    let claim = Claim::new(gone(), Timestamp::now(), Lost::Resume);
    first.store.claim(&claim).await.unwrap().expect("the first job");

    let second = Server::over(first.store.clone());
    let workers = second.workers().lost(Lost::Resume).concurrency(1).start();
    second.answer(100);
    second.job_in(&running, "done").await;
    second.job_in(&queued, "done").await;
    assert!(second.asked()[0].starts_with('a'), "the one that was lost comes first");
    assert_eq!(second.runner.jobs.load(Ordering::Relaxed), 2);
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn f44_by_setting_a_lost_job_is_interrupted_until_somebody_lets_it_go_on() {
    let first = Server::new();
    let running = first.start(json!({"models": ["a"]})).await;
    let queued = first.start(json!({"models": ["b"]})).await;
    first.store.claim(&Claim::new(gone(), Timestamp::now(), Lost::Interrupt)).await.unwrap().expect("the first job");

    let second = Server::over(first.store.clone());
    let workers = second.workers().lost(Lost::Interrupt).start();
    second.answer(100);
    second.job_in(&running, "interrupted").await;
    second.job_in(&queued, "done").await;
    assert_eq!(second.asked().len(), 4);
    second.post(&format!("{running}/resume")).await;
    second.job_in(&running, "done").await;
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn f44_a_worker_that_lost_its_job_stops_and_stores_nothing_more() {
    let first = Server::new();
    let workers = first.workers().concurrency(1).start();
    let job = first.start(json!({"models": ["a"]})).await;
    let run = first.run_of(&job).await;
    first.when_asked(1).await;
    // As another process sees it after this one has stood still for a minute.
    let later = Timestamp::now().saturating_add(eval_core::Lease::LASTS * 2).unwrap();
    let other = Owner::new();
    let taken = first.store.claim(&Claim::new(other.clone(), later, Lost::Resume)).await.unwrap().expect("the job");
    first
        .until("the worker", async || {
            let kept = first.store.heartbeat(taken.id, &other, later, &taken.runs).await.unwrap();
            assert_eq!(kept, eval_core::server::Beat::Kept, "it is the other's");
            tokio::time::sleep(eval_core::Lease::HEARTBEAT).await;
            (first.runner.jobs.load(Ordering::Relaxed) == 1).then_some(())
        })
        .await;
    first.answer(100);
    tokio::time::sleep(eval_core::Lease::HEARTBEAT * 2).await;
    assert_eq!(first.asked(), ["a 0"], "it asks nothing more");
    let stored = first.get(&format!("/api/v1/runs/{run}/evaluations")).await;
    assert_eq!(stored["evaluations"], json!([]));
    assert_eq!(first.get(&job).await["job"]["state"], "running");
    workers.shut_down().await;
    assert_eq!(first.get(&job).await["job"]["state"], "running", "and leaves the job alone");
}
