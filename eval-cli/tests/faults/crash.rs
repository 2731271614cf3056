//! `evalctl run` killed, starved, frozen and started twice. `examples/kill_sweep` does it at every write.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use crate::common::{evalctl, fresh};
use crate::endpoint::{HANGING, calls, endpoint, questions, wait_for_calls};
use crate::watch::Watched;
use eval_core::{Lease, Leases as _, Owner, RunId, Timestamp};
use eval_store::{DieselStore, Options};
use serde_json::Value;
use tempfile::TempDir;
use wiremock::MockServer;

const QUESTIONS: usize = 40;
const CONCURRENCY: u64 = 2;

/// One run, and all who work on it.
struct Bench {
    folder: TempDir,
    server: MockServer,
}

impl Bench {
    async fn new() -> Self {
        let (folder, server) = (fresh(), endpoint().await);
        std::fs::write(folder.path().join("q.csv"), questions(QUESTIONS)).expect("a data set");
        Self { folder, server }
    }

    fn evalctl(&self, arguments: &[&str]) -> Command {
        let mut command = evalctl(&self.folder);
        command.args(arguments).env("LITELLM_BASE_URL", self.server.uri());
        command
    }

    fn run(&self, model: &str, judge: &str) -> Command {
        let concurrency = CONCURRENCY.to_string();
        let mut command = self.evalctl(&["run", "q.csv", "-m", model, "--judge", judge, "--profile", "litellm"]);
        command.args(["--concurrency", &concurrency, "--format", "jsonl"]);
        command
    }

    fn resume(&self) -> Command {
        self.evalctl(&["resume", "--format", "jsonl"])
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.evalctl(arguments).arg("--json").output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// The ids of the questions that are stored; each stands once.
    fn stored(&self) -> BTreeSet<String> {
        let shown = self.json(&["show", "-n", "100000"]);
        let ids =
            shown["evaluations"].as_array().expect("a list").iter().map(|found| found["sample"]["id"].to_string());
        let (ids, all): (BTreeSet<_>, _) = (ids.clone().collect(), ids.count());
        assert_eq!(ids.len(), all, "a question stands twice");
        ids
    }

    fn status(&self) -> String {
        self.json(&["runs"])["runs"][0]["status"].as_str().expect("a status").to_owned()
    }

    fn id(&self) -> RunId {
        self.json(&["runs"])["runs"][0]["id"].as_str().expect("an id").parse().expect("an id")
    }

    async fn total_calls(&self) -> u64 {
        calls(&self.server).await.values().sum()
    }

    /// All questions stand once, all are scored, and no more was asked than the crashes explain.
    async fn assert_whole(&self, per_question: u64, crashes: u64) {
        assert_eq!(self.stored().len(), QUESTIONS);
        let run = &self.json(&["show"])["run"];
        assert_eq!((&run["status"], &run["summary"]["counts"]["scored"]), (&"finished".into(), &QUESTIONS.into()));
        let (total, most) = (self.total_calls().await, QUESTIONS as u64 * per_question + crashes * CONCURRENCY);
        assert!(total <= most, "{total} calls, more than {most} after {crashes} crashes");
    }
}

fn reported(said: &str) -> BTreeSet<String> {
    let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let finished = events.filter(|event| event["kind"]["type"] == "sample_finished");
    finished.map(|event| event["kind"]["evaluation"]["sample"]["id"].to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_a_killed_run_has_all_that_it_reported_and_goes_on() {
    let bench = Bench::new().await;
    let mut run = Watched::start(&mut bench.run("slow", "slow-grader"));
    run.wait_for("sample_finished", 5);
    run.signal("KILL");
    let (_, said) = run.end();
    assert_eq!(bench.status(), "interrupted");
    assert!(bench.stored().is_superset(&reported(&said)), "lost");
    let (status, said) = Watched::start(&mut bench.resume()).end();
    assert!(status.success(), "{said}");
    bench.assert_whole(2, 1).await;
}

/// Models that were asked together go on together, each run on its own.
#[tokio::test(flavor = "multi_thread")]
async fn f01_all_runs_of_a_killed_group_go_on() {
    let bench = Bench::new().await;
    let mut run = Watched::start(bench.run("slow", "exact").args(["-m", "grader"]));
    run.wait_for("sample_finished", 5);
    run.signal("KILL");
    run.end();
    let (status, said) = Watched::start(&mut bench.resume()).end();
    assert!(status.success(), "{said}");
    let runs = bench.json(&["runs"])["runs"].as_array().unwrap().clone();
    let found = runs.iter().map(|run| (run["status"].as_str(), run["summary"]["counts"]["scored"].as_u64()));
    assert_eq!(found.collect::<Vec<_>>(), vec![(Some("finished"), Some(QUESTIONS as u64)); 2]);
    assert_eq!(runs[0]["group"], runs[1]["group"]);
    assert!(bench.total_calls().await <= 2 * (QUESTIONS as u64 + CONCURRENCY));
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_a_run_that_is_killed_again_and_again_gets_done() {
    const KILLS: u64 = 12;
    let bench = Bench::new().await;
    let mut reports = BTreeSet::new();
    for kill in 0..KILLS {
        let mut command = if kill == 0 { bench.run("slow", "slow-grader") } else { bench.resume() };
        let mut run = Watched::start(&mut command);
        run.wait_for("sample_finished", 1);
        run.signal("KILL");
        reports.append(&mut reported(&run.end().1));
        assert_eq!(bench.status(), "interrupted", "after kill {kill}");
        assert!(bench.stored().is_superset(&reports), "lost by kill {kill}");
    }
    let (status, said) = Watched::start(&mut bench.resume()).end();
    assert!(status.success(), "{said}");
    bench.assert_whole(2, KILLS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f03_killed_between_answer_and_verdict_only_the_verdict_is_asked_for_again() {
    let bench = Bench::new().await;
    let run = Watched::start(&mut bench.run("quick", "hanging-grader"));
    wait_for_calls(&bench.server, "hanging-grader", HANGING).await;
    run.signal("KILL");
    run.end();
    let (status, said) = Watched::start(&mut bench.resume()).end();
    assert!(status.success(), "{said}");
    let calls = calls(&bench.server).await;
    let of =
        |model: &str| calls.iter().filter(|((name, _), _)| name == model).map(|(_, times)| *times).collect::<Vec<_>>();
    assert_eq!(of("quick"), vec![1; QUESTIONS], "an answer that was paid for is not asked for again");
    let twice = of("hanging-grader").into_iter().filter(|times| *times == 2).count();
    assert_eq!(twice as u64, HANGING, "each verdict in flight once more");
    bench.assert_whole(2, 1).await;
}

/// Frozen for longer than its lease, a process finds that another one has its run.
#[tokio::test(flavor = "multi_thread")]
async fn f05_a_frozen_process_leaves_its_run_to_who_took_it() {
    let bench = Bench::new().await;
    let mut run = Watched::start(&mut bench.run("slow", "exact"));
    run.wait_for("sample_finished", 2);
    let id = bench.id();
    let url = bench.folder.path().join("eval.db").display().to_string();
    let store = DieselStore::open_with(&url, Options::new().busy_timeout(Duration::from_millis(50))).await.unwrap();
    // The wait for the lease's end is spared: the other one's clock is ahead.
    let (other, later) = (Owner::new(), Timestamp::now() + Lease::LASTS + Lease::LASTS);
    run.signal("STOP");
    while let Err(error) = store.acquire(&Lease::new(id, other.clone(), later)).await {
        // It was stopped while it had the database locked.
        assert!(error.is_transient(), "{error}");
        run.signal("CONT");
        run.signal("STOP");
    }
    let before = bench.total_calls().await;
    run.signal("CONT");
    let (status, said) = run.end();
    assert!(!status.success() && said.contains("works on run"), "{said}");
    assert!(bench.total_calls().await <= before + CONCURRENCY, "it went on asking");
    store.release(id, &other).await.unwrap();
    let (status, said) = Watched::start(&mut bench.resume()).end();
    assert!(status.success(), "{said}");
    bench.assert_whole(1, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_run_that_goes_on_is_left_to_its_process() {
    let bench = Bench::new().await;
    // However long the second one takes, the first is not done before it.
    let run = Watched::start(&mut bench.run("hangs", "exact"));
    wait_for_calls(&bench.server, "hangs", CONCURRENCY).await;
    let id = bench.id().to_string();
    let second = bench.evalctl(&["resume", &id]).output().unwrap();
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2), "{told}");
    assert!(told.contains(&format!("process {}", run.pid())) && told.contains(" on "), "{told}");
    assert!(told.contains("is running: "), "{told}");
    let retry = bench.evalctl(&["retry-errors", &id]).output().unwrap();
    let told = String::from_utf8_lossy(&retry.stderr).into_owned();
    assert!(told.contains("is running: ") && !told.contains("first evalctl resume"), "{told}");
    let requests = bench.server.received_requests().await.unwrap();
    assert_eq!(
        requests.iter().filter(|request| request.method == "GET").count(),
        1,
        "the endpoint was looked at again"
    );
    assert_eq!(bench.total_calls().await, CONCURRENCY, "the second one asked something");
    assert_eq!(bench.status(), "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn f39_a_data_set_that_was_edited_is_refused_by_the_names_of_its_questions() {
    let bench = Bench::new().await;
    let file = bench.folder.path().join("q.csv");
    let mut run = Watched::start(&mut bench.run("slow", "exact"));
    run.wait_for("sample_finished", 5);
    run.signal("KILL");
    run.end();
    let before = bench.total_calls().await;
    let edited = questions(QUESTIONS).replace("How much is 1 and 2?", "How much is 1 and 3?").replace("q02,", "q99,");
    std::fs::write(&file, edited).unwrap();
    let refused = bench.resume().output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains("`q01` was edited") && told.contains("`q02` is gone"), "{told}");
    assert_eq!(bench.total_calls().await, before, "something was asked");

    std::fs::write(&file, questions(QUESTIONS)).unwrap();
    let (status, said) = Watched::start(&mut bench.resume()).end();
    assert!(status.success(), "{said}");
    bench.assert_whole(1, 1).await;
}

/// Rows are read as they are asked, so a change in the middle is met in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn f39_a_data_set_that_is_edited_while_it_is_asked_ends_the_run() {
    let bench = Bench::new().await;
    let file = bench.folder.path().join("q.csv");
    std::fs::write(&file, questions(2_000)).unwrap();
    let mut run = Watched::start(&mut bench.run("quick", "exact"));
    run.wait_for("sample_finished", 5);
    std::fs::write(&file, questions(1_000)).unwrap();
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("changed after it was checked"), "{said}");
    assert_eq!((bench.status().as_str(), bench.stored() == reported(&said)), ("failed", true));
}

/// A limit that comes in the middle of a run, as another process that takes all memory: whatever fails then, nothing
/// that was reported is lost.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn f06_a_process_that_runs_out_of_memory_is_as_good_as_killed() {
    let bench = Bench::new().await;
    let mut run = Watched::start(&mut bench.run("slow", "slow-grader"));
    run.wait_for("sample_finished", 3);
    let limit = Command::new("prlimit").args(["--as=1", "--pid", &run.pid().to_string()]).status().unwrap();
    assert!(limit.success());
    bench.server.reset().await;
    crate::endpoint::long_answers(&bench.server).await;
    let (status, said) = run.end();
    assert!(!status.success(), "it had enough memory after all: {said}");
    bench.server.reset().await;
    crate::endpoint::serve(&bench.server).await;
    assert!(bench.stored().is_superset(&reported(&said)), "lost");
    let (status, said) = Watched::start(&mut bench.resume()).end();
    assert!(status.success(), "{said}");
    assert_eq!(bench.stored().len(), QUESTIONS);
}
