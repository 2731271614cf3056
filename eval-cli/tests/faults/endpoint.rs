//! An OpenAI-compatible endpoint with models of different manners, and the calls that reached it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_secs(3600);
/// Calls of `slow` overlap with what the test does, also on a machine that is busy with other things.
const SLOW: Duration = Duration::from_millis(80);

/// How many calls of `hanging-grader` hang; later ones are answered.
pub(crate) const HANGING: u64 = 2;

/// The models: `quick` and `slow` answer "2", `grader` and `slow-grader` grade, `hangs` never answers, and
/// `hanging-grader` lets its first two calls hang.
pub(crate) async fn endpoint() -> MockServer {
    let server = MockServer::start().await;
    serve(&server).await;
    server
}

/// Lets a server that was reset serve as a new one does.
pub(crate) async fn serve(server: &MockServer) {
    let verdict = r#"{"reasoning": "As expected.", "score": 0.75}"#;
    let models = [
        ("quick", "2", Duration::ZERO),
        ("slow", "2", SLOW),
        ("hangs", "2", FOR_EVER),
        ("grader", verdict, Duration::ZERO),
        ("slow-grader", verdict, SLOW),
        ("hanging-grader", verdict, Duration::ZERO),
    ];
    let list: Vec<_> = models.iter().map(|(name, ..)| json!({"id": name})).collect();
    let list = ResponseTemplate::new(200).set_body_json(json!({"object": "list", "data": list}));
    Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(server).await;
    asked("hanging-grader", answer(verdict).set_delay(FOR_EVER)).up_to_n_times(HANGING).mount(server).await;
    for (name, text, delay) in models {
        asked(name, answer(text).set_delay(delay)).mount(server).await;
    }
}

/// From now on every model answers at length: 8 MB, which no allocator has lying around.
pub(crate) async fn long_answers(server: &MockServer) {
    let question = Mock::given(method("POST")).and(path("/v1/chat/completions"));
    question.respond_with(answer(&"2".repeat(8_000_000))).mount(server).await;
}

fn asked(model: &str, answer: ResponseTemplate) -> Mock {
    let question = Mock::given(method("POST")).and(path("/v1/chat/completions"));
    question.and(body_partial_json(json!({"model": model}))).respond_with(answer)
}

fn answer(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "m-2026-01-01",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
    }))
}

/// How often each model was asked each question. The profile of a LiteLLM proxy tells the question's id.
pub(crate) async fn calls(server: &MockServer) -> BTreeMap<(String, String), u64> {
    let mut calls = BTreeMap::new();
    for request in server.received_requests().await.expect("requests are recorded") {
        if request.method == "POST" {
            let body: Value = serde_json::from_slice(&request.body).expect("JSON");
            let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
            *calls.entry((text(&body["model"]), text(&body["metadata"]["sample_id"]))).or_default() += 1;
        }
    }
    calls
}

/// Waits until a model was called so often.
pub(crate) async fn wait_for_calls(server: &MockServer, model: &str, times: u64) {
    let of_model =
        async || calls(server).await.iter().filter(|((name, _), _)| name == model).map(|(_, n)| n).sum::<u64>();
    let enough = async {
        while of_model().await < times {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let patience = tokio::time::timeout(Duration::from_secs(60), enough);
    patience.await.unwrap_or_else(|_| panic!("{model} was not called {times} times"));
}

/// A data set of so many questions.
pub(crate) fn questions(n: usize) -> String {
    let rows = (0..n).map(|at| format!("q{at:02},sums,How much is {at} and 2?,{}\n", at + 2));
    std::iter::once("id,category,question,expected_output\n".to_owned()).chain(rows).collect()
}
