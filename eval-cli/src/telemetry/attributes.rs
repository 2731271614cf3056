//! What a call is told by: the names of OpenTelemetry's conventions for generative AI, which are still in development.
//!
//! Source: <https://github.com/open-telemetry/semantic-conventions-genai>, `model/gen-ai`.

use eval_core::{Completion, Message, Params, ProviderError, Purpose, Request, Role};
use opentelemetry::{Array, KeyValue, Value};
use serde_json::json;

/// What is done: it begins the name of a span.
pub(super) const OPERATION: &str = "chat";

/// What is known before a call.
pub(super) fn of_request(request: &Request, provider: &str) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("gen_ai.operation.name", OPERATION),
        KeyValue::new("gen_ai.provider.name", provider.to_owned()),
        KeyValue::new("gen_ai.request.model", request.model.clone()),
    ];
    attributes.extend(of_params(&request.params));
    if let Some(origin) = &request.origin {
        let purpose = if origin.purpose == Purpose::Judge { "judge" } else { "answer" };
        attributes.extend([
            KeyValue::new("eval.run.id", origin.run.to_string()),
            KeyValue::new("eval.sample.id", origin.sample.as_str().to_owned()),
            KeyValue::new("eval.epoch", i64::from(origin.epoch)),
            KeyValue::new("eval.purpose", purpose),
        ]);
    }
    attributes
}

fn of_params(params: &Params) -> impl Iterator<Item = KeyValue> {
    const NUMBERS: [(&str, &str); 5] = [
        ("temperature", "gen_ai.request.temperature"),
        ("top_p", "gen_ai.request.top_p"),
        ("top_k", "gen_ai.request.top_k"),
        ("frequency_penalty", "gen_ai.request.frequency_penalty"),
        ("presence_penalty", "gen_ai.request.presence_penalty"),
    ];
    const COUNTS: [(&str, &str); 4] = [
        ("max_tokens", "gen_ai.request.max_tokens"),
        ("max_completion_tokens", "gen_ai.request.max_tokens"),
        ("seed", "gen_ai.request.seed"),
        ("n", "gen_ai.request.choice.count"),
    ];
    let number = |(name, told)| Some(KeyValue::new(told, params.get(name)?.as_f64()?));
    let count = |(name, told)| Some(KeyValue::new(told, params.get(name)?.as_i64()?));
    let stop = params.get("stop").map(|stop| KeyValue::new("gen_ai.request.stop_sequences", texts(stop)));
    let shape = params.get("response_format").map(|_| KeyValue::new("gen_ai.output.type", "json"));
    NUMBERS.into_iter().filter_map(number).chain(COUNTS.into_iter().filter_map(count)).chain(stop).chain(shape)
}

/// A text, or several.
fn texts(value: &serde_json::Value) -> Value {
    let several = value.as_array().map(Vec::as_slice).unwrap_or(std::slice::from_ref(value));
    list(several.iter().filter_map(|text| text.as_str()).map(str::to_owned))
}

fn list(texts: impl Iterator<Item = String>) -> Value {
    Value::Array(Array::String(texts.map(Into::into).collect()))
}

/// What is known of an answer.
pub(super) fn of_completion(completion: &Completion) -> Vec<KeyValue> {
    let (usage, served) = (&completion.usage, &completion.served);
    let tokens = [
        ("gen_ai.usage.input_tokens", usage.prompt_tokens),
        ("gen_ai.usage.output_tokens", usage.completion_tokens),
        ("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens),
        ("gen_ai.usage.cache_creation.input_tokens", usage.cache_write_tokens),
        ("gen_ai.usage.reasoning.output_tokens", usage.reasoning_tokens),
    ];
    let count = |(name, tokens): (&'static str, Option<u64>)| Some(KeyValue::new(name, i64::try_from(tokens?).ok()?));
    let mut attributes: Vec<KeyValue> = tokens.into_iter().filter_map(count).collect();
    attributes
        .push(KeyValue::new("gen_ai.response.finish_reasons", list(std::iter::once(completion.finish.to_string()))));
    attributes.extend(served.model.clone().map(|model| KeyValue::new("gen_ai.response.model", model)));
    attributes.extend(completion.cost.map(|cost| KeyValue::new("eval.cost.usd", cost.usd())));
    attributes
}

/// What is known of a failure: its kind, and nothing that somebody else wrote.
pub(super) fn of_error(error: &ProviderError) -> KeyValue {
    KeyValue::new("error.type", error.kind.name())
}

/// What was asked, for who opted in.
pub(super) fn content_of_request(request: &Request) -> Vec<KeyValue> {
    let (system, turns): (Vec<&Message>, Vec<&Message>) =
        request.messages.iter().partition(|message| message.role == Role::System);
    let turns: Vec<_> =
        turns.into_iter().map(|turn| json!({"role": turn.role, "parts": [text(&turn.content)]})).collect();
    let mut attributes = vec![KeyValue::new("gen_ai.input.messages", json!(turns).to_string())];
    if !system.is_empty() {
        let system: Vec<_> = system.into_iter().map(|message| text(&message.content)).collect();
        attributes.push(KeyValue::new("gen_ai.system_instructions", json!(system).to_string()));
    }
    attributes
}

/// What was answered, for who opted in.
pub(super) fn content_of_completion(completion: &Completion) -> KeyValue {
    let finish = completion.finish.to_string();
    let said = json!([{"role": "assistant", "parts": [text(&completion.text)], "finish_reason": finish}]);
    KeyValue::new("gen_ai.output.messages", said.to_string())
}

fn text(content: &str) -> serde_json::Value {
    json!({"type": "text", "content": content})
}
