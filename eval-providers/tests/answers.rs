//! What comes back, and what is made of it.
#![cfg(feature = "openai")]

mod support;

use std::time::Duration;

use eval_core::{Completion, FinishReason, Money, ProviderError, ProviderErrorKind as Kind, Usage};
use serde_json::{Value, json};
use support::{answer, ask, client, endpoint, says};
use wiremock::ResponseTemplate;

/// What one call makes of a reply.
async fn against(reply: ResponseTemplate) -> Result<Completion, ProviderError> {
    let server = endpoint(reply).await;
    ask(&client(&server.uri()).build().expect("a client")).await
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn raw(status: u16, body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

#[tokio::test]
async fn everything_that_is_known_is_kept() {
    let reply = ok(&says("4"))
        .insert_header("x-litellm-response-cost", "4.9999999999999996e-05")
        .insert_header("x-litellm-model-id", "gpt-1")
        .insert_header("x-litellm-version", "1.106.2")
        .insert_header("x-litellm-call-id", "call-1")
        .insert_header("x-litellm-attempted-fallbacks", "1")
        .insert_header("x-litellm-attempted-retries", "2")
        .insert_header("x-request-id", "proxy-1")
        .insert_header("llm_provider-x-request-id", "req-1");
    let answer = against(reply).await.unwrap();
    assert_eq!((answer.text.as_str(), &answer.finish), ("4", &FinishReason::Stop));
    let mut usage = Usage::new(11, 7);
    (usage.cached_tokens, usage.reasoning_tokens) = (Some(3), Some(5));
    assert_eq!(answer.usage, usage);
    assert_eq!(answer.cost, Some(Money::from_nanos(50_000)));
    assert!(answer.timing.service_ms.unwrap() > 0.0);
    assert_eq!(answer.tier.as_deref(), Some("default"));
    let served = answer.served;
    assert_eq!(served.model.as_deref(), Some("m-2026-01-01"));
    assert_eq!(served.model_id.as_deref(), Some("gpt-1"));
    assert_eq!(served.fingerprint.as_deref(), Some("fp_1"));
    assert_eq!((served.fallbacks, served.retries), (Some(1), Some(2)));
    assert_eq!(served.cache_hit, Some(false));
    assert_eq!(served.call_id.as_deref(), Some("call-1"));
    assert_eq!(served.request_id.as_deref(), Some("req-1"));
    assert_eq!(served.proxy.as_deref(), Some("litellm/1.106.2"));
}

#[tokio::test]
async fn what_a_plain_endpoint_does_not_say_is_unknown() {
    let body = json!({"choices": [{"message": {"content": "4"}}]});
    let answer = against(ok(&body)).await.unwrap();
    assert_eq!((answer.finish, answer.usage, answer.cost), (FinishReason::Unknown, Usage::default(), None));
    assert_eq!(answer.served, eval_core::Served::default());
}

#[tokio::test]
async fn a_cache_hit_is_told() {
    let reply = ok(&says("4")).insert_header("x-litellm-cache-key", "abc");
    assert_eq!(against(reply).await.unwrap().served.cache_hit, Some(true));
}

#[tokio::test]
async fn costs_that_are_no_amounts_are_unknown() {
    for (cost, expected) in [
        ("0", Some(0)),
        ("0.0", Some(0)),
        (" 1e-9 ", Some(1)),
        ("nan", None),
        ("inf", None),
        ("-0.1", None),
        ("1e300", None),
        ("", None),
        ("free", None),
    ] {
        let reply = ok(&says("4")).insert_header("x-litellm-response-cost", cost);
        assert_eq!(against(reply).await.unwrap().cost, expected.map(Money::from_nanos), "{cost:?}");
    }
}

#[tokio::test]
async fn every_form_of_an_answer() {
    for (message, finish, text) in [
        (json!({"role": "assistant", "content": "4"}), "stop", "4"),
        (json!({"content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]}), "stop", "42"),
        (json!({"content": null, "refusal": "I cannot help with that."}), "refusal", "I cannot help with that."),
        (json!({"content": "", "refusal": "No."}), "content_filter", "No."),
        (json!({"content": "Par"}), "length", "Par"),
        (json!({"content": "Par"}), "content_filter", "Par"),
        // An empty answer is an answer: a judge grades it.
        (json!({"content": null}), "stop", ""),
        (json!({"role": "assistant"}), "stop", ""),
        (json!({"content": ""}), "length", ""),
        (
            json!({"content": null, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}),
            "tool_calls",
            "",
        ),
    ] {
        let answer = against(ok(&answer(&message, finish))).await.unwrap();
        assert_eq!((answer.text.as_str(), answer.finish.to_string().as_str()), (text, finish), "{message}");
    }
}

#[tokio::test]
async fn an_empty_answer_of_a_filter_failed_and_keeps_what_it_cost() {
    let reply = ok(&answer(&json!({"content": ""}), "content_filter")).insert_header("x-litellm-response-cost", "0.5");
    let error = against(reply).await.unwrap_err();
    assert_eq!((error.kind, error.usage.total(), error.cost), (Kind::Filtered, Some(18), Money::from_usd(0.5)));
}

#[tokio::test]
async fn what_is_no_answer_is_malformed_with_its_beginning() {
    let deep = format!("{{\"choices\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (body, shown) in [
        ("null", "`null`"),
        ("[]", "`[]`"),
        ("{}", "`{}`"),
        ("7", "`7`"),
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("<html>\n<body>\u{1b}[31mLogin", "`<html>\\n<body>\\u{1b}[31mLogin`"),
        (r#"{"choices":[]}"#, "no choices"),
        (r#"{"choices":null}"#, "no choices"),
        (r#"{"choices":[{}]}"#, "no message"),
        (r#"{"choices":[{"message":{"content":{"x":1}}}]}"#, "expected a text"),
        (r#"{"choices":[{"message":{"content":"4"}}"#, "EOF"),
        (r#"{"choices":[],"choices":[]}"#, "duplicate"),
        (r#"{"choices":[{"message":{"content":NaN}}]}"#, "expected"),
        ("\u{feff}{}", "expected value"),
        (deep.as_str(), "invalid type"),
    ] {
        let error = against(raw(200, body)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Malformed, "{body:.60}");
        assert!(error.message.contains(shown), "{error}");
        assert!(error.message.chars().count() < 500 && !error.message.contains(char::is_control), "{error}");
    }
    let reply = raw(200, b"{\"choices\":[{\"message\":{\"content\":\"\xff\xfe\"}}]}".to_vec());
    assert_eq!(
        against(reply.insert_header("x-litellm-response-cost", "0.5")).await.unwrap_err().cost,
        Money::from_usd(0.5)
    );
    assert_eq!(against(ResponseTemplate::new(204)).await.unwrap_err().kind, Kind::Malformed);
}

#[tokio::test]
async fn an_error_inside_a_success_is_an_error() {
    let told = |code: Value| json!({"error": {"message": "busy", "code": code}});
    for (body, expected) in [
        (told(json!(429)), Kind::RateLimited),
        (told(json!("400")), Kind::Rejected),
        (told(json!("boom")), Kind::Unavailable),
        (json!({"error": null}), Kind::Malformed),
    ] {
        assert_eq!(against(ok(&body)).await.unwrap_err().kind, expected, "{body}");
    }
}

#[tokio::test]
async fn statuses_say_what_a_caller_can_do() {
    for (status, expected) in [
        (400, Kind::Rejected),
        (401, Kind::Auth),
        (402, Kind::Quota),
        (403, Kind::Auth),
        (404, Kind::Config),
        (408, Kind::Timeout),
        (413, Kind::Rejected),
        (422, Kind::Rejected),
        (429, Kind::RateLimited),
        (500, Kind::Unavailable),
        (502, Kind::Unavailable),
        (503, Kind::Unavailable),
        (504, Kind::Timeout),
        (529, Kind::Unavailable),
    ] {
        let error = against(raw(status, "no")).await.unwrap_err();
        assert_eq!(error.kind, expected, "{status}");
        assert!(error.message.starts_with(&format!("{status}: no")), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_named_as_a_guess() {
    let told = json!({"error": {"message": "No connected db.", "type": "no_db_connection", "code": "400"}});
    let error = against(ResponseTemplate::new(400).set_body_json(told)).await.unwrap_err();
    assert!(error.is_fatal() && error.to_string().contains("wrong key?"), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_repeats_the_key_is_not_repeated() {
    let told = [
        format!("Incorrect API key provided: {}.", support::CANARY),
        format!("Authorization: Bearer {} is unknown", support::CANARY),
        format!("{}{}", "x".repeat(1_990), support::CANARY.repeat(20)),
    ];
    for message in told {
        let body = json!({"error": {"message": message, "type": "auth_error"}});
        against(ResponseTemplate::new(401).set_body_json(body)).await.unwrap_err();
        against(raw(500, message.clone())).await.unwrap_err();
        against(raw(200, message.clone())).await.unwrap_err();
        against(ok(&json!({"choices": message}))).await.unwrap_err();
    }
    let body = json!({"error": {"message": "tried sk-abcdef123456 and Bearer xyz-1"}});
    let error = against(ResponseTemplate::new(400).set_body_json(body)).await.unwrap_err();
    assert_eq!(error.message, "400: tried [redacted] and Bearer [redacted]");
}

#[tokio::test]
async fn long_messages_are_cut() {
    let body = json!({"error": {"message": "é".repeat(5_000), "type": "x".repeat(500)}});
    let error = against(ResponseTemplate::new(400).set_body_json(body)).await.unwrap_err();
    assert!(error.message.chars().count() < 360, "{}", error.message.chars().count());
}

#[tokio::test]
async fn the_time_to_wait_comes_with_the_error() {
    for (status, name, value, expected) in [
        (429, "retry-after", "3", Some(3_000)),
        (503, "llm_provider-retry-after", "0.5", Some(500)),
        (429, "retry-after-ms", "250", Some(250)),
        (429, "retry-after", "soon", None),
    ] {
        let error = against(raw(status, "no").insert_header(name, value)).await.unwrap_err();
        assert_eq!(error.retry_after(), expected.map(Duration::from_millis), "{name}: {value}");
    }
    let date = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(30));
    let error = against(raw(429, "no").insert_header("retry-after", date.as_str())).await.unwrap_err();
    assert!((28..=30).contains(&error.retry_after().unwrap().as_secs()));
}
