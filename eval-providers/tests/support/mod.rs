//! A local endpoint, and calls to it.

use eval_core::{Completion, Message, Origin, Provider, ProviderError, Request, RunId};
use eval_providers::{OpenAi, OpenAiBuilder};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

/// The key of every test: it must never be seen again.
pub(crate) const CANARY: &str = "sk-canary-7f3a9c";

/// A request of a run, for sample `math-01` in epoch 2.
pub(crate) fn request(model: &str) -> Request {
    let origin = Origin::answer(RunId::new(), "math-01".into(), 2);
    Request::new(model, vec![Message::user("What is 2 + 2?")]).origin(Some(origin))
}

/// A whole answer with this message and finish reason.
pub(crate) fn answer(message: &Value, finish: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-2026-01-01",
        "system_fingerprint": "fp_1", "service_tier": "default",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": null}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18,
            "prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 5}},
    })
}

/// A whole answer that says this.
pub(crate) fn says(text: &str) -> Value {
    answer(&json!({"role": "assistant", "content": text}), "stop")
}

/// An endpoint that always answers this.
pub(crate) async fn endpoint(reply: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(matchers::any()).respond_with(reply).mount(&server).await;
    server
}

/// A client with the canary key.
pub(crate) fn client(url: &str) -> OpenAiBuilder {
    OpenAi::builder(url).api_key(CANARY)
}

/// One call, whose words hold no key.
pub(crate) async fn ask(provider: &OpenAi) -> Result<Completion, ProviderError> {
    let result = provider.complete(&request("m")).await;
    if let Err(error) = &result {
        assert!(error.timing.service_ms.is_some(), "an error without a time: {error}");
        assert_silent(error);
    }
    assert!(!format!("{provider:?}").contains(CANARY));
    result
}

/// That neither an error nor its causes show the canary.
pub(crate) fn assert_silent(error: &ProviderError) {
    let mut shown = format!("{error:?} {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        shown.push_str(&format!(" {cause}"));
        source = cause.source();
    }
    assert!(!shown.contains("canary"), "{shown}");
}
