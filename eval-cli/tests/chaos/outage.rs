//! An endpoint that goes away in the middle of a run.

use std::fs;

use eval_chaos::Chaos;
use serde_json::json;
use tempfile::TempDir;

use super::common::{evalctl, fresh};
use super::{CANARY, questions, run, shown};
use crate::watch::Watched;

const QUESTIONS: u64 = 60;

/// A run of which some questions have ended, and whose endpoint is gone.
async fn cut_off() -> (TempDir, Chaos, Watched) {
    let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
    fs::write(folder.path().join("q.csv"), questions(["late-20"; QUESTIONS as usize])).expect("a file");
    let mut command = run(&folder, &chaos.url());
    command.args(["--concurrency", "2", "--max-attempts", "2", "--format", "jsonl", "--drain", "1"]);
    let mut run = Watched::start(&mut command);
    run.wait_for("\"sample_finished\"", 5);
    chaos.down().await;
    run.wait_for("waiting: cannot connect to", 1);
    (folder, chaos, run)
}

fn assert_whole(folder: &TempDir) {
    let run = &shown(folder)["run"];
    let counts = json!({"scored": QUESTIONS, "unscored": 0, "failed": 0});
    assert_eq!((&run["status"], &run["summary"]["counts"]), (&json!("finished"), &counts));
}

#[tokio::test(flavor = "multi_thread")]
async fn f22_a_run_waits_for_its_endpoint_and_loses_no_question() {
    let (folder, chaos, run) = cut_off().await;
    chaos.up().await.expect("the same port");
    let (status, said) = run.end();
    assert!(status.success(), "{said}");
    assert_eq!(said.matches("waiting:").count(), 1, "said once: {said}");
    assert_whole(&folder);
    // Only what was in flight when the connections broke was sent again.
    assert!((QUESTIONS..=QUESTIONS + 2).contains(&chaos.ledger().total()), "{}", chaos.ledger().total());
}

#[tokio::test(flavor = "multi_thread")]
async fn f22_a_run_that_waits_for_its_endpoint_can_be_stopped_and_resumed() {
    let (folder, chaos, run) = cut_off().await;
    run.signal("INT");
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(130), "{said}");
    let stopped = shown(&folder);
    assert_eq!(
        (&stopped["run"]["status"], &stopped["run"]["summary"]["counts"]["failed"]),
        (&json!("cancelled"), &json!(0))
    );
    chaos.up().await.expect("the same port");
    let mut command = evalctl(&folder);
    command.arg("resume").env("OPENAI_BASE_URL", chaos.url()).env("OPENAI_API_KEY", CANARY);
    let (status, said) = Watched::start(&mut command).end();
    assert!(status.success(), "{said}");
    assert_whole(&folder);
}
