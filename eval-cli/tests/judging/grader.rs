//! An endpoint of graders, each with a flaw of its own, and a folder in which answers stand in a column.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::common::{evalctl, fresh};

/// What a grader of this name says of an answer. A right answer says `RIGHT`.
#[derive(Default)]
struct Graders {
    calls: AtomicU32,
}

impl Graders {
    fn reply(&self, model: &str, prompt: &str) -> Value {
        let answer = prompt.split("<<<BEGIN answer").nth(1).unwrap_or(prompt);
        let answer = answer.split("<<<END").next().unwrap_or_default();
        let rights = answer.matches("RIGHT").count() as u32;
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let score = match model {
            // Everything passes that is not plainly wrong.
            "gullible" => f64::from(!answer.contains("WRONG")),
            // The longer, the better.
            "wordy" => (0.2 * f64::from(rights)).min(1.0),
            // Says another thing each time.
            "moody" => f64::from(call % 2),
            // Half of what others give.
            "strict" => 0.5 * f64::from(rights > 0),
            _ => f64::from(rights > 0),
        };
        match prompt.contains("which answer is better") {
            true if model == "first" => json!({"reasoning": "The first.", "better": "first"}),
            true => json!({"reasoning": "By what it says.", "better": better(prompt)}),
            false => json!({"reasoning": "By what it says.", "score": score}),
        }
    }
}

/// Which of two answers says `RIGHT`.
fn better(prompt: &str) -> &'static str {
    let is_right = |name: &str| {
        let answer = prompt.split(&format!("<<<BEGIN {name}")).nth(1).unwrap_or_default();
        answer.split("<<<END").next().unwrap_or_default().contains("RIGHT")
    };
    match (is_right("first answer"), is_right("second answer")) {
        (true, false) => "first",
        (false, true) => "second",
        _ => "same",
    }
}

impl Respond for Graders {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap();
        let messages = body["messages"].as_array().unwrap().iter();
        let prompt = messages.filter_map(|message| message["content"].as_str()).collect::<Vec<_>>().join("\n");
        let reply = self.reply(body["model"].as_str().unwrap(), &prompt);
        ResponseTemplate::new(200).insert_header("x-litellm-response-cost", "0.001").set_body_json(json!({
            "id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [{"index": 0, "message": {"role": "assistant", "content": reply.to_string()}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
        }))
    }
}

/// An endpoint with the graders `fair`, `gullible`, `wordy`, `moody`, `strict` and `first`.
pub(crate) async fn endpoint() -> MockServer {
    let server = MockServer::start().await;
    let names = ["fair", "gullible", "wordy", "moody", "strict", "first"];
    let models = json!({"object": "list", "data": names.map(|name| json!({"id": name}))});
    let list = ResponseTemplate::new(200).set_body_json(models);
    Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(&server).await;
    let chat = Mock::given(method("POST")).and(path("/v1/chat/completions"));
    chat.respond_with(Graders::default()).mount(&server).await;
    server
}

/// The graders on this server, who answer so many calls; from then on the key is refused.
pub(crate) async fn mount(server: &MockServer, calls: u64) {
    let models = json!({"object": "list", "data": [{"id": "strict"}]});
    let list = ResponseTemplate::new(200).set_body_json(models);
    Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(server).await;
    let chat = || Mock::given(method("POST")).and(path("/v1/chat/completions"));
    chat().respond_with(Graders::default()).up_to_n_times(calls).with_priority(1).mount(server).await;
    let refused = json!({"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}});
    chat().respond_with(ResponseTemplate::new(401).set_body_json(refused)).mount(server).await;
}

/// A finished run in which one question was answered, one ran out of time, and one met a refused key.
pub(crate) async fn broken(folder: &TempDir, server: &MockServer) -> String {
    let run = judged(folder, server).await;
    let exported = folder.path().join("run.jsonl");
    text(folder, None, 0, &["export", &run, "-o", "run.jsonl"]).await;
    let id = "01a00000-0000-7000-8000-00000000cafe";
    let lines = std::fs::read_to_string(&exported).unwrap().replace(&run, id);
    let mut lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.truncate(4);
    lines[0]["run"]["planned"] = json!(3);
    lines[0]["run"]["dataset"]["len"] = json!(3);
    lines[0]["run"]["summary"] = Value::Null;
    for (line, kind) in lines[2..].iter_mut().zip(["timeout", "auth"]) {
        line["evaluation"]["outcome"] = json!({"type": "failed", "kind": kind, "message": "no answer"});
        line["evaluation"]["completion"] = Value::Null;
        line["evaluation"]["verdicts"] = json!([]);
    }
    let text = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    std::fs::write(&exported, text).unwrap();
    let output = cli(folder, None, &["import", "run.jsonl"]).await;
    assert!(output.status.success(), "{}", stderr(&output));
    id.to_owned()
}

/// How many calls were made.
pub(crate) async fn calls(server: &MockServer) -> usize {
    let all = server.received_requests().await.unwrap();
    all.iter().filter(|request| request.url.path().ends_with("/chat/completions")).count()
}

/// A folder with sixty questions, of which every third is answered wrongly in the column `reply`, and every second in
/// the column `other`.
pub(crate) fn folder() -> TempDir {
    let folder = fresh();
    let mut table = String::from("id,category,question,expected_output,reply,other\n");
    for number in 0..60 {
        let category = ["sums", "words"][number % 2];
        let reply = if number % 3 == 0 { "WRONG" } else { "RIGHT" };
        let other = if number % 2 == 0 { "WRONG" } else { "RIGHT" };
        table +=
            &format!("q{number:02},{category},Question {number}?,RIGHT {number},{reply} {number},{other} {number}\n");
    }
    std::fs::write(folder.path().join("golden.csv"), table).unwrap();
    folder
}

/// `evalctl` in this folder, at this endpoint. It runs on a thread of its own, so that the endpoint can answer.
pub(crate) async fn cli(folder: &TempDir, server: Option<&MockServer>, arguments: &[&str]) -> Output {
    let mut command: Command = evalctl(folder);
    command.args(arguments).env("USER", "Ada");
    if let Some(server) = server {
        command.env("OPENAI_BASE_URL", server.uri()).env("OPENAI_API_KEY", "sk-canary-1234567890");
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The document that is printed, which must end with this exit code.
pub(crate) async fn document(folder: &TempDir, server: Option<&MockServer>, code: i32, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    let output = cli(folder, server, &arguments).await;
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is printed for a person, which must end with this exit code.
pub(crate) async fn text(folder: &TempDir, server: Option<&MockServer>, code: i32, arguments: &[&str]) -> String {
    let output = cli(folder, server, arguments).await;
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The id of the run that a document is about.
pub(crate) fn id(document: &Value) -> String {
    document["runs"][0]["id"].as_str().unwrap().to_owned()
}

/// A run over the column `reply`, judged by the grader `fair`.
pub(crate) async fn judged(folder: &TempDir, server: &MockServer) -> String {
    id(&document(folder, Some(server), 0, &["run", "golden.csv", "-m", "column:reply", "--judge", "fair"]).await)
}
