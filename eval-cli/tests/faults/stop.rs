//! `evalctl run` stopped by its user.

use crate::common::{evalctl, fresh};
use crate::endpoint::{calls, endpoint, questions, wait_for_calls};
use crate::watch::Watched;
use serde_json::Value;
use tempfile::TempDir;
use wiremock::MockServer;

/// A run of fifty questions, two in flight, whose events are heard.
fn start(folder: &TempDir, server: &MockServer, model: &str, more: &[&str]) -> Watched {
    std::fs::write(folder.path().join("q.csv"), questions(50)).expect("a data set");
    let mut command = evalctl(folder);
    command.args(["run", "q.csv", "-m", model, "--judge", "exact", "--profile", "litellm"]);
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
    let more = ["--drain", "3000", "--database-url", "eval.db"];
    let mut run = start(&folder, &server, "hangs", &more);
    wait_for_calls(&server, "hangs", 2).await;
    run.signal("INT");
    run.wait_for("stopping", 1);
    run.signal("INT");
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(130), "{said}");
    let runs = json(&folder, &["runs"]);
    assert_eq!(runs["runs"][0]["status"], "interrupted", "nobody works on it");
    let id = runs["runs"][0]["id"].as_str().unwrap();
    let command = format!("to go on: evalctl resume {} --database-url eval.db", &id[id.len() - 6..]);
    assert!(said.contains(&command), "{command}: {said}");
}
