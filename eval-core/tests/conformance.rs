//! The conformance suite, run by the store and the provider that this crate ships.

use std::sync::Arc;

use eval_core::{InMemory, Message, Request, Scripted, conformance};

#[tokio::test]
async fn in_memory_is_a_store() {
    conformance::store(async || InMemory::new()).await;
    conformance::store(async || Arc::new(InMemory::new())).await;
}

#[tokio::test]
async fn in_memory_makes_reports() {
    conformance::reports(async || InMemory::new()).await;
}

#[tokio::test]
async fn in_memory_keeps_attempts_and_leases() {
    conformance::durable(async || InMemory::new()).await;
}

#[tokio::test]
async fn in_memory_keeps_baselines_marks_and_findings() {
    conformance::drift(async || InMemory::new()).await;
}

#[tokio::test]
async fn in_memory_keeps_what_a_server_keeps() {
    conformance::server(async || InMemory::new()).await;
    conformance::server(async || Arc::new(InMemory::new())).await;
}

#[tokio::test]
async fn scripted_is_a_provider() {
    let echo = Scripted::new("echo", |request| request.last().to_owned());
    conformance::provider(&echo, &Request::new("any", vec![Message::user("hi")])).await;
}

#[tokio::test]
async fn in_memory_keeps_labels() {
    conformance::labels(async || InMemory::new()).await;
}
