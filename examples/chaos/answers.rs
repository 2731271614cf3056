//! Bodies that are answers, or nearly.

use serde_json::{Value, json};

/// What the endpoint says where it behaves.
pub(crate) const TEXT: &str = "Paris.";

/// A whole answer with this message and finish reason.
pub(crate) fn answer(message: &Value, finish: &str) -> Value {
    json!({
        "id": "chatcmpl-chaos", "object": "chat.completion", "created": 1, "model": "chaos-2026-01-01",
        "system_fingerprint": "fp_chaos",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": null}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    })
}

/// A whole answer that says [`TEXT`].
pub(crate) fn good() -> Value {
    answer(&json!({"role": "assistant", "content": TEXT}), "stop")
}

/// A whole answer in which this field is another one.
pub(crate) fn with(field: &str, value: Value) -> Value {
    let mut answer = good();
    answer[field] = value;
    answer
}

/// A refusal in the words of OpenAI, which repeats the key.
pub(crate) fn refused(status: u16, key: &str) -> Value {
    let message = format!("chaos says {status} to {key}");
    json!({"error": {"message": message, "type": "chaos_error", "param": null, "code": null}})
}

/// The choices of an answer that is odd, if there is one of this name.
pub(crate) fn odd(name: &str) -> Option<Value> {
    let says = |message: Value, finish: &str| answer(&message, finish);
    Some(match name {
        "no-choices" => with("choices", json!([])),
        "null-choices" => with("choices", Value::Null),
        "null-choice" => with("choices", json!([null])),
        "no-message" => with("choices", json!([{"index": 0, "finish_reason": "stop"}])),
        "null-content" => says(json!({"role": "assistant", "content": null}), "stop"),
        "empty-content" => says(json!({"role": "assistant", "content": ""}), "stop"),
        "number-content" => says(json!({"role": "assistant", "content": 7}), "stop"),
        "refusal" => says(json!({"role": "assistant", "content": null, "refusal": "I cannot help."}), "stop"),
        "refusal-part" => says(json!({"content": [{"type": "refusal", "refusal": "I cannot help."}]}), "stop"),
        "tool-calls" => says(
            json!({"content": null, "tool_calls": [{"id": "1", "type": "function",
            "function": {"name": "look_up", "arguments": "{}"}}]}),
            "tool_calls",
        ),
        "parts" => says(json!({"content": [{"type": "text", "text": "Par"}, {"type": "text", "text": "is."}]}), "stop"),
        "length" => says(json!({"content": "Par"}), "length"),
        "filter" => says(json!({"content": ""}), "content_filter"),
        "filter-text" => says(json!({"content": "Par"}), "content_filter"),
        "error-inside" => json!({"error": {"message": "busy", "code": 503}}),
        _ => return None,
    })
}

/// The usage of this name, if there is one; [`Value::Null`] where there is none in the answer.
pub(crate) fn usage(name: &str) -> Option<Value> {
    let of = |tokens: Value| json!({"prompt_tokens": tokens, "completion_tokens": tokens, "total_tokens": tokens});
    Some(match name {
        "missing" => Value::Null,
        "zero" => of(json!(0)),
        "negative" => of(json!(-5)),
        "huge" => of(json!(1_u64 << 62)),
        "string" => of(json!("eleven")),
        "float" => of(json!(11.5)),
        "list" => json!([11, 7]),
        _ => return None,
    })
}

/// A body with a status of success that is no answer, if there is one of this name.
pub(crate) fn garbage(name: &str, key: &str) -> Option<Vec<u8>> {
    let whole = good().to_string();
    Some(match name {
        "null" => "null".into(),
        "list" => "[]".into(),
        "object" => "{}".into(),
        "number" => "7".into(),
        "empty" => Vec::new(),
        "blank" => " \n".into(),
        "truncated" => whole[..whole.len() / 2].into(),
        "html" => format!("<html><body>Log in, {key}</body></html>").into(),
        "not-utf8" => whole.replace(TEXT, "Par@").bytes().map(|byte| if byte == b'@' { 0xff } else { byte }).collect(),
        "bom" => [b"\xef\xbb\xbf", whole.as_bytes()].concat(),
        "nan" => whole.replace(&format!("\"{TEXT}\""), "NaN").into(),
        "deep" => format!("{{\"choices\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)).into(),
        "deep-elsewhere" => format!("{{\"other\":{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)).into(),
        "twice" => "{\"choices\":[],\"choices\":[]}".into(),
        "long" => format!("{key} ").repeat(20_000).into(),
        _ => return None,
    })
}
