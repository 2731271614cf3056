//! What is sent, and what is never sent.
#![cfg(feature = "openai")]

mod support;

use eval_core::{Params, Provider as _, ProviderErrorKind};
use eval_providers::{LiteLlm, OpenAi, Profile};
use serde_json::{Value, json};
use support::{CANARY, client, endpoint, request, says};
use wiremock::{MockServer, Request as Sent, ResponseTemplate};

async fn ready() -> MockServer {
    endpoint(ResponseTemplate::new(200).set_body_json(says("4"))).await
}

async fn only(server: &MockServer) -> (Sent, Value) {
    let mut sent = server.received_requests().await.expect("recorded requests");
    assert_eq!(sent.len(), 1, "one call is one request");
    let sent = sent.remove(0);
    let body = serde_json::from_slice(&sent.body).unwrap_or(Value::Null);
    (sent, body)
}

fn header(sent: &Sent, name: &str) -> Option<String> {
    sent.headers.get(name).map(|value| value.to_str().expect("a text").to_owned())
}

#[tokio::test]
async fn a_plain_endpoint_gets_the_openai_api_and_nothing_else() {
    let server = ready().await;
    let asked = request("gpt").params(Params::new().with("temperature", 0).with("stop", json!(["a", "b"])));
    let answer = client(&server.uri()).build().unwrap().complete(&asked).await.unwrap();
    let (sent, body) = only(&server).await;
    assert_eq!((sent.method.as_str(), sent.url.path()), ("POST", "/v1/chat/completions"));
    assert_eq!(
        body,
        json!({"model": "gpt", "messages": [{"role": "user", "content": "What is 2 + 2?"}], "temperature": 0, "stop": ["a", "b"]})
    );
    assert_eq!(header(&sent, "authorization"), Some(format!("Bearer {CANARY}")));
    assert_eq!(header(&sent, "content-type").as_deref(), Some("application/json"));
    assert!(!sent.headers.keys().any(|name| name.as_str().starts_with("x-litellm")), "{:?}", sent.headers);
    assert_eq!(answer.origin, asked.origin);
}

#[tokio::test]
async fn a_litellm_proxy_is_told_to_keep_out_of_the_way() {
    let server = ready().await;
    let builder = LiteLlm::builder(server.uri()).api_key(CANARY).tag("team:search");
    let provider = builder.timeout(std::time::Duration::from_millis(2_500)).build().unwrap();
    let asked = request("up");
    provider.complete(&asked).await.unwrap();
    assert_eq!((provider.name(), provider.profile()), ("litellm", Profile::LiteLlm));

    let (sent, body) = only(&server).await;
    let run = asked.origin.as_ref().unwrap().run;
    assert_eq!(body["num_retries"], 0);
    assert_eq!(body["cache"], json!({"no-cache": true, "no-store": true}));
    assert_eq!(body["disable_fallbacks"], true);
    assert_eq!(
        body["metadata"],
        json!({"tags": ["evals", "team:search", format!("run:{run}")], "run_id": run, "sample_id": "math-01", "epoch": 2, "purpose": "answer"})
    );
    for (name, expected) in [
        ("x-litellm-call-id", format!("{run}-math-01-2-answer")),
        ("x-litellm-tags", format!("evals,team:search,run:{run}")),
        ("x-litellm-timeout", "2.5".to_owned()),
        ("x-litellm-num-retries", "0".to_owned()),
    ] {
        assert_eq!(header(&sent, name), Some(expected), "{name}");
    }
}

#[tokio::test]
async fn a_grader_s_call_says_so_and_odd_ids_fit_into_headers() {
    let server = ready().await;
    let mut asked = request("judge");
    asked.origin = asked.origin.map(|origin| {
        let mut origin = origin.judge();
        origin.sample = "Frage ä\r\nx-evil: 1".into();
        origin
    });
    LiteLlm::builder(server.uri()).build().unwrap().complete(&asked).await.unwrap();
    let (sent, body) = only(&server).await;
    let id = header(&sent, "x-litellm-call-id").unwrap();
    assert!(id.ends_with("-2-judge") && id.is_ascii() && !id.contains("evil"), "{id}");
    assert_eq!(body["metadata"]["purpose"], "judge");
    assert_eq!(header(&sent, "x-evil"), None);
    assert_eq!(header(&sent, "authorization"), None, "no key, no header");
}

#[tokio::test]
async fn outside_a_run_there_is_no_call_id() {
    let server = ready().await;
    let mut asked = request("m");
    asked.origin = None;
    LiteLlm::builder(server.uri()).build().unwrap().complete(&asked).await.unwrap();
    let (sent, body) = only(&server).await;
    assert_eq!(header(&sent, "x-litellm-call-id"), None);
    assert_eq!(body["metadata"], json!({"tags": ["evals"]}));
}

#[tokio::test]
async fn a_parameter_takes_the_place_of_an_extra() {
    let server = ready().await;
    let params = Params::new().with("metadata", json!({"mine": 1})).with("num_retries", 2);
    LiteLlm::builder(server.uri()).build().unwrap().complete(&request("m").params(params)).await.unwrap();
    let (sent, body) = only(&server).await;
    assert_eq!((&body["metadata"], &body["num_retries"]), (&json!({"mine": 1}), &json!(2)));
    assert_eq!(String::from_utf8(sent.body).unwrap().matches("num_retries").count(), 1);
}

#[tokio::test]
async fn parameters_that_would_break_the_answer_are_refused_before_the_call() {
    let server = ready().await;
    let provider = client(&server.uri()).build().unwrap();
    for name in ["model", "messages", "stream", "n"] {
        let error = provider.complete(&request("m").params(Params::new().with(name, 2))).await.unwrap_err();
        assert_eq!(error.kind, ProviderErrorKind::Config, "{name}");
        assert!(error.message.contains(name));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_without_showing_a_secret() {
    let refused = [
        OpenAi::builder("http://user:canary@h"),
        OpenAi::builder("canary"),
        OpenAi::builder("http://h").api_key("canary\nx-evil: 1"),
        OpenAi::builder("http://h").api_key("canary-ä\u{7f}"),
        LiteLlm::builder("http://h").tag("canary,canary").api_key(CANARY),
    ];
    for builder in refused.into_iter().take(4) {
        assert!(!format!("{builder:?}").contains("canary"));
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind, ProviderErrorKind::Config);
        support::assert_silent(&error);
    }
    assert!(LiteLlm::builder("http://h").tag("a,b").build().is_err());
}

#[tokio::test]
async fn white_space_around_a_key_is_dropped_and_an_empty_key_is_none() {
    for (key, expected) in [(" k1\n", Some("Bearer k1")), ("", None), ("  ", None)] {
        let server = ready().await;
        OpenAi::builder(server.uri()).api_key(key).build().unwrap().complete(&request("m")).await.unwrap();
        assert_eq!(header(&only(&server).await.0, "authorization").as_deref(), expected, "{key:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_key_goes_nowhere_else() {
    let elsewhere = ready().await;
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/v1/chat/completions?token=canary", elsewhere.uri());
        let server = endpoint(ResponseTemplate::new(status).insert_header("location", target.as_str())).await;
        let error = support::ask(&client(&server.uri()).build().unwrap()).await.unwrap_err();
        assert_eq!(error.kind, ProviderErrorKind::Config, "{status}");
        assert!(error.message.contains("redirects to 127.0.0.1"), "{error}");
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}
