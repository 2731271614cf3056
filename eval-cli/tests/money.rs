//! Costs and caps as a user meets them, against an endpoint of our own.

mod common;

use std::process::Output;

use common::{evalctl, fresh};
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{body_partial_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// $1 a million tokens of the prompt, $5 of the answer; the grader costs twice as much.
const PRICES: &str = r#"{"_table": {"date": "2026-11-01", "source": "a contract"},
    "good": {"input_cost_per_token": 1e-06, "output_cost_per_token": 5e-06},
    "grader": {"input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05}}"#;

fn answer(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "m-2026-01-01",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }))
}

/// `good` and `strange` answer, `grader` grades, `dear` reports a cost of its own.
async fn endpoint() -> MockServer {
    let server = MockServer::start().await;
    let verdict = answer(r#"{"reasoning": "As expected.", "score": 1}"#);
    let dear = answer("2").insert_header("x-litellm-response-cost", "0.25");
    let models = [("good", answer("2")), ("strange", answer("2")), ("grader", verdict), ("dear", dear)];
    let list: Vec<_> = models.iter().map(|(name, _)| json!({"id": name})).collect();
    let list = ResponseTemplate::new(200).set_body_json(json!({"object": "list", "data": list}));
    Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(&server).await;
    for (model, reply) in models {
        let asked = Mock::given(method("POST")).and(path("/v1/chat/completions"));
        asked.and(body_partial_json(json!({"model": model}))).respond_with(reply).mount(&server).await;
    }
    server
}

fn folder(questions: usize) -> TempDir {
    let folder = fresh();
    let rows = (0..questions).map(|at| format!("q{at:02},sums,How much is {at} and 2?,2\n"));
    let text: String = std::iter::once("id,category,question,expected_output\n".to_owned()).chain(rows).collect();
    std::fs::write(folder.path().join("golden.csv"), text).expect("a file");
    std::fs::write(folder.path().join("evalctl.prices.json"), PRICES).expect("a file");
    folder
}

/// Runs on a thread of its own, so that the server of the test can answer.
async fn run(folder: &TempDir, server: &MockServer, arguments: &[&str]) -> Output {
    let mut command = evalctl(folder);
    command.args(arguments).env("OPENAI_BASE_URL", server.uri()).env("OPENAI_API_KEY", "sk-canary-1234567890");
    tokio::task::spawn_blocking(move || command.output().expect("a program")).await.expect("a thread")
}

async fn json(code: i32, folder: &TempDir, server: &MockServer, arguments: &[&str]) -> Value {
    let output = run(folder, server, &[arguments, &["--json"]].concat()).await;
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("a document")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn calls(server: &MockServer) -> usize {
    let all = server.received_requests().await.expect("requests are recorded");
    all.iter().filter(|request| request.method == "POST").count()
}

const MODEL: [&str; 4] = ["run", "golden.csv", "-m", "good"];
/// What an answer of `good` and one of `grader` cost, in nano-dollars.
const ANSWER: i64 = 1_500_000;
const VERDICT: i64 = 3_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn answers_and_verdicts_are_priced_apart_and_say_by_what() {
    let (folder, server) = (folder(3), endpoint().await);
    let document = json(0, &folder, &server, &[&MODEL[..], &["--judge", "grader"]].concat()).await;
    let summary = &document["runs"][0]["summary"];
    assert_eq!(summary["cost"], json!({"known": 3 * ANSWER, "unknown": 0}));
    assert_eq!(summary["judge_cost"], json!({"known": 3 * VERDICT, "unknown": 0}));
    let shown = json(0, &folder, &server, &["show"]).await;
    let file = json!({"source": "file", "date": "2026-11-01"});
    assert_eq!(shown["evaluations"][0]["completion"]["pricing"], file);
    assert_eq!(shown["evaluations"][0]["verdicts"][0]["pricing"], file);

    let strange = ["run", "golden.csv", "-m", "strange", "-m", "dear", "--judge", "exact"];
    let output = run(&folder, &server, &strange).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("unpriced") && stdout(&output).contains("$0.75"), "{}", stdout(&output));
    assert!(stderr(&output).contains("unpriced: strange has 3 answers without a known cost"), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn f52_a_capped_run_ends_with_code_5_and_goes_on_when_the_cap_is_raised() {
    let (folder, server) = (folder(40), endpoint().await);
    let capped = [&MODEL[..], &["--judge", "grader", "--param", "max_tokens=100", "--max-cost", "0.05"]].concat();
    let document = json(5, &folder, &server, &capped).await;
    let run = &document["runs"][0];
    assert_eq!((&run["status"], &run["stop"]["kind"]), (&json!("capped"), &json!("capped")));
    let told = run["stop"]["message"].as_str().expect("why");
    assert!(
        told.contains("the cap of the run, $0.05") && told.contains("spent") && told.contains("reserved"),
        "{told}"
    );
    let spent = |run: &Value| ["cost", "judge_cost"].map(|part| run["summary"][part]["known"].as_i64().unwrap_or(0));
    let [answers, judging] = spent(run);
    assert!(answers + judging <= 50_000_000, "{answers} + {judging}");
    assert_eq!(run["spec"]["caps"]["run"]["cost"], 50_000_000);

    let before = calls(&server).await;
    let output = self::run(&folder, &server, &["resume"]).await;
    assert_eq!(output.status.code(), Some(5), "the cap is kept: {}", stderr(&output));
    assert!(calls(&server).await <= before + 1, "what was spent before counts");
    assert!(stderr(&output).contains("to go on: evalctl resume"), "{}", stderr(&output));

    let document = json(0, &folder, &server, &["resume", "--max-cost", "1"]).await;
    let run = &document["runs"][0];
    assert_eq!((&run["status"], &run["summary"]["counts"]["scored"]), (&json!("finished"), &json!(40)));
    assert_eq!(spent(run), [40 * ANSWER, 40 * VERDICT], "no question was paid for twice, and none was missed");
    assert_eq!(calls(&server).await, 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn f52_a_raised_cap_is_kept_and_the_printed_command_raises_it() {
    let (folder, server) = (folder(9), endpoint().await);
    let printed = |output: &Output| {
        let text = stderr(output);
        let line = text.lines().find_map(|line| line.split_once("to go on: evalctl ")).expect("a command").1.to_owned();
        line.split(' ').map(str::to_owned).collect::<Vec<_>>()
    };
    let first = run(&folder, &server, &[&MODEL[..], &["--judge", "exact", "--max-calls", "2"]].concat()).await;
    assert_eq!(printed(&first)[2..], ["--max-calls", "4"], "{}", stderr(&first));
    assert!(!stderr(&first).contains("without a known cost"), "what was not made costs nothing: {}", stderr(&first));
    let raised = run(&folder, &server, &["resume", "--max-calls", "4"]).await;
    let again: Vec<_> = printed(&raised);
    assert_eq!(again[2..], ["--max-calls", "8"], "{}", stderr(&raised));
    let kept = json(5, &folder, &server, &["resume"]).await;
    assert_eq!(kept["runs"][0]["spec"]["caps"]["run"]["calls"], 4);
    let again: Vec<&str> = again.iter().map(String::as_str).collect();
    assert_eq!(run(&folder, &server, &again).await.status.code(), Some(5));
    assert_eq!(calls(&server).await, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_that_a_cap_kept_from_being_made_costs_nothing() {
    let (folder, server) = (folder(1), endpoint().await);
    let capped = [&MODEL[..], &["--judge", "grader", "--max-calls", "1"]].concat();
    let document = json(5, &folder, &server, &capped).await;
    assert_eq!(document["runs"][0]["summary"]["judge_cost"]["unknown"], 0, "{document}");
    std::fs::write(folder.path().join("evalctl.toml"), "[caps]\njudge_calls = 1\n").expect("a file");
    json(0, &folder, &server, &[&MODEL[..], &["--judge", "grader"]].concat()).await;
    let audit = run(&folder, &server, &["judge", "audit", "--judge", "grader", "--from", "@latest"]).await;
    assert_eq!(audit.status.code(), Some(5), "{}", stderr(&audit));
}

#[test]
fn the_password_of_an_endpoint_is_not_printed() {
    let folder = folder(1);
    let url = "http://somebody:canary@127.0.0.1:9";
    for arguments in [&MODEL[..], &["doctor"], &["config", "show"]] {
        let output = evalctl(&folder).args(arguments).env("OPENAI_BASE_URL", url).output().expect("a program");
        let told = stdout(&output) + &stderr(&output);
        assert!(!told.contains("canary") && !told.contains("somebody"), "{arguments:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_calls_judges_and_days_are_capped() {
    let (folder, server) = (folder(9), endpoint().await);
    let with = |more: &[&'static str]| [&MODEL[..], more].concat();
    let document = json(5, &folder, &server, &with(&["--judge", "exact", "--max-calls", "4"])).await;
    assert_eq!((&document["runs"][0]["summary"]["counts"]["scored"], calls(&server).await), (&json!(4), 4));
    json(5, &folder, &server, &with(&["--judge", "grader", "--max-judge-calls", "2"])).await;
    let graders = || async {
        let all = server.received_requests().await.expect("requests are recorded");
        let asked = |body: &[u8]| serde_json::from_slice::<Value>(body).is_ok_and(|body| body["model"] == "grader");
        all.iter().filter(|request| asked(&request.body)).count()
    };
    assert_eq!(graders().await, 2, "judges' calls count, and only theirs");

    let today = calls(&server).await;
    let config = format!("[caps]\ncalls_per_day = {}\n", today + 5);
    std::fs::write(folder.path().join("evalctl.toml"), config).expect("a file");
    for _ in 0..4 {
        json(5, &folder, &server, &with(&["--judge", "exact"])).await;
    }
    assert_eq!(calls(&server).await, today + 5, "of all runs of the day together");
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_a_cap_that_cannot_be_kept_is_refused_before_the_first_call() {
    let (folder, server) = (folder(3), endpoint().await);
    for (arguments, told) in [
        (
            &["run", "golden.csv", "-m", "strange", "--judge", "exact", "--max-cost", "1"][..],
            "nobody knows what `strange` costs",
        ),
        (&["run", "golden.csv", "-m", "good", "--judge", "exact", "--max-cost", "0"], "dollars, more than 0"),
        (&["run", "golden.csv", "-m", "good", "--judge", "exact", "--max-cost", "-1"], "dollars, more than 0"),
        (&["run", "golden.csv", "-m", "good", "--judge", "grader", "--max-judge-cost", "0.02"], "does not fit the cap"),
        (&["run", "golden.csv", "-m", "good", "--judge", "grader", "--max-cost", "0.05"], "does not fit the cap"),
        (&["run", "golden.csv", "-m", "good", "--judge", "exact", "--param", "max_tokens=-5"], "whole number above 0"),
        (&["run", "golden.csv", "-m", "good", "--judge", "exact", "--param", "max_tokens=abc"], "whole number above 0"),
        (&["run", "golden.csv", "-m", "good", "--judge", "exact", "--prices", "golden.csv"], "no table of prices"),
    ] {
        let output = run(&folder, &server, arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(told), "{arguments:?}: {}", stderr(&output));
    }
    assert_eq!(calls(&server).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_a_dry_run_calls_nobody_and_estimates_by_length_and_then_by_what_was() {
    let (folder, server) = (folder(20), endpoint().await);
    let dry = [&MODEL[..], &["-m", "strange", "--judge", "grader", "--dry-run"]].concat();
    let document = json(0, &folder, &server, &dry).await;
    assert!(
        server.received_requests().await.expect("requests are recorded").is_empty(),
        "nobody is called, not even for a list"
    );
    let lines = document["lines"].as_array().expect("lines").clone();
    let calls: Vec<_> = lines.iter().map(|line| (line["name"].as_str(), line["calls"].as_u64())).collect();
    assert_eq!(calls, [(Some("good"), Some(20)), (Some("strange"), Some(20)), (Some("grader"), Some(40))]);
    assert!(lines.iter().all(|line| line["estimated_by"] == "length"));
    assert_eq!(lines[1]["cost_nanos"], Value::Null, "unknown, not 0");
    assert!(lines[0]["cost_nanos"]["low"].as_i64() < lines[0]["cost_nanos"]["high"].as_i64());

    let real = [&MODEL[..], &["--judge", "grader"]].concat();
    json(0, &folder, &server, &real).await;
    let document = json(0, &folder, &server, &dry).await;
    assert_eq!(document["lines"][0]["cost_nanos"], json!({"low": 20 * ANSWER, "high": 20 * ANSWER}), "as it was");
    assert_eq!(document["lines"][2]["tokens"], json!({"low": 44_000, "high": 44_000}));
    assert_eq!(document["lines"][0]["estimated_by"], "earlier runs");
    let output = run(&folder, &server, &dry).await;
    assert!(stdout(&output).contains("unpriced: strange"), "{}", stdout(&output));
    let output = run(&folder, &server, &[&real[..], &["--dry-run", "--max-cost", "0.01"]].concat()).await;
    assert!(stderr(&output).contains("cannot fit its cap"), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn costs_are_computed_again_and_what_was_reported_stays() {
    let (folder, server) = (folder(3), endpoint().await);
    json(0, &folder, &server, &["run", "golden.csv", "-m", "good", "-m", "dear", "--judge", "grader"]).await;
    let half = PRICES.replace("1e-06", "5e-07").replace("5e-06", "2.5e-06").replace("2026-11-01", "2026-11-20");
    std::fs::write(folder.path().join("half.json"), half).expect("a file");
    let summary = async |model: &str| {
        let runs = json(0, &folder, &server, &["runs"]).await;
        let runs = runs["runs"].as_array().expect("runs").clone();
        let run = runs.into_iter().find(|run| run["model"] == model).expect("a run");
        (run["summary"]["cost"]["known"].clone(), run["summary"]["judge_cost"]["known"].clone())
    };
    let shown = json(0, &folder, &server, &["recost", "--all", "--prices", "half.json"]).await;
    assert_eq!(shown["written"], false);
    assert_eq!(summary("good").await, (json!(3 * ANSWER), json!(3 * VERDICT)), "only shown");
    json(0, &folder, &server, &["recost", "--all", "--prices", "half.json", "--write"]).await;
    assert_eq!(summary("good").await, (json!(3 * ANSWER / 2), json!(3 * VERDICT)));
    assert_eq!(summary("dear").await.0, json!(750_000_000), "the endpoint said so");
    let shown = json(0, &folder, &server, &["runs"]).await;
    let good = shown["runs"].as_array().expect("runs").iter().find(|run| run["model"] == "good").expect("a run");
    let shown = json(0, &folder, &server, &["show", good["id"].as_str().expect("an id")]).await;
    let evaluation = &shown["evaluations"][0];
    assert_eq!(evaluation["completion"]["pricing"]["date"], "2026-11-20");
    assert_eq!((&evaluation["cost"], &evaluation["completion"]["cost"]), (&json!(ANSWER / 2), &json!(ANSWER / 2)));
    let again = json(0, &folder, &server, &["recost", "--all", "--prices", "half.json"]).await;
    assert!(again["runs"].as_array().expect("runs").iter().all(|run| run["changed"] == 0), "{again}");
    let output = run(&folder, &server, &["recost", "--all", "--as-of", "2026-01-01"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("2026-11-01"), "{}", stderr(&output));
}

#[test]
fn price_files_are_made_and_compared() {
    let folder = folder(1);
    std::fs::remove_file(folder.path().join("evalctl.prices.json")).expect("a file");
    std::fs::write(folder.path().join("table.json"), PRICES).expect("a file");
    let ends = |code: i32, arguments: &[&str]| {
        let output = evalctl(&folder).args(arguments).output().expect("a program");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        output
    };
    let wrong = ends(2, &["prices", "update", "--from", "table.json", "--sha256", "00"]);
    assert!(stderr(&wrong).contains("its SHA-256 is") && !folder.path().join("evalctl.prices.json").exists());
    ends(0, &["prices", "update", "--from", "table.json"]);
    ends(0, &["prices", "update", "--from", "table.json", "--date", "2026-11-05"]);
    let listed: Value =
        serde_json::from_slice(&ends(0, &["prices", "list", "good", "--json"]).stdout).expect("a document");
    assert_eq!(listed["models"][0]["known"]["date"], "2026-11-05");
    assert_eq!(listed["models"][0]["known"]["from"], "file");
    assert!(stdout(&ends(0, &["prices", "list", "gpt-4o"])).contains("table of 20"));
    assert!(stderr(&ends(2, &["prices", "list", "nobody-knows"])).contains("unpriced"));
    let dearer = PRICES.replace("1e-05", "2e-05").replace("\"good\"", "\"better\"");
    std::fs::write(folder.path().join("dearer.json"), dearer).expect("a file");
    let told = stdout(&ends(0, &["prices", "diff", "table.json", "dearer.json"]));
    assert!(told.contains("grader: output_cost_per_token 1e-05 -> 2e-05"), "{told}");
    assert!(told.contains("+ better") && told.contains("- good"), "{told}");
    ends(0, &["prices", "diff", "builtin", "table.json"]);
    std::fs::write(folder.path().join("own.json"), PRICES).expect("a file");
    let refused = ends(2, &["prices", "update", "--from", "dearer.json", "--to", "own.json"]);
    assert!(stderr(&refused).contains("was not made by"), "{}", stderr(&refused));
}
