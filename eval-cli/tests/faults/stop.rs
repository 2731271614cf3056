//! `evalctl run` stopped by its user.

use crate::common::{evalctl, fresh};
use crate::endpoint::{calls, endpoint, questions, wait_for_calls};
use crate::watch::Watched;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use serde_json::Value;
use tempfile::TempDir;
use wiremock::MockServer;

/// A run of fifty questions, two in flight, whose events are heard.
fn start(folder: &TempDir, server: &MockServer, model: &str, more: &[&str]) -> Watched {
    start_judged(folder, server, model, "exact", more)
}

fn start_judged(folder: &TempDir, server: &MockServer, model: &str, judge: &str, more: &[&str]) -> Watched {
    std::fs::write(folder.path().join("q.csv"), questions(50)).expect("a data set");
    let mut command = evalctl(folder);
    command.args(["run", "q.csv", "-m", model, "--judge", judge, "--profile", "litellm"]);
    command.args(["--concurrency", "2", "--format", "jsonl"]).args(more);
    Watched::start(command.env("LITELLM_BASE_URL", server.uri()))
}

fn json(folder: &TempDir, arguments: &[&str]) -> Value {
    let output = evalctl(folder).args(arguments).arg("--json").output().expect("it starts");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn finished(said: &str) -> usize {
    said.matches(r#""type":"sample_finished""#).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn f04_one_signal_lets_what_is_in_flight_finish_and_saves_it() {
    for signal in ["INT", "TERM"] {
        let (folder, server) = (fresh(), endpoint().await);
        let mut run = start(&folder, &server, "slow", &[]);
        run.wait_for("sample_finished", 3);
        run.signal(signal);
        let (status, said) = run.end();
        assert_eq!(status.code(), Some(130), "{said}");
        assert!(said.contains("stopping") && said.contains("evalctl resume "), "{said}");

        let shown = json(&folder, &["show", "-n", "100"]);
        let stored = shown["evaluations"].as_array().unwrap().len();
        assert_eq!((&shown["run"]["status"], stored), (&"cancelled".into(), finished(&said)), "{said}");
        let asked = calls(&server).await;
        assert_eq!(asked.len(), stored, "what was asked has ended");
        assert!((3..50).contains(&stored), "{stored}");

        let mut resume = evalctl(&folder);
        let resumed = Watched::start(resume.arg("resume").env("LITELLM_BASE_URL", server.uri()));
        let (status, said) = resumed.end();
        assert_eq!(status.code(), Some(0), "{said}");
        let shown = json(&folder, &["show", "-n", "100"]);
        assert_eq!(
            (&shown["run"]["status"], &shown["run"]["summary"]["counts"]["scored"]),
            (&"finished".into(), &50.into())
        );
        assert!(calls(&server).await.values().all(|times| *times == 1), "nothing is asked twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f04_a_model_that_hangs_is_left_at_the_end_of_the_drain() {
    let (folder, server) = (fresh(), endpoint().await);
    let run = start(&folder, &server, "hangs", &["--drain", "0.2"]);
    wait_for_calls(&server, "hangs", 2).await;
    run.signal("INT");
    // The model would answer in an hour.
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(130), "{said}");
    let shown = json(&folder, &["show"]);
    assert_eq!((&shown["run"]["status"], &shown["evaluations"]), (&"cancelled".into(), &serde_json::json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn f04_a_second_signal_ends_it_at_once() {
    let (folder, server) = (fresh(), endpoint().await);
    let mut run = start(&folder, &server, "hangs", &["--drain", "3000"]);
    wait_for_calls(&server, "hangs", 2).await;
    run.signal("INT");
    run.wait_for("stopping", 1);
    run.signal("INT");
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(130), "{said}");
    assert_eq!(json(&folder, &["runs"])["runs"][0]["status"], "interrupted", "nobody works on it");
}

/// The lock is let go only when the process has ended: it did not wait for it, and kept what it had paid for in a file.
#[tokio::test(flavor = "multi_thread")]
async fn f04_stopped_while_the_database_is_locked_it_saves_to_a_file_and_ends() {
    let (folder, server) = (fresh(), endpoint().await);
    let mut run = start_judged(&folder, &server, "slow", "slow-grader", &["--drain", "4"]);
    run.wait_for("sample_finished", 3);
    let mut lock = SqliteConnection::establish(folder.path().join("eval.db").to_str().unwrap()).unwrap();
    lock.batch_execute("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE").unwrap();
    let before = calls(&server).await.values().sum::<u64>();
    // What was in flight comes back, and nothing new is asked: then somebody waits for the lock.
    run.signal("INT");
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("eval.db.spill.jsonl") && !said.contains("saved in sqlite"), "{said}");
    assert!(!said.contains("the run goes on"), "{said}");
    lock.batch_execute("ROLLBACK").unwrap();
    drop(lock);

    let mut import = evalctl(&folder);
    let (status, said) = Watched::start(import.args(["import", "eval.db.spill.jsonl"])).end();
    assert!(status.success(), "{said}");
    assert_eq!(json(&folder, &["runs"])["runs"][0]["status"], "cancelled");
    let mut resume = evalctl(&folder);
    let (status, said) = Watched::start(resume.arg("resume").env("LITELLM_BASE_URL", server.uri())).end();
    assert_eq!(status.code(), Some(0), "{said}");
    let shown = json(&folder, &["show", "-n", "100"]);
    let counts = &shown["run"]["summary"]["counts"];
    assert_eq!((&shown["run"]["status"], &counts["scored"]), (&"finished".into(), &50.into()), "{said}");
    let twice: Vec<_> = calls(&server).await.into_iter().filter(|(_, times)| *times > 1).collect();
    assert!(twice.is_empty(), "asked twice: {twice:?}; {before} calls before the stop");
}
