//! An endpoint with the manners of a LiteLLM proxy, whose answers are functions of the question, and its ledger.

use std::sync::Arc;

use anyhow::Result;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::questions::{GRADER, MODEL, Question};

/// The part of a request that is looked at. A LiteLLM proxy is told what each call is for.
#[derive(Deserialize)]
struct Request {
    model: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    sample_id: String,
    epoch: u64,
    purpose: String,
}

type Response = (StatusCode, HeaderMap, Json<Value>);

/// Serves on a free port of loopback until the program ends; the result is the base URL.
pub async fn serve(ledger: Arc<Ledger>) -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1", listener.local_addr()?);
    let router =
        Router::new().route("/v1/models", get(models)).route("/v1/chat/completions", post(complete)).with_state(ledger);
    tokio::spawn(axum::serve(listener, router).into_future());
    Ok(url)
}

async fn models() -> Json<Value> {
    Json(json!({"object": "list", "data": [{"id": MODEL, "object": "model"}, {"id": GRADER, "object": "model"}]}))
}

async fn complete(State(ledger): State<Arc<Ledger>>, Json(request): Json<Request>) -> Response {
    let Metadata { sample_id, epoch, purpose } = request.metadata;
    let question = Question::of(&sample_id);
    let number = ledger.receive((sample_id, epoch, purpose));
    let Some(question) = question else { return refuse("no such question") };
    // Dropped here when the client is gone: its call stays without an answer.
    tokio::time::sleep(question.thinking()).await;
    ledger.answer(number);
    match request.model.as_str() {
        MODEL if question.is_refused() => refuse("this question is not answered here"),
        MODEL => answer(&request.model, &question.answer(), question),
        _ => answer(&request.model, &question.verdict(), question),
    }
}

fn refuse(message: &str) -> Response {
    let body = json!({"error": {"message": message, "type": "invalid_request_error"}});
    (StatusCode::BAD_REQUEST, HeaderMap::new(), Json(body))
}

fn answer(model: &str, text: &str, question: Question) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert("x-litellm-version", HeaderValue::from_static("1.0.0"));
    // Nano-dollars as dollars in decimal digits: exact.
    let cost = format!("0.{:09}", question.cost());
    headers.extend(HeaderValue::from_str(&cost).map(|cost| ("x-litellm-response-cost".parse().ok(), cost)));
    let tokens = question.tokens();
    let body = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": tokens, "completion_tokens": 5, "total_tokens": tokens + 5},
    });
    (StatusCode::OK, headers, Json(body))
}
