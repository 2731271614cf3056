//! Judges of `evalctl run`: assertions of promptfoo, rules before a paid judge, panels, relatives.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::process::Output;

use common::{evalctl, fresh};
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{body_partial_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const QUESTIONS: &str = "id,question,expected_output\na,What is 1 + 1?,2\nb,What is 2 + 2?,4\nc,Spell cat,cat\n";

const PROMPTFOO: &str = "question,__expected1,__expected2,__metric,__metadata:team,__prefix,__threshold\n\
    What is the capital of France?,icontains:paris,not-contains:Lyon,place,core,Be brief. ,\n\
    What is 2 + 2?,4,,sum,core,,\n\
    Name two primary colours.,\"contains-any:red, blue\",contains:red,list,art,,0.5\n\
    Give me JSON.,\"is-json:{\"\"type\"\": \"\"object\"\"}\",,shape,core,,\n";

fn said(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
    }))
}

/// An endpoint at which `gpt-4.1` answers "2" and two models grade.
async fn endpoint() -> MockServer {
    let server = MockServer::start().await;
    let models = json!({"object": "list", "data": [{"id": "gpt-4.1"}, {"id": "o3-mini"}, {"id": "claude-haiku-4-5"}]});
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .respond_with(ResponseTemplate::new(200).set_body_json(models))
        .mount(&server)
        .await;
    for (model, text) in [
        ("gpt-4.1", "2"),
        ("o3-mini", r#"{"reasoning": "As expected.", "score": 0.75}"#),
        ("claude-haiku-4-5", r#"{"reasoning": "Nearly.", "score": 0.25}"#),
    ] {
        Mock::given(method("POST"))
            .and(path("/v1/chat/completions"))
            .and(body_partial_json(json!({"model": model})))
            .respond_with(said(text))
            .mount(&server)
            .await;
    }
    server
}

async fn calls(server: &MockServer, model: &str) -> usize {
    let requests = server.received_requests().await.unwrap();
    let bodies = requests.iter().filter_map(|request| serde_json::from_slice::<Value>(&request.body).ok());
    bodies.filter(|body| body["model"] == model).count()
}

fn folder() -> TempDir {
    let folder = fresh();
    std::fs::write(folder.path().join("golden.csv"), QUESTIONS).unwrap();
    std::fs::write(folder.path().join("promptfoo.csv"), PROMPTFOO).unwrap();
    folder
}

/// On a thread of its own, so that the server of the test can answer.
async fn evaluate(folder: &TempDir, server: Option<&MockServer>, arguments: &[&str]) -> Output {
    let mut command = evalctl(folder);
    command.args(arguments);
    if let Some(server) = server {
        command.env("OPENAI_BASE_URL", server.uri()).env("OPENAI_API_KEY", "sk-canary-1234567890");
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

async fn verdicts(folder: &TempDir) -> Vec<Value> {
    let shown = json_of(&evaluate(folder, None, &["show", "--format", "json"]).await);
    shown["evaluations"].as_array().unwrap().iter().map(|row| row["verdicts"][0].clone()).collect()
}

#[tokio::test]
async fn a_data_set_of_promptfoo_runs_as_it_is() {
    let folder = folder();
    let run = evaluate(&folder, None, &["run", "promptfoo.csv", "-m", "simulated:steady", "--format", "json"]).await;
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let run = &json_of(&run)["runs"][0];
    assert_eq!(run["provenance"]["judge"], "promptfoo");
    assert_eq!(run["summary"]["counts"]["scored"], 4);
    let found = verdicts(&folder).await;
    assert!(found.iter().any(|verdict| verdict["score"] == 1.0), "{found:?}");
    let named = |verdict: &Value| verdict["explanation"].as_str().unwrap().contains("place/icontains: ");
    assert!(found.iter().any(named), "{found:?}");
    assert_eq!(found[0]["cost"], 0);
}

#[tokio::test]
async fn graded_assertions_are_judged_by_the_grader() {
    let (folder, server) = (folder(), endpoint().await);
    let rows = "question,__expected\nHow are you?,llm-rubric:is friendly\nWhat is 1 + 1?,equals:2\n";
    std::fs::write(folder.path().join("graded.csv"), rows).unwrap();
    let judges = ["--judge", "promptfoo", "--judge", "o3-mini"];
    let arguments = [&["run", "graded.csv", "-m", "gpt-4.1"][..], &judges].concat();
    let run = evaluate(&folder, Some(&server), &arguments).await;
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let scores: Vec<_> = verdicts(&folder).await.iter().map(|verdict| verdict["score"].clone()).collect();
    assert_eq!(scores, [1.0, 1.0]);
    // The second judge lacks an expected output, and so it asks nobody.
    assert_eq!(calls(&server, "o3-mini").await, 1);
}

#[tokio::test]
async fn assertions_that_cannot_be_judged_are_refused_before_the_first_call() {
    let (folder, server) = (folder(), endpoint().await);
    for (rows, place, why) in [
        ("question,__expected\nWhy?,x\n\"Why\nnot?\",javascript:true\n", "bad.csv:4:2", "`javascript` is not read"),
        ("question,note,__expected1\nWhy?,n,similar(0.8):x\n", "bad.csv:2:3", "`similar(0.8)` is not read"),
        ("question,__expected\nWhy?,contians:x\n", "bad.csv:2:2", "did you mean `contains`?"),
        ("question,__expected,__threshold\nWhy?,x,7\n", "bad.csv:2:3", "not from 0 to 1"),
        (
            "question,__expected,__providerOutput\nWhy?,x,y\n",
            "bad.csv:1:3",
            "`__providerOutput` of promptfoo is not read",
        ),
        ("question,expected_output,judge\nWhy?,x,exct\n", "bad.csv:2:3", "asks for the judge `exct`"),
    ] {
        std::fs::write(folder.path().join("bad.csv"), rows).unwrap();
        for verb in [&["run", "bad.csv", "-m", "gpt-4.1"][..], &["dataset", "validate", "bad.csv"]] {
            let refused = evaluate(&folder, Some(&server), verb).await;
            let said = stderr(&refused);
            assert_eq!(refused.status.code(), Some(2), "{rows}: {said}");
            assert!(said.contains(place) && said.contains(why), "{rows}: {said}");
        }
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn cheap_first_pays_only_where_the_rules_pass() {
    let (folder, server) = (folder(), endpoint().await);
    let judges = ["--judge", "o3-mini", "--judge", "contains", "--cheap-first"];
    let arguments = [&["run", "golden.csv", "-m", "gpt-4.1", "--format", "json"][..], &judges].concat();
    let run = evaluate(&folder, Some(&server), &arguments).await;
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert_eq!(json_of(&run)["runs"][0]["provenance"]["judge"], "cheap-first(contains, llm:o3-mini)");
    assert_eq!((calls(&server, "gpt-4.1").await, calls(&server, "o3-mini").await), (3, 1));
    let found = verdicts(&folder).await;
    let decided: Vec<_> = found.iter().map(|verdict| verdict["explanation"].as_str().unwrap()).collect();
    assert!(decided[0].starts_with("decided by `llm:o3-mini`: ") && found[0]["score"] == 0.75, "{decided:?}");
    assert!(decided[1].starts_with("decided by `contains`: ") && found[1]["cost"] == 0, "{decided:?}");
    let alone = ["run", "golden.csv", "-m", "gpt-4.1", "--judge", "o3-mini", "--cheap-first"];
    let refused = evaluate(&folder, Some(&server), &alone).await;
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
}

#[tokio::test]
async fn a_panel_of_judges_gives_one_score() {
    let (folder, server) = (folder(), endpoint().await);
    let panel = "mean(o3-mini, claude-haiku-4-5)";
    let run = evaluate(&folder, Some(&server), &["run", "golden.csv", "-m", "gpt-4.1", "--judge", panel]).await;
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let found = verdicts(&folder).await;
    assert_eq!((found.len(), &found[0]["score"]), (3, &json!(0.5)));
    assert_eq!(calls(&server, "claude-haiku-4-5").await, 3);
    let shown = evaluate(&folder, None, &["show"]).await;
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("agree    Krippendorff's alpha of the panel: -0.67"), "{shown}");
}

#[tokio::test]
async fn f34_a_judge_of_the_models_family_is_warned_of_before_the_run_and_in_its_report() {
    let (folder, server) = (folder(), endpoint().await);
    for (judge, related) in
        [("o3-mini", true), ("claude-haiku-4-5", false), ("median(o3-mini, claude-haiku-4-5)", true), ("exact", false)]
    {
        let run = evaluate(&folder, Some(&server), &["run", "golden.csv", "-m", "gpt-4.1", "--judge", judge]).await;
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        let warning = "grades `gpt-4.1` of its own family (gpt)";
        assert_eq!(stderr(&run).contains(warning), related, "{judge}: {}", stderr(&run));
        let shown = evaluate(&folder, None, &["show"]).await;
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert_eq!(shown.contains("judge and model are of one family (gpt)"), related, "{judge}: {shown}");
    }
}
