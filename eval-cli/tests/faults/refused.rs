//! `evalctl run` before an endpoint that refuses calls, or is in trouble for ever.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::common::{evalctl, fresh};
use crate::endpoint::questions;
use crate::watch::Watched;
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Answers all calls but these as an endpoint in trouble does, counted from 0.
struct But {
    calls: AtomicU64,
    troubled: std::ops::Range<u64>,
    trouble: ResponseTemplate,
}

impl Respond for But {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        if self.troubled.contains(&self.calls.fetch_add(1, Ordering::SeqCst)) {
            return self.trouble.clone();
        }
        ResponseTemplate::new(200).set_body_json(json!({
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "2"}, "finish_reason": "stop"}],
        }))
    }
}

async fn endpoint(troubled: std::ops::Range<u64>, trouble: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let list = ResponseTemplate::new(200).set_body_json(json!({"object": "list", "data": [{"id": "m"}]}));
    Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(&server).await;
    let answer = But { calls: AtomicU64::new(0), troubled, trouble };
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    server
}

fn run(folder: &TempDir, server: &MockServer) -> Command {
    fs::write(folder.path().join("q.csv"), questions(40)).expect("a data set");
    let mut command = evalctl(folder);
    command.args(["run", "q.csv", "-m", "m", "--judge", "exact", "--profile", "openai", "--concurrency", "4"]);
    command.args(["--format", "jsonl"]).env("OPENAI_BASE_URL", server.uri());
    command
}

/// The run in the last event that has one.
fn ended(said: &str) -> Value {
    let mut events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.rfind(|event| event["kind"]["type"] == "run_finished").expect("it ended")["kind"]["run"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_an_endpoint_in_trouble_for_ever_ends_the_run_as_failed_and_it_can_go_on() {
    let down = ResponseTemplate::new(503).set_body_string("overloaded");
    let (folder, server) = (fresh(), endpoint(8..30, down).await);
    let (status, said) = Watched::start(run(&folder, &server).args(["--patience", "0"])).end();
    assert_eq!(status.code(), Some(4), "{said}");
    let run = ended(&said);
    assert_eq!((&run["status"], &run["stop"]["kind"]), (&json!("failed"), &json!("outage")), "{run}");
    assert_eq!(run["summary"]["counts"]["scored"], 8, "{run}");
    let calls = server.received_requests().await.expect("requests are recorded").len();
    assert!(calls <= 1 + 8 + 14, "{calls} requests");

    // What met the end of the endpoint is open still, and is asked when it is back.
    server.reset().await;
    let list = ResponseTemplate::new(200).set_body_json(json!({"object": "list", "data": [{"id": "m"}]}));
    Mock::given(method("GET")).respond_with(list).mount(&server).await;
    let answer = But { calls: AtomicU64::new(0), troubled: 0..0, trouble: ResponseTemplate::new(503) };
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    let mut command = evalctl(&folder);
    command.args(["resume", "--format", "jsonl"]).env("OPENAI_BASE_URL", server.uri());
    let (status, said) = Watched::start(&mut command).end();
    assert!(status.success(), "{said}");
    let counts = json!({"scored": 40, "unscored": 0, "failed": 0});
    assert_eq!(ended(&said)["summary"]["counts"], counts, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_refusals_are_waited_out_and_cost_no_question() {
    let refusal = ResponseTemplate::new(429).insert_header("retry-after-ms", "30").set_body_string("slow down");
    let (folder, server) = (fresh(), endpoint(6..16, refusal).await);
    let (status, said) = Watched::start(run(&folder, &server).args(["--max-attempts", "1", "-v"])).end();
    assert!(status.success(), "{said}");
    let counts = json!({"scored": 40, "unscored": 0, "failed": 0});
    assert_eq!(ended(&said)["summary"]["counts"], counts, "{said}");
    assert!(said.contains("fewer calls at once"), "-v says that the limit moved: {said}");
    let calls = server.received_requests().await.expect("requests are recorded").len();
    assert_eq!(calls, 1 + 40 + 10, "each refusal was one call");
}
