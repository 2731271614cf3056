//! `evalctl run` as a user runs it, against an endpoint of our own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::process::Output;

use common::{evalctl, fresh};
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{body_partial_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const QUESTIONS: &str = "id,category,question,expected_output\n\
    a,sums,What is 1 + 1?,2\n\
    b,sums,What is 2 + 2?,4\n\
    c,words,Spell cat,cat\n";

fn answer(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "m-2026-01-01", "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
    }))
}

/// An OpenAI-compatible endpoint with the models `good` (answers "2"), `grader` and `locked` (refuses the key).
async fn endpoint() -> MockServer {
    let server = MockServer::start().await;
    let models = json!({"object": "list", "data": [{"id": "good"}, {"id": "grader"}, {"id": "locked"}]});
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .respond_with(ResponseTemplate::new(200).set_body_json(models))
        .mount(&server)
        .await;
    let refused = json!({"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}});
    for (model, response) in [
        ("good", answer("2")),
        ("grader", answer(r#"{"reasoning": "As expected.", "score": 0.75}"#)),
        ("locked", ResponseTemplate::new(401).set_body_json(refused)),
    ] {
        Mock::given(method("POST"))
            .and(path("/v1/chat/completions"))
            .and(body_partial_json(json!({"model": model})))
            .respond_with(response)
            .mount(&server)
            .await;
    }
    server
}

fn folder() -> TempDir {
    let folder = fresh();
    std::fs::write(folder.path().join("golden.csv"), QUESTIONS).unwrap();
    folder
}

/// Runs on a thread of its own, so that the server of the test can answer.
async fn run(folder: &TempDir, server: Option<&MockServer>, arguments: &[&str]) -> Output {
    let mut command = evalctl(folder);
    command.arg("run").args(arguments);
    if let Some(server) = server {
        command.env("OPENAI_BASE_URL", server.uri()).env("OPENAI_API_KEY", "sk-canary-1234567890");
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_asked_judged_stored_and_shown() {
    let (folder, server) = (folder(), endpoint().await);
    let output = run(&folder, Some(&server), &["golden.csv", "-m", "good", "--judge", "grader", "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = &document["runs"][0];
    assert_eq!((&run["status"], &run["model"]), (&json!("finished"), &json!("good")));
    assert_eq!(run["summary"]["score"]["mean"], 0.75);
    assert_eq!(run["summary"]["cost"], json!({"known": null, "unknown": 3}), "no price was given: unknown, not 0");
    assert_eq!(run["summary"]["prompt_tokens"]["known"], 27);
    let notes = stderr(&output);
    assert!(notes.contains("OPENAI_BASE_URL") && notes.contains("key from OPENAI_API_KEY"), "{notes}");
    assert!(!notes.contains("canary"), "the key was shown: {notes}");

    let id = run["id"].as_str().unwrap();
    let shown = evalctl(&folder).args(["show", &id[id.len() - 6..], "b", "--json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let evaluation = &document["evaluations"][0];
    assert_eq!(evaluation["verdicts"][0]["explanation"], "As expected.");
    assert_eq!(evaluation["completion"]["served"]["fingerprint"], "fp_1");

    let text = String::from_utf8(evalctl(&folder).arg("show").output().unwrap().stdout).unwrap();
    assert!(text.contains("As expected.") && text.contains("Spell cat"), "{text}");
    let database = std::fs::read(folder.path().join("eval.db")).unwrap();
    assert!(!database.windows(6).any(|window| window == b"canary"), "the key was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_judge_needs_no_grader() {
    let (folder, server) = (folder(), endpoint().await);
    let output = run(&folder, Some(&server), &["golden.csv", "-m", "good", "--judge", "exact"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("33.3%"));
    let calls = server.received_requests().await.unwrap();
    assert_eq!(calls.iter().filter(|call| call.method == "POST").count(), 3, "one call per question");
}

/// Each of these ends before a question is asked, with the exit code, the place and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_before_the_first_call() {
    let (folder, server) = (folder(), endpoint().await);
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("twice.csv", "id,question,expected_output\na,x,1\nb,y,2\na,z,3\n");
    write("column.csv", "id,question,expcted_output\na,x,1\n");
    write("judge.csv", "id,question,expected_output,judge\na,x,1,exct\n");
    write("prompt.txt", "{persona}: {question}");
    write("leak.txt", "{question} (hint: {expected_output})");
    let good = |rest: &[&'static str]| [&["golden.csv", "-m", "good", "--judge", "exact"], rest].concat();
    for (arguments, code, told) in [
        (vec!["nowhere.csv", "-m", "good"], 2, &["nowhere.csv"][..]),
        (vec!["twice.csv", "-m", "good"], 2, &["twice.csv:4", "line 2"]),
        (vec!["column.csv", "-m", "good"], 2, &["column.csv:1", "expected_output", "expcted_output"]),
        (vec!["judge.csv", "-m", "good"], 2, &["question a", "exct", "exact"]),
        (vec!["golden.csv"], 2, &["no model", "hint:"]),
        (vec!["golden.csv", "-m", "goood", "--judge", "exact"], 2, &["no model `goood`", "did you mean `good`"]),
        (vec!["golden.csv", "-m", "good", "--judge", "gradr"], 2, &["no model `gradr`", "did you mean `grader`"]),
        (vec!["golden.csv", "-m", "simulated:strng"], 2, &["did you mean simulated:strong"]),
        (vec!["golden.csv", "-m", "column:answr"], 2, &["no column `answr`"]),
        (vec!["golden.csv", "-m", "good", "-m", "good"], 2, &["named twice"]),
        (good(&["--threshold", "80"]), 2, &["threshold is 80", "did you mean 0.8"]),
        (good(&["--epochs", "0"]), 2, &["epochs is 0"]),
        (good(&["--concurency", "4"]), 2, &["--concurrency"]),
        (good(&["--param", "temperature"]), 2, &["KEY=VALUE"]),
        (good(&["--category", "sum"]), 2, &["sums"]),
        (good(&["--prompt", "prompt.txt"]), 2, &["{persona}"]),
        (good(&["--prompt", "leak.txt"]), 2, &["leak.txt", "expected_output"]),
        (good(&["--prompt", "none.txt"]), 2, &["cannot read none.txt"]),
        (good(&["--judge", "regex:("]), 2, &["regex:("]),
        (good(&["--database-url", "sqlite:///no/such/folder/x.db"]), 2, &["no/such/folder", "--database-url"]),
        (good(&["--database-url", "golden.csv"]), 2, &["golden.csv"]),
        (good(&["--database-url", "oracle://x"]), 2, &["oracle"]),
        (good(&["--base-url", "http://127.0.0.1:9"]), 4, &["cannot reach http://127.0.0.1:9", "--base-url"]),
        (good(&["--base-url", "localhost:4000"]), 2, &["localhost:4000"]),
        (good(&["--config", "none.toml"]), 2, &["none.toml"]),
    ] {
        let output = run(&folder, Some(&server), &arguments).await;
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        for word in told {
            assert!(text.contains(word), "{arguments:?} does not tell {word:?}: {text}");
        }
        assert!(!text.contains("panicked"), "{arguments:?}: {text}");
    }
    let calls = server.received_requests().await.unwrap();
    assert_eq!(calls.iter().filter(|call| call.method == "POST").count(), 0, "something was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_or_a_key_the_user_is_told_what_to_set() {
    let folder = folder();
    let output = run(&folder, None, &["golden.csv", "-m", "good"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("LITELLM_BASE_URL") && stderr(&output).contains("evalctl demo"));

    let server = MockServer::start().await;
    let refused = json!({"error": {"message": "no key", "type": "auth_error"}});
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(401).set_body_json(refused)).mount(&server).await;
    let uri = server.uri();
    let output = run(&folder, None, &["golden.csv", "-m", "good", "--base-url", &uri]).await;
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("wants a key") && stderr(&output).contains("LITELLM_API_KEY"),
        "{}",
        stderr(&output)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f27_a_key_refused_in_the_middle_stops_at_once_and_says_so() {
    let (folder, server) = (folder(), endpoint().await);
    let arguments = ["golden.csv", "-m", "locked", "--judge", "exact", "--concurrency", "1", "--json"];
    let output = run(&folder, Some(&server), &arguments).await;
    assert_eq!(output.status.code(), Some(4));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["runs"][0]["status"], "failed");
    assert!(stderr(&output).contains("stopped early"), "{}", stderr(&output));
    let calls = server.received_requests().await.unwrap();
    assert_eq!(calls.iter().filter(|call| call.method == "POST").count(), 1, "not one failed item per question");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_column_are_scored_without_calling_anybody() {
    let folder = fresh();
    let rows = "id,question,expected_output,production\na,1+1?,2,2\nb,2+2?,4,5\n";
    std::fs::write(folder.path().join("log.csv"), rows).unwrap();
    let output = run(&folder, None, &["log.csv", "-m", "column:production", "--json"]).await;
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = &document["runs"][0];
    assert_eq!((&run["summary"]["score"]["mean"], &run["summary"]["cost"]["known"]), (&json!(0.5), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_chooses_the_judge_of_its_row() {
    let (folder, server) = (fresh(), endpoint().await);
    let rows = "id,question,expected_output,judge\na,1+1?,2.0,numeric\nb,1+1?,two,llm\nc,1+1?,2.0,\n";
    std::fs::write(folder.path().join("q.csv"), rows).unwrap();
    let output =
        run(&folder, Some(&server), &["q.csv", "-m", "good", "--judge", "exact", "--judge", "grader", "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let shown = evalctl(&folder).args(["show", "--json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let judged: Vec<_> = document["evaluations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (found["verdicts"][0]["judge"].as_str().unwrap(), found["verdicts"][0]["score"].as_f64().unwrap()))
        .collect();
    assert_eq!(judged, [("numeric", 1.0), ("llm:grader", 0.75), ("exact", 0.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn init_makes_a_folder_that_runs_as_it_stands() {
    let folder = fresh();
    assert!(evalctl(&folder).arg("init").output().unwrap().status.success());
    let again = evalctl(&folder).arg("init").output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("there already"));
    let output = run(&folder, None, &["--tag", "branch=main", "--json-out", "copies"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Simulated models"));
    assert_eq!(std::fs::read_dir(folder.path().join("copies")).unwrap().count(), 2);
    let runs = evalctl(&folder).args(["runs", "--tag", "branch=main", "--json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&runs.stdout).unwrap();
    assert_eq!(document["runs"].as_array().unwrap().len(), 2);
    let config = evalctl(&folder).args(["config", "show"]).env("EVALCTL_EPOCHS", "2").output().unwrap();
    let text = String::from_utf8(config.stdout).unwrap();
    assert!(text.contains("EVALCTL_EPOCHS") && text.contains("evalctl.toml:"), "{text}");
    let secret = [("DATABASE_URL", "postgresql://me:canary@db/x"), ("OPENAI_API_KEY", "sk-canary")];
    let config = evalctl(&folder).args(["config", "show"]).envs(secret).output().unwrap();
    let text = String::from_utf8(config.stdout).unwrap();
    assert!(
        text.contains("postgresql://db/x") && text.contains("OPENAI_API_KEY") && !text.contains("canary"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_data_set_stays_out_of_the_leaderboard() {
    let folder = folder();
    run(&folder, None, &["golden.csv", "-m", "simulated:strong", "--limit", "2"]).await;
    let models = evalctl(&folder).arg("models").output().unwrap();
    assert_eq!(models.status.code(), Some(2));
    assert!(stderr(&models).contains("--limit"), "{}", stderr(&models));
    run(&folder, None, &["golden.csv", "-m", "simulated:strong"]).await;
    assert!(evalctl(&folder).arg("models").output().unwrap().status.success());
}

#[test]
fn data_sets_are_validated_counted_and_compared() {
    let folder = folder();
    std::fs::write(folder.path().join("new.csv"), QUESTIONS.replace("Spell cat", "Spell dog") + "d,x,y,z\n").unwrap();
    let text = |arguments: &[&str]| {
        let output = evalctl(&folder).arg("dataset").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(text(&["validate", "golden.csv"]).contains("3 questions in 2 categories, no errors"));
    assert!(text(&["stats", "golden.csv"]).contains("sums"));
    assert!(text(&["diff", "golden.csv", "new.csv"]).ends_with("1 added, 0 removed, 1 changed, 2 unchanged\n"));
}

/// A limit on the size of files makes the database fail in the middle of the run, as a full disk does.
#[cfg(unix)]
#[test]
fn what_the_database_cannot_take_is_spilled_and_imported() {
    let folder = fresh();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../eval-core/data/golden.csv");
    let program = env!("CARGO_BIN_EXE_evalctl");
    let line = format!(
        "trap '' XFSZ; ulimit -f 1200; exec {program} run {golden} -m simulated:strong --epochs 40 --json --database-url eval.db"
    );
    let output = common::clean(std::process::Command::new("sh"), &folder).args(["-c", &line]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let told = stderr(&output);
    assert!(
        told.contains("stopped early") && told.contains("evalctl import eval.db.spill.jsonl --database-url eval.db"),
        "{told}"
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = &document["runs"][0];
    assert_eq!(run["status"], "failed");
    let ended = run["summary"]["counts"]["scored"].as_u64().unwrap();

    for _ in 0..2 {
        let imported = evalctl(&folder).args(["import", "eval.db.spill.jsonl", "--json"]).output().unwrap();
        assert!(imported.status.success(), "{}", stderr(&imported));
        let document: Value = serde_json::from_slice(&imported.stdout).unwrap();
        assert_eq!(document["runs"], 1);
        assert!(document["evaluations"].as_u64().unwrap() > 0);
    }
    let shown = evalctl(&folder).args(["show", "--json", "-n", "100000"]).output().unwrap();
    let document: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(document["run"]["id"], run["id"]);
    assert_eq!(document["evaluations"].as_array().unwrap().len() as u64, ended, "lost, or counted twice");
}
