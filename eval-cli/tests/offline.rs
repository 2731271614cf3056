//! Cassettes and the cache of answers, as a user has them: an endpoint of our own is recorded, and then it is gone.

mod common;

use std::collections::HashSet;
use std::path::Path;
use std::process::Output;
use std::sync::Mutex;

use common::{evalctl, fresh};
use eval_core::RunId;
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const KEY: &str = "sk-canary-1234567890";

/// Twelve questions, two of them with the same text.
fn questions() -> String {
    let row = |at: usize| format!("q{at:02},sums,How much is {} and 2?,{}\n", at % 11, at % 11 + 2);
    std::iter::once("id,category,question,expected_output\n".to_owned()).chain((0..12).map(row)).collect()
}

fn refuse(status: u16, message: &str) -> ResponseTemplate {
    let error = json!({"error": {"message": message, "type": "invalid_request_error"}});
    ResponseTemplate::new(status).set_body_json(error)
}

fn answer(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "m-2026-01-01", "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
    }))
}

/// `model` says 2 to most questions, is busy at first, has a filter and repeats the key; `grader` refuses a temperature and
/// grades by the answer.
fn respond(request: &Request, busy: &Mutex<HashSet<String>>) -> ResponseTemplate {
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    let asked = body["messages"].as_array().and_then(|turns| turns.last()).expect("a message")["content"].to_string();
    if body["model"] == "grader" {
        return match body.get("temperature") {
            Some(_) => refuse(400, "temperature is not supported with this model"),
            None => {
                let score = if asked.contains("it is 2") { 0.25 } else { 0.75 };
                answer(&format!(r#"{{"reasoning": "As expected.", "score": {score}}}"#))
            }
        };
    }
    match asked {
        text if text.contains("is 3 and") => refuse(400, "content_policy_violation: no threes"),
        text if text.contains("is 4 and") => answer(&format!("with {KEY} it is 6")),
        text if busy.lock().expect("a lock").insert(text.clone()) && text.contains("is 5 and") => {
            refuse(429, "slow down").insert_header("retry-after", "0")
        }
        text => answer(if text.contains("is 0 and") { "it is 2" } else { "it is more" }),
    }
}

async fn endpoint() -> MockServer {
    let server = MockServer::start().await;
    let models = json!({"object": "list", "data": [{"id": "model"}, {"id": "grader"}]});
    let list = ResponseTemplate::new(200).set_body_json(models);
    Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(&server).await;
    let busy = Mutex::default();
    Mock::given(method("POST")).respond_with(move |request: &Request| respond(request, &busy)).mount(&server).await;
    server
}

/// How many calls got through. Each process finds out anew that the grader takes no temperature, by as many calls as are in
/// flight then.
async fn asked(server: &MockServer) -> usize {
    let requests = server.received_requests().await.expect("requests are recorded");
    let counts = |request: &&Request| {
        request.method == "POST" && !String::from_utf8_lossy(&request.body).contains("temperature")
    };
    requests.iter().filter(counts).count()
}

/// A folder with the questions.
fn folder() -> TempDir {
    let folder = fresh();
    std::fs::write(folder.path().join("golden.csv"), questions()).expect("a file");
    folder
}

/// Ends with this code. Runs on a thread of its own, so that the server of the test can answer.
async fn ends(code: i32, folder: &TempDir, url: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = evalctl(folder);
    command.args(arguments);
    if let Some(url) = url {
        command.env("OPENAI_BASE_URL", url).env("OPENAI_API_KEY", KEY);
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("a program");
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    output
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("a document")
}

const RUN: [&str; 8] = ["run", "golden.csv", "-m", "model", "--judge", "grader", "--epochs", "2"];

fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&RUN[..], more].concat()
}

/// The exported run without what is another each time: ids, times, and what was paid.
fn exported(folder: &TempDir) -> Value {
    let runs = evalctl(folder).args(["runs", "--json"]).output().expect("a program");
    let newest = document(&runs)["runs"][0]["id"].as_str().expect("an id").to_owned();
    let output = evalctl(folder).args(["export", &newest, "--format", "json"]).output().expect("a program");
    assert!(output.status.success(), "{}", stderr(&output));
    let mut export = document(&output);
    strip(&mut export);
    export
}

fn strip(value: &mut Value) {
    const OTHERS: [&str; 13] = [
        "kind",
        "started",
        "finished",
        "exported",
        "timing",
        "latency",
        "latency_ms",
        "cost",
        "judge_cost",
        "would_have_cost",
        "recalled",
        "spec",
        "git_dirty",
    ];
    match value {
        Value::Array(values) => values.iter_mut().for_each(strip),
        Value::Object(fields) => {
            let is_run = |value: &Value| value.as_str().is_some_and(|id| id.parse::<RunId>().is_ok());
            fields.retain(|name, value| !OTHERS.contains(&name.as_str()) && !is_run(value));
            fields.values_mut().for_each(strip);
        }
        _ => {}
    }
}

/// Everything below a folder as bytes.
fn bytes(folder: &Path) -> Vec<u8> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { bytes(&path) } else { std::fs::read(&path).expect("a file") }).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() { copy(&path, &target) } else { assert!(std::fs::copy(&path, &target).is_ok()) }
    }
}

/// A folder in which a run was recorded into `tape`; its endpoint is gone.
async fn recorded() -> TempDir {
    let (folder, server) = (folder(), endpoint().await);
    ends(0, &folder, Some(&server.uri()), &run(&["--record", "tape"])).await;
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_run_is_replayed_without_endpoint_key_and_network() {
    let first = recorded().await;
    let second = folder();
    copy(&first.path().join("tape"), &second.path().join("tape"));
    let output = ends(0, &second, None, &run(&["--replay", "tape", "--json"])).await;
    let (run, notes) = (&document(&output)["runs"][0], stderr(&output));
    assert_eq!((&run["kind"], &run["status"]), (&json!("recall"), &json!("finished")));
    assert_eq!(run["summary"]["counts"], json!({"scored": 22, "unscored": 0, "failed": 2}));
    assert_eq!((&run["summary"]["cost"]["known"], &run["summary"]["latency"]), (&json!(0), &Value::Null));
    assert!(notes.contains("22 of 22 answers come from a cassette: in no leaderboard and no history"), "{notes}");
    let (was, is) = (exported(&first), exported(&second));
    assert!(was["evaluations"].as_array().is_some_and(|rows| rows.len() == 24), "{was}");
    assert_eq!(was, is);

    let shown = String::from_utf8(ends(0, &second, None, &["show"]).await.stdout).expect("a text");
    assert!(shown.contains("  recalled 22 of 22 answers come from a cassette"), "{shown}");
    let board = ends(0, &second, None, &["models", "--json"]).await;
    assert!(!String::from_utf8_lossy(&board.stdout).contains("\"model\":\"model\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_recording_and_what_is_made_of_it_hold_no_key() {
    let folder = recorded().await;
    ends(0, &folder, None, &run(&["--replay", "tape"])).await;
    let found = bytes(folder.path());
    assert!(!found.windows(6).any(|window| window == b"canary"), "the key was written down");
    assert!(found.windows(22).any(|window| window == b"with [redacted] it is "), "the answer that repeats it is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_recorded_ends_the_replay_with_its_name() {
    let folder = recorded().await;
    let warm = ends(4, &folder, None, &run(&["--replay", "tape", "--param", "temperature=1"])).await;
    let said = stderr(&warm);
    assert!(said.contains("the answer of model on q0") && said.contains("was not recorded"), "{said}");
    assert!(said.contains("recorded with no parameters"), "{said}");
    let resumed = ends(2, &folder, None, &["resume"]).await;
    assert!(stderr(&resumed).contains("go on with --replay DIR"), "{}", stderr(&resumed));

    let unknown = ["run", "golden.csv", "-m", "modle", "--judge", "exact", "--replay", "tape"];
    let refused = stderr(&ends(2, &folder, None, &unknown).await);
    assert!(refused.contains("holds nothing of `modle`") && refused.contains("did you mean `model`?"), "{refused}");
    let nowhere = stderr(&ends(2, &folder, None, &run(&["--replay", "nowhere"])).await);
    assert!(nowhere.contains("cannot read the cassette nowhere"), "{nowhere}");
    let used = stderr(&ends(2, &folder, Some("http://127.0.0.1:9"), &run(&["--record", "tape"])).await);
    assert!(used.contains("tape is not empty"), "{used}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_replays_the_whole_pipeline_offline() {
    let folder = recorded().await;
    ends(0, &folder, None, &run(&["--replay", "tape", "--tag", "base=1"])).await;
    let arguments =
        ["gate", "--run", "golden.csv", "-m", "model", "--judge", "grader", "--epochs", "2", "--vs", "@latest"];
    let replayed = [&arguments[..], &["--replay", "tape", "--max-error-share", "20"]].concat();
    ends(0, &folder, None, &replayed).await;
    let stored = ["gate", "@latest", "--vs", "@latest~1", "--max-error-share", "20"];
    let refused = stderr(&ends(2, &folder, None, &stored).await);
    assert!(refused.contains("--allow-cached decides all the same"), "{refused}");
    let allowed = ends(0, &folder, None, &[&stored[..], &["--allow-cached"]].concat()).await;
    assert!(String::from_utf8_lossy(&allowed.stdout).contains("11 shared questions"), "{allowed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_answers_what_was_asked_before_and_says_so() {
    let (folder, server) = (folder(), endpoint().await);
    let url = server.uri();
    ends(0, &folder, Some(&url), &run(&["--cache", "answers"])).await;
    let first = asked(&server).await;
    let output = ends(0, &folder, Some(&url), &run(&["--cache", "answers", "--json"])).await;
    // The question with the filter is asked in both epochs: errors are not kept.
    assert_eq!(asked(&server).await - first, 2, "asked again");
    let (run_again, notes) = (&document(&output)["runs"][0], stderr(&output));
    assert_eq!(run_again["kind"], "recall");
    assert!(notes.contains("22 of 22 answers come from the cache"), "{notes}");
    assert_eq!(run_again["summary"]["cost"], json!({"known": 0, "unknown": 2}));

    let second = asked(&server).await;
    let fresh = ends(0, &folder, Some(&url), &run(&["--no-cache", "--json"])).await;
    assert_eq!(document(&fresh)["runs"][0]["kind"], "evaluation");
    assert!(asked(&server).await - second >= 24 + 22, "all answers and verdicts");

    // A configuration that names a cache: runs use it, gates do not.
    std::fs::write(folder.path().join("evalctl.toml"), "cache = \"answers\"\n").expect("a file");
    let third = asked(&server).await;
    let gate = ["gate", "--run", "golden.csv", "-m", "model", "--judge", "grader", "--epochs", "2", "--vs", "window:5"];
    ends(0, &folder, Some(&url), &[&gate[..], &["--max-error-share", "20"]].concat()).await;
    assert!(asked(&server).await - third >= 24 + 22, "a gate asks");
    let configured = ends(0, &folder, Some(&url), &run(&["--json"])).await;
    assert_eq!(document(&configured)["runs"][0]["kind"], "recall");
    let recalled = document(&configured)["runs"][0]["id"].as_str().expect("an id").to_owned();
    let refused = stderr(&ends(2, &folder, None, &["gate", &recalled, "--vs", "window:5"]).await);
    assert!(refused.contains("answers out of a cache"), "{refused}");
}
