//! Shows: Eval Dashboard inside a small axum service, which evaluates on request and shows the runs.
//!
//! `cargo run --example embed` starts the service, asks it for a run as a client would, and ends.
//! `cargo run --example embed -- --serve` stays, on http://127.0.0.1:8090.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use eval_core::server::Scope;
use eval_core::{Caps, Dataset, Evaluator, InMemory, Provider, ProviderExt as _, Scripted};
use eval_judge::Contains;
use eval_providers::{
    Allowances, BudgetLayer, LedgerLayer, LimitLayer, OutageLayer, PriceLayer, Prices, RetryLayer, TimeoutLayer,
};
use eval_server::{AppState, Caller};
use serde_json::{Value, json};

/// What the service was built for, reduced to a line: it answers customers.
fn answer(question: &str) -> String {
    format!("Thank you for asking \"{question}\". Our shop opens at 9 and closes at 18.")
}

const GOLDEN: &str = "id,category,question,expected_output
open,hours,When do you open?,opens at 9
close,hours,When do you close?,closes at 18
parking,place,Where can I park?,behind the shop
";

/// Everything that a paid endpoint needs around it: `LiteLlm::builder(url).api_key(key).build()?` goes in the same way.
fn layered(model: impl Provider, log: Arc<InMemory>) -> impl Provider {
    let prices = Prices::built_in();
    let mut caps = Caps::NONE;
    caps.run.calls = Some(1_000); // `cost` caps dollars, where the price of the model is known
    model
        .layer(TimeoutLayer::new(Duration::from_secs(60))) // one attempt
        .layer(PriceLayer::new(prices.clone())) // what it costs, where the endpoint does not say
        .layer(LedgerLayer::new(log)) // written down before it is made
        .layer(BudgetLayer::new(Arc::new(Allowances::new(caps)), prices)) // never more than that
        .layer(OutageLayer::new(Duration::from_secs(600))) // waits while nobody answers
        .layer(LimitLayer::adaptive(1, 32)) // as many calls at once as the endpoint takes
        .layer(RetryLayer::new(5)) // outermost: sees a request first
}

/// Evaluates the service's own function in the background of a request.
async fn evaluate(State(store): State<Arc<InMemory>>) -> Result<Json<Value>, (StatusCode, String)> {
    let failed = |error: eval_core::RunError| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    let dataset = Dataset::from_csv_text("shop", GOLDEN).map_err(|error| failed(error.into()))?;
    let model = layered(Scripted::new("shop-assistant", |request| answer(request.last())), store.clone());
    let evaluator = Evaluator::builder(model, Contains::whole()).durable(store).build().map_err(failed)?;
    let run = evaluator.run(&dataset, &mut ()).await.map_err(failed)?;
    Ok(Json(json!({"run": run.id, "score": run.score()})))
}

fn app(store: Arc<InMemory>) -> Router {
    // A service with users of its own puts the one who is signed in here; without a caller, a token is wanted.
    let everybody = Caller::new("embed", Scope::Read);
    let evals = eval_server::router(AppState::new(store.clone())).layer(Extension(everybody));
    Router::new().route("/evaluate", post(evaluate)).with_state(store).nest("/eval", evals)
}

#[tokio::main]
async fn main() -> Result<()> {
    let app = app(Arc::new(InMemory::new()));
    if std::env::args().any(|argument| argument == "--serve") {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
        println!("POST http://127.0.0.1:8090/evaluate, then GET http://127.0.0.1:8090/eval/api/v1/runs");
        return Ok(axum::serve(listener, app).await?);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let client = reqwest::Client::builder().no_proxy().build()?;
    let started: Value = client.post(format!("{url}/evaluate")).send().await?.error_for_status()?.json().await?;
    println!("POST /evaluate        {started}");
    let runs: Value = client.get(format!("{url}/eval/api/v1/runs")).send().await?.error_for_status()?.json().await?;
    let found = runs["runs"].as_array().map_or(0, Vec::len);
    println!("GET  /eval/api/v1/runs {found} run");
    let path = format!("{url}/eval/api/v1/runs/{}/evaluations", started["run"].as_str().unwrap_or_default());
    let page: Value = client.get(path).send().await?.error_for_status()?.json().await?;
    for evaluation in page["evaluations"].as_array().into_iter().flatten() {
        println!("  {:<8} {}", evaluation["sample"]["id"].as_str().unwrap_or("?"), evaluation["outcome"]);
    }
    Ok(())
}
