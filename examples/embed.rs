//! Shows: Eval Dashboard inside a small axum service with users of its own, which evaluates in the background and shows
//! the runs.
//!
//! `cargo run --example embed` starts the service, asks it for a run as a client would, and ends.
//! `cargo run --example embed -- --serve` stays, on http://127.0.0.1:8090.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use eval_core::server::{Job, JobRequest, Runner, Scope, Stopping};
use eval_core::{
    Again, Caps, Dataset, Evaluator, InMemory, Provider, ProviderExt as _, Reporter, Run, RunError, Scripted,
    async_trait,
};
use eval_judge::Contains;
use eval_providers::{
    Allowances, BudgetLayer, LedgerLayer, LimitLayer, OutageLayer, PriceLayer, Prices, RetryLayer, TimeoutLayer,
};
use eval_server::{AccessOptions, AppState, Caller, Workers};
use serde_json::{Value, json};

/// The name under which the service's function is evaluated.
const ASSISTANT: &str = "shop-assistant";

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

/// Makes the runs that callers of the API want, of the service's own function.
struct Shop(Arc<InMemory>);

#[async_trait]
impl Runner for Shop {
    async fn check(&self, request: &JobRequest) -> Result<(), RunError> {
        match (request.models.as_slice(), request.spec.dataset.as_str()) {
            ([model], "shop") if model == ASSISTANT => Ok(()),
            _ => Err(RunError::Config(format!("there are the model {ASSISTANT} and the data set shop"))),
        }
    }

    async fn run(&self, job: &Job, mut reporter: Box<dyn Reporter>, stop: Stopping) -> Result<Vec<Run>, RunError> {
        let dataset = Dataset::from_csv_text("shop", GOLDEN)?;
        let model = layered(Scripted::new(ASSISTANT, |request| answer(request.last())), self.0.clone());
        let evaluator = Evaluator::builder(model, Contains::whole()).durable(self.0.clone()).build()?;
        let stop = stop.asked();
        let run = match job.runs.first() {
            Some(begun) => evaluator.resume_until(*begun, Again::Missing, &dataset, &mut *reporter, stop).await?,
            None => evaluator.run_until(&dataset, &mut *reporter, stop).await?,
        };
        Ok(vec![run])
    }
}

/// The service's own way to know its users, reduced to a header: whoever is one of them needs no token.
async fn signed_in(mut request: Request, next: Next) -> Response {
    let user = request.headers().get("x-user").and_then(|user| user.to_str().ok());
    if let Some(user) = user.map(str::to_owned) {
        request.extensions_mut().insert(Caller::new(user, Scope::Run));
    }
    next.run(request).await
}

/// The service, and who works in its background.
fn app() -> (Router, Workers) {
    let store = Arc::new(InMemory::new());
    let runner = Arc::new(Shop(store.clone()));
    let access = AccessOptions::default().any_host().cookie_path("/eval");
    let state = AppState::new(store).access(access).runner(runner.clone());
    let workers = Workers::builder(&state, runner).start();
    let evals = eval_server::router(state).layer(from_fn(signed_in));
    (Router::new().route("/", get("We open at 9.")).nest("/eval", evals), workers)
}

#[tokio::main]
async fn main() -> Result<()> {
    let (app, workers) = app();
    if std::env::args().any(|argument| argument == "--serve") {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
        println!("curl -H 'x-user: alice' http://127.0.0.1:8090/eval/api/v1/runs");
        return Ok(axum::serve(listener, app).await?);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let api = format!("http://{}/eval/api/v1", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let client = reqwest::Client::builder().no_proxy().build()?;
    println!("GET  /runs, by nobody: {}", client.get(format!("{api}/runs")).send().await?.status());
    let get = async |path: &str| -> Result<Value> {
        let answer = client.get(format!("{api}{path}")).header("x-user", "alice").send().await?;
        Ok(answer.error_for_status()?.json().await?)
    };
    let wanted = json!({"model": ASSISTANT, "dataset": "shop"});
    let started = client.post(format!("{api}/runs")).header("x-user", "alice").json(&wanted).send().await?;
    let started: Value = started.error_for_status()?.json().await?;
    println!("POST /runs, by alice:  {started}");
    let job = format!("/jobs/{}", started["job"].as_str().unwrap_or_default());
    let run = loop {
        let found = get(&job).await?["job"].take();
        if found["state"] == "done" {
            break found["runs"][0].as_str().unwrap_or_default().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let page = get(&format!("/runs/{run}/evaluations")).await?;
    for evaluation in page["evaluations"].as_array().into_iter().flatten() {
        println!("  {:<8} {}", evaluation["sample"]["id"].as_str().unwrap_or("?"), evaluation["outcome"]);
    }
    workers.shut_down().await;
    Ok(())
}
