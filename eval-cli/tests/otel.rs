//! What a collector of OpenTelemetry is told, by a program that was built with the feature `otel`.

mod common;

use std::process::Output;

use common::{evalctl, fresh};
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// What stands in a question, in an answer, in a reason and in a system message, and nowhere else.
const CONTENT: [&str; 4] = ["QUESTION-SAID", "ANSWER-SAID", "REASON-SAID", "SYSTEM-SAID"];

fn answer(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "m-2026-01-01",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11,
            "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 1},
        },
    }))
}

fn respond(request: &Request) -> ResponseTemplate {
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    let asked = body["messages"].to_string();
    if body["model"] == "grader" {
        return answer(r#"{"reasoning": "REASON-SAID", "score": 0.25}"#);
    }
    match asked.contains("refused") {
        true => ResponseTemplate::new(400).set_body_json(json!({"error": {"message": "no: ANSWER-SAID"}})),
        false => answer("ANSWER-SAID"),
    }
}

async fn endpoint() -> MockServer {
    let server = MockServer::start().await;
    let models = json!({"object": "list", "data": [{"id": "model"}, {"id": "grader"}]});
    let list = ResponseTemplate::new(200).set_body_json(models);
    Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(&server).await;
    Mock::given(method("POST")).respond_with(respond).mount(&server).await;
    server
}

async fn collector() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    server
}

/// What the collector was told on this path: the bodies.
async fn told(collector: &MockServer, signal: &str) -> Vec<Request> {
    let requests = collector.received_requests().await.expect("requests are recorded");
    requests.into_iter().filter(|request| request.url.path() == signal).collect()
}

fn folder() -> TempDir {
    let folder = fresh();
    let questions = "id,question,expected_output\nq1,QUESTION-SAID one,x\nq2,QUESTION-SAID refused,x\n";
    std::fs::write(folder.path().join("golden.csv"), questions).expect("a file");
    std::fs::write(folder.path().join("system.txt"), "SYSTEM-SAID").expect("a file");
    folder
}

/// Runs on a thread of its own, so that the servers of the test can answer.
async fn run(folder: &TempDir, endpoint: &MockServer, variables: &[(&str, &str)]) -> Output {
    let mut command = evalctl(folder);
    command.args(["run", "golden.csv", "-m", "model", "--judge", "grader", "--system", "system.txt"]);
    command.args(["--param", "temperature=0.5", "--param", "max_tokens=99", "--param", "stop=END"]);
    command.env("OPENAI_BASE_URL", endpoint.uri()).env("OPENAI_API_KEY", "sk-canary-1234567890");
    command.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("a program");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The spans or the records of OTLP in JSON.
fn items(requests: &[Request], [resource, scope, item]: [&str; 3]) -> Vec<Value> {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let bodies = requests.iter().map(|request| serde_json::from_slice::<Value>(&request.body).expect("JSON"));
    let scopes = bodies.flat_map(|body| list(&body, resource)).flat_map(|found| list(&found, scope));
    scopes.flat_map(|found| list(&found, item)).collect()
}

/// An attribute as plain JSON.
fn attribute(item: &Value, name: &str) -> Value {
    let attributes = item["attributes"].as_array().cloned().unwrap_or_default();
    let found = attributes.into_iter().find(|attribute| attribute["key"] == name);
    let Some(value) = found.map(|found| found["value"].clone()) else { return Value::Null };
    let (kind, value) = value.as_object().and_then(|value| value.iter().next()).expect("one value");
    match kind.as_str() {
        // Whole numbers are texts in OTLP's JSON.
        "intValue" => value.as_str().map_or(value.clone(), |number| json!(number.parse::<i64>().expect("a number"))),
        "arrayValue" => {
            value["values"].as_array().expect("values").iter().map(|item| item["stringValue"].clone()).collect()
        }
        _ => value.clone(),
    }
}

fn spans(requests: &[Request]) -> Vec<Value> {
    items(requests, ["resourceSpans", "scopeSpans", "spans"])
}

fn events(requests: &[Request]) -> Vec<Value> {
    items(requests, ["resourceLogs", "scopeLogs", "logRecords"])
}

fn by<'a>(items: &'a [Value], name: &str, value: &str) -> &'a Value {
    items.iter().find(|item| attribute(item, name) == value).unwrap_or_else(|| panic!("no {name} {value}: {items:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_spans_and_verdicts_events_by_the_names_of_the_conventions() {
    let (folder, endpoint, collector) = (folder(), endpoint().await, collector().await);
    let url = collector.uri();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=evals"),
    ];
    run(&folder, &endpoint, &variables).await;
    let requests = told(&collector, "/v1/traces").await;
    assert!(requests.iter().all(|request| request.headers["x-tenant"] == "evals"));
    assert!(String::from_utf8_lossy(&requests[0].body).contains("evalctl"), "the name of the service");
    let spans = spans(&requests);
    assert_eq!(spans.len(), 3, "two answers and a verdict: {spans:?}");

    let answers: Vec<Value> =
        spans.iter().filter(|span| attribute(span, "eval.purpose") == "answer").cloned().collect();
    let answer = by(&answers, "eval.sample.id", "q1");
    assert_eq!((&answer["name"], &answer["kind"]), (&json!("chat model"), &json!(3)), "3 is CLIENT");
    for (name, value) in [
        ("gen_ai.operation.name", json!("chat")),
        ("gen_ai.provider.name", json!("openai")),
        ("gen_ai.request.model", json!("model")),
        ("gen_ai.request.temperature", json!(0.5)),
        ("gen_ai.request.max_tokens", json!(99)),
        ("gen_ai.request.stop_sequences", json!(["END"])),
        ("gen_ai.response.model", json!("m-2026-01-01")),
        ("gen_ai.response.finish_reasons", json!(["stop"])),
        ("gen_ai.usage.input_tokens", json!(9)),
        ("gen_ai.usage.output_tokens", json!(2)),
        ("gen_ai.usage.cache_read.input_tokens", json!(4)),
        ("gen_ai.usage.reasoning.output_tokens", json!(1)),
        ("server.address", json!("127.0.0.1")),
        ("server.port", json!(endpoint.address().port())),
        ("eval.epoch", json!(1)),
        ("error.type", Value::Null),
    ] {
        assert_eq!(attribute(answer, name), value, "{name}");
    }
    let refused = by(&answers, "eval.sample.id", "q2");
    assert_eq!((attribute(refused, "error.type"), &refused["status"]["code"]), (json!("rejected"), &json!(2)));

    let judge = by(&spans, "eval.purpose", "judge");
    assert_eq!((&judge["name"], attribute(judge, "gen_ai.output.type")), (&json!("chat grader"), json!("json")));
    assert_eq!((&judge["traceId"], &judge["parentSpanId"]), (&answer["traceId"], &answer["spanId"]));
    assert_ne!(refused["traceId"], answer["traceId"], "a trace for each question");

    let events = events(&told(&collector, "/v1/logs").await);
    assert_eq!(events.len(), 1, "{events:?}");
    let event = &events[0];
    assert_eq!(event["eventName"], "gen_ai.evaluation.result");
    assert_eq!(
        (&event["traceId"], &event["spanId"]),
        (&answer["traceId"], &answer["spanId"]),
        "the span that was judged"
    );
    for (name, value) in [
        ("gen_ai.evaluation.name", json!("llm:grader")),
        ("gen_ai.evaluation.score.value", json!(0.25)),
        ("gen_ai.evaluation.score.label", json!("fail")),
        ("gen_ai.evaluation.explanation", Value::Null),
        ("eval.sample.id", json!("q1")),
    ] {
        assert_eq!(attribute(event, name), value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_content_and_no_key_leave_without_being_asked_for() {
    for (variables, expected) in [
        (vec![], false),
        (vec![("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "false")], false),
        (vec![("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")], true),
    ] {
        let (folder, endpoint, collector) = (folder(), endpoint().await, collector().await);
        let url = collector.uri();
        run(&folder, &endpoint, &[vec![("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())], variables].concat()).await;
        let (traces, logs) = (told(&collector, "/v1/traces").await, told(&collector, "/v1/logs").await);
        assert!(traces.iter().all(|request| request.headers["content-type"] == "application/x-protobuf"));
        let all: Vec<u8> = traces.iter().chain(&logs).flat_map(|request| request.body.clone()).collect();
        let has = |text: &str| all.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(has("gen_ai.request.model") && has("gen_ai.evaluation.result"), "something was told");
        for text in CONTENT {
            assert_eq!(has(text), expected, "{text}");
        }
        for name in ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"] {
            assert_eq!(has(name), expected, "{name}");
        }
        assert!(!has("canary"), "the key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_who_is_not_named_and_a_collector_that_is_away_costs_no_run() {
    let (folder, endpoint, collector) = (folder(), endpoint().await, collector().await);
    run(&folder, &endpoint, &[]).await;
    let url = collector.uri();
    run(&folder, &endpoint, &[("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_SDK_DISABLED", "true")]).await;
    assert!(collector.received_requests().await.expect("requests are recorded").is_empty());
    // Nobody listens on the discard port of this machine.
    run(&folder, &endpoint, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]).await;
    let unusable = run(&folder, &endpoint, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "no address")]).await;
    let said = String::from_utf8_lossy(&unusable.stderr).into_owned();
    assert!(said.contains("OpenTelemetry is told nothing"), "{said}");
}
