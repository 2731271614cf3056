//! `evalctl` and an endpoint that misbehaves in every way we know: what `docs/faults.toml` says of F19 to F28, F56 and S12.
#![cfg(unix)]

#[path = "../../eval-providers/tests/chaos/cases.rs"]
mod cases;
mod common;
#[path = "chaos/memory.rs"]
mod memory;
#[path = "chaos/outage.rs"]
mod outage;
#[path = "chaos/proxies.rs"]
mod proxies;
#[path = "faults/watch.rs"]
mod watch;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use cases::{CASES, Case, Expected};
use common::{evalctl, fresh};
use eval_chaos::{BY_QUESTION, Chaos};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The key of every test: it must never be seen again.
const CANARY: &str = "sk-canary-a4417e09dd";

/// The longest message of a failed call that is stored, in bytes.
const SNIPPET: usize = 2048;

/// A data set with a question for each of these behaviours.
fn questions<'a>(behaviours: impl IntoIterator<Item = &'a str>) -> String {
    let rows = behaviours.into_iter().enumerate();
    let rows = rows.map(|(at, name)| format!("q{at:03},{name},Which city? {name},Paris.\n"));
    std::iter::once("id,category,question,expected_output\n".to_owned()).chain(rows).collect()
}

/// A run whose questions say what the endpoint does.
fn run(folder: &TempDir, url: &str) -> Command {
    let mut command = evalctl(folder);
    command.args(["run", "q.csv", "-m", BY_QUESTION, "--judge", "exact"]);
    command.env("OPENAI_BASE_URL", url).env("OPENAI_API_KEY", CANARY);
    command
}

/// Runs on a thread of its own, so that the endpoint can answer.
async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().expect("it starts")).await.expect("no panic")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn shown(folder: &TempDir) -> Value {
    let output = evalctl(folder).args(["show", "--json", "-n", "500"]).output().expect("it starts");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
}

/// What one run can meet and go on, with one attempt each: what ends it, what takes long (a refusal for the rate holds all
/// calls) and what is another at the next attempt have tests of their own. In an order in which an endpoint in trouble answers again and again.
fn survivable() -> Vec<&'static Case> {
    let long = |case: &Case| case.fault == "F19" || case.behaviour == "gzip-bomb";
    let ends = |case: &Case| matches!(case.expected, Expected::Fails(kind, _) if kind.is_fatal());
    let apart = |case: &Case| ends(case) || long(case) || case.behaviour.starts_with("flaky");
    let is_trouble = |case: &Case| matches!(case.expected, Expected::Fails(kind, _) if kind.is_transient());
    let cases = CASES.iter().filter(|case| !apart(case));
    let (trouble, others): (Vec<&Case>, Vec<&Case>) = cases.partition(|case| is_trouble(case));
    let pause = trouble.len().div_ceil(others.len());
    let mut others = others.into_iter();
    let mixed =
        trouble.chunks(pause).flat_map(|trouble| trouble.iter().copied().chain(others.next()).collect::<Vec<_>>());
    let mut mixed: Vec<&Case> = mixed.collect();
    mixed.extend(others);
    mixed
}

fn mixed(chaos: &Chaos) -> (TempDir, Command) {
    let folder = fresh();
    fs::write(folder.path().join("q.csv"), questions(survivable().iter().map(|case| case.behaviour))).expect("a file");
    let mut command = run(&folder, &chaos.url());
    command.args(["--timeout", "3", "--max-attempts", "1", "--concurrency", "16"]);
    (folder, command)
}

/// Every fault that a run survives, in one data set.
#[tokio::test(flavor = "multi_thread")]
async fn f23_every_fault_in_one_run_is_an_outcome_of_its_own() {
    let chaos = Chaos::start().await.expect("a port");
    let (folder, command) = mixed(&chaos);
    let output = output(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document = shown(&folder);
    let stored: BTreeMap<&str, &Value> = document["evaluations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|evaluation| (evaluation["sample"]["category"].as_str().expect("a text"), evaluation))
        .collect();
    let mut failed = 0;
    for case in survivable() {
        let (name, outcome) = (case.behaviour, &stored[case.behaviour]["outcome"]);
        match case.expected {
            Expected::Says(answer, finish) => {
                let completion = &stored[name]["completion"];
                assert_eq!((&outcome["type"], &completion["text"]), (&json!("scored"), &json!(answer)), "{name}");
                assert_eq!(completion["finish"], finish_as_stored(finish), "{name}");
            }
            Expected::Fails(kind, said) => {
                failed += 1;
                assert_eq!((&outcome["type"], &outcome["kind"]), (&json!("failed"), &json!(kind.name())), "{outcome}");
                let message = outcome["message"].as_str().expect("a text");
                assert!(message.contains(said) && message.len() <= SNIPPET, "{name}: {message}");
            }
        }
        let calls = chaos.ledger().calls(name);
        assert!(calls == 1 && calls <= case.calls, "{}: {calls} calls of {name}", case.fault);
    }
    let run = &document["run"];
    let counts = json!({"scored": survivable().len() - failed, "unscored": 0, "failed": failed});
    assert_eq!((&run["status"], &run["summary"]["counts"]), (&json!("finished"), &counts));
    assert_eq!(chaos.ledger().elsewhere(), 0);
}

/// A reason that is none of the usual ones is stored as `{"other": …}`.
fn finish_as_stored(finish: &str) -> Value {
    if finish == "refusal" { json!({"other": finish}) } else { json!(finish) }
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_what_passes_is_answered_at_the_next_attempt_and_what_is_garbled_is_asked_for_once_more() {
    let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
    let asked = [("good", 1), ("flaky-1-503", 2), ("flaky-2-429", 3), ("reset", 4), ("html", 2), ("status-413", 1)];
    fs::write(folder.path().join("q.csv"), questions(asked.map(|(name, _)| name))).expect("a file");
    let mut command = run(&folder, &chaos.url());
    command.args(["--max-attempts", "4"]);
    let output = output(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(shown(&folder)["run"]["summary"]["counts"], json!({"scored": 3, "unscored": 0, "failed": 3}));
    for (name, calls) in asked {
        assert_eq!(chaos.ledger().calls(name), calls, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f28_who_answered_and_what_was_odd_is_shown_and_counted() {
    let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
    let asked = ["cache-hit", "hidden-retries", "fallback", "other-model", "pair", "pair", "pair", "pair"];
    fs::write(folder.path().join("q.csv"), questions(asked)).expect("a file");
    let output = output(run(&folder, &chaos.url())).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let served = &shown(&folder)["served"];
    let flags = json!({"cache_hit": 1, "hidden_retries": 1, "fallback": 1, "other_model": 1, "mixed_backends": 5});
    assert_eq!((&served["answers"], &served["flags"]), (&json!(8), &flags), "{served}");
    let page = text(&evalctl(&folder).arg("show").output().expect("it starts").stdout);
    for line in ["4 backends answered in this run: ", "1 of 8 answers came out of a cache", "came from a fallback"] {
        assert!(page.contains(line), "{page}");
    }
    let one = text(&evalctl(&folder).args(["show", "@latest", "q002"]).output().expect("it starts").stdout);
    assert!(one.contains("flags") && one.contains("fallback"), "{one}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f25_what_is_unknown_is_counted_as_unknown() {
    let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
    let asked = CASES.iter().filter(|case| case.fault == "F25").map(|case| case.behaviour);
    let (usage, cost) = asked.clone().partition::<Vec<_>, _>(|name| name.starts_with("usage"));
    fs::write(folder.path().join("q.csv"), questions(asked)).expect("a file");
    let output = output(run(&folder, &chaos.url())).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let summary = &shown(&folder)["run"]["summary"];
    let tokens = |each: usize| json!({"known": each * cost.len(), "unknown": usage.len()});
    assert_eq!((&summary["prompt_tokens"], &summary["completion_tokens"]), (&tokens(11), &tokens(7)));
    assert_eq!(summary["cost"], json!({"known": null, "unknown": usage.len() + cost.len()}));
}

/// The question after the one that ends the run is not asked.
#[tokio::test(flavor = "multi_thread")]
async fn f24_a_redirect_ends_the_run_and_no_other_host_sees_the_key() {
    for (behaviour, kind) in [("redirect-307", "config"), ("redirect-301", "config"), ("status-401", "auth")] {
        let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
        fs::write(folder.path().join("q.csv"), questions(["good", behaviour, "good", "good"])).expect("a file");
        let mut command = run(&folder, &chaos.url());
        command.args(["--concurrency", "1"]);
        let output = output(command).await;
        assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
        assert_eq!((chaos.ledger().total(), chaos.ledger().elsewhere()), (2, 0), "{behaviour}");
        let run = &shown(&folder)["run"];
        assert_eq!((&run["status"], &run["stop"]["kind"]), (&json!("failed"), &json!(kind)), "{run}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_an_endpoint_that_never_recovers_ends_with_an_exit_code_that_says_so() {
    let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
    let storm = ["status-500", "status-502", "status-503", "status-529"];
    fs::write(folder.path().join("q.csv"), questions(storm)).expect("a file");
    let mut command = run(&folder, &chaos.url());
    command.args(["--max-attempts", "2"]);
    let output = output(command).await;
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(chaos.ledger().most_for_one_question() <= 2, "attempts are bounded");
}

/// Everything that is written anywhere, in a run that meets every fault with all logs on.
#[tokio::test(flavor = "multi_thread")]
async fn s12_the_key_is_in_no_database_log_export_or_word() {
    let chaos = Chaos::start().await.expect("a port");
    let (folder, mut command) = mixed(&chaos);
    command.args(["--json-out", "copies", "--format", "jsonl"]).env("EVALCTL_LOG", "trace");
    let output = output(command).await;
    assert!(output.status.success());
    silent("stdout", &output.stdout);
    silent("stderr", &output.stderr);
    let logs = text(&output.stderr);
    assert!(logs.contains("TRACE"), "the logs are on: {logs}");
    for arguments in [
        &["export", "-o", "run.csv"][..],
        &["export", "-o", "run.json"],
        &["export", "-o", "run.jsonl"],
        &["show", "-n", "500", "--full"],
        &["show", "-n", "500", "--json"],
        &["config", "show"],
        &["doctor", "-m", "good", "--ask", "--judge", "exact"],
    ] {
        let mut command = evalctl(&folder);
        command.args(arguments).env("OPENAI_BASE_URL", chaos.url()).env("OPENAI_API_KEY", CANARY);
        let said = self::output(command).await;
        assert!(said.stdout.len() + said.stderr.len() > 0 || folder.path().join(arguments[2]).exists());
        silent(&format!("{arguments:?}"), &said.stdout);
        silent(&format!("{arguments:?}"), &said.stderr);
    }
    assert!(files(folder.path()) >= 6, "database, data set, copy and exports");
    assert_eq!(chaos.ledger().keys(), [format!("Bearer {CANARY}")], "the endpoint did see it");
}

fn silent(what: &str, bytes: &[u8]) {
    let at = bytes.windows(6).position(|window| window == b"canary");
    let near = at.map(|at| text(&bytes[at.saturating_sub(80)..bytes.len().min(at + 80)]));
    assert_eq!(near, None, "the key stands in {what}");
}

/// Looks into every file below a folder; says how many there are.
fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let look = |path: std::path::PathBuf| match path.is_dir() {
        true => files(&path),
        false => {
            silent(&path.display().to_string(), &fs::read(&path).expect("a file"));
            1
        }
    };
    entries.map(look).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_asks_who_answers_and_says_that_it_is_a_hint() {
    let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
    let mut command = evalctl(&folder);
    command.args(["doctor", "--identity", "-m", "gpt-5-chat", "--judge", "exact"]);
    command.env("OPENAI_BASE_URL", chaos.url()).env("OPENAI_API_KEY", CANARY);
    let page = text(&output(command).await.stdout);
    for words in ["headers of anthropic", "odd: ", "other_maker", "I am Claude, made by Anthropic", "never a verdict"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let mut command = evalctl(&folder);
    command.args(["doctor", "--identity", "-m", "good", "--judge", "exact", "--json"]);
    command.env("OPENAI_BASE_URL", chaos.url()).env("OPENAI_API_KEY", CANARY);
    let document: Value = serde_json::from_slice(&output(command).await.stdout).expect("JSON");
    let checks = document["checks"].as_array().expect("a list");
    let seen = &checks.iter().find(|check| check["check"] == "identity").expect("it is there")["seen"];
    assert_eq!((&seen["says"], &seen["prompt_tokens"]), (&json!("Paris."), &json!(11)), "{seen}");
}

/// The fourth question of the second run is the first one that is counted by another tokenizer.
#[tokio::test(flavor = "multi_thread")]
async fn another_tokenizer_behind_a_name_shows_in_the_prompt_tokens() {
    let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
    fs::write(folder.path().join("q.csv"), questions(["swapped-14"; 10])).expect("a file");
    for (run_of, words) in [(1, None), (2, Some("prompt tokens of 70 % of the questions changed since the run before"))]
    {
        let mut command = run(&folder, &chaos.url());
        command.args(["--concurrency", "1"]);
        let output = output(command).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
        let page = text(&evalctl(&folder).arg("show").output().expect("it starts").stdout);
        assert_eq!(page.contains("prompt tokens of"), words.is_some(), "run {run_of}: {page}");
        assert!(words.is_none_or(|words| page.contains(words)), "{page}");
    }
    let tokens = &shown(&folder)["prompt_tokens"];
    assert_eq!((&tokens["compared"], &tokens["changed"]), (&json!(10), &json!(7)), "{tokens}");
}
