//! `evalctl run` while its database or its network is away for a while.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::{clean, evalctl, fresh};
use crate::endpoint::{calls, endpoint, questions};
use crate::strace::evalctl_with;
use crate::watch::Watched;
use eval_store::testing::{Postgres, SqliteLock};
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::MockServer;

const QUESTIONS: u64 = 40;

/// A run of [`QUESTIONS`] questions, four in flight, in this database.
fn run(mut command: Command, server: &MockServer, database: &str) -> Command {
    command.args(["run", "q.csv", "-m", "slow", "--judge", "exact", "--profile", "litellm", "--concurrency", "4"]);
    command.args(["--format", "jsonl", "--database-url", database]).env("LITELLM_BASE_URL", server.uri());
    command
}

async fn bench() -> (TempDir, MockServer) {
    let (folder, server) = (fresh(), endpoint().await);
    fs::write(folder.path().join("q.csv"), questions(40)).expect("a data set");
    (folder, server)
}

/// Everything was asked once and stands once, and that it had to wait was said once.
async fn assert_whole(folder: &TempDir, server: &MockServer, database: &str, said: &str) {
    assert_eq!(said.matches("waiting:").count(), 1, "said once: {said}");
    let asked = calls(server).await;
    assert_eq!((asked.len() as u64, asked.values().max()), (QUESTIONS, Some(&1)), "asked twice");
    let shown =
        evalctl(folder).args(["show", "--json", "-n", "100", "--database-url", database]).output().expect("it starts");
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    let counts = json!({"scored": QUESTIONS, "unscored": 0, "failed": 0});
    assert_eq!((&shown["run"]["status"], &shown["run"]["summary"]["counts"]), (&json!("finished"), &counts));
    assert_eq!(shown["evaluations"].as_array().expect("a list").len() as u64, QUESTIONS);
}

/// The last event tells that every question was scored.
fn assert_scored(said: &str) {
    let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let counts = events.filter_map(|event| event["kind"]["run"]["summary"]["counts"].as_object().cloned()).next_back();
    let expected = json!({"scored": QUESTIONS, "unscored": 0, "failed": 0});
    assert_eq!(counts.map(Value::Object), Some(expected), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_a_run_waits_for_who_has_its_database_locked() {
    let ((folder, server), url) = (bench().await, "sqlite://eval.db");
    let mut run = Watched::start(&mut run(evalctl(&folder), &server, url));
    run.wait_for("sample_finished", 5);
    let lock = SqliteLock::of(&folder.path().join("eval.db"));
    run.wait_for("waiting:", 1);
    let before = calls(&server).await.len();
    assert!((before as u64) < QUESTIONS, "there was nothing to wait for");
    drop(lock);
    let (status, said) = run.end();
    assert!(status.success(), "{said}");
    assert_whole(&folder, &server, url, &said).await;
    assert!(!folder.path().join("eval.db.spill.jsonl").exists(), "the database has it all");
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_a_run_waits_for_a_server_that_was_killed() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let ((folder, server), url) = (bench().await, postgres.database());
    let mut run = Watched::start(&mut run(evalctl(&folder), &server, &url));
    run.wait_for("sample_finished", 5);
    postgres.stop();
    run.wait_for("waiting:", 1);
    postgres.start_again();
    let (status, said) = run.end();
    assert!(status.success(), "{said}");
    assert_whole(&folder, &server, &url, &said).await;
}

/// What the system says to `connect` when it has no port left.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn f55_without_a_free_port_a_call_is_tried_again() {
    let (folder, server) = bench().await;
    // The first connection lists the models.
    let Some(command) = evalctl_with("connect:error=EADDRNOTAVAIL:when=2..7") else { return };
    let (status, said) = Watched::start(&mut run(clean(command, &folder), &server, "sqlite://eval.db")).end();
    assert!(status.success(), "{said}");
    let asked = calls(&server).await;
    assert_eq!((asked.len() as u64, asked.values().max()), (QUESTIONS, Some(&1)));
    assert_scored(&said);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn f55_ports_that_stay_used_up_are_named_as_the_cause() {
    let (folder, server) = bench().await;
    let Some(command) = evalctl_with("connect:error=EADDRNOTAVAIL") else { return };
    let (status, said) = Watched::start(&mut run(clean(command, &folder), &server, "sqlite://eval.db")).end();
    assert_eq!(status.code(), Some(4), "{said}");
    assert!(said.contains("Cannot assign requested address"), "{said}");
    assert!(calls(&server).await.is_empty());
}

/// Longer than a call may take: the time in which the process stood still is nobody's fault.
#[tokio::test(flavor = "multi_thread")]
async fn f05_a_frozen_process_does_not_take_its_own_sleep_for_a_slow_model() {
    let ((folder, server), frozen) = (bench().await, Duration::from_secs(4));
    let mut command = run(evalctl(&folder), &server, "sqlite://eval.db");
    let mut run = Watched::start(command.args(["--timeout", "1.5", "--max-attempts", "1"]));
    run.wait_for("sample_finished", 3);
    run.signal("STOP");
    let since = Instant::now();
    while since.elapsed() < frozen {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    run.signal("CONT");
    let (status, said) = run.end();
    assert!(status.success(), "{said}");
    assert_scored(&said);
    let asked = calls(&server).await;
    assert_eq!((asked.len() as u64, asked.values().max()), (QUESTIONS, Some(&1)), "something was repeated");
}
