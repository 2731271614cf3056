//! Shows: the default pieces wired together, LiteLLM provider, LLM judge, SQLite.
//!
//! `LITELLM_BASE_URL=http://localhost:4000 LITELLM_API_KEY=sk-… cargo run --example litellm -- gpt-4o grok-3`
//! (the grader is `GRADER`, else gpt-4o-mini; a proxy configuration with eleven models is in `examples/litellm.yaml`)

use std::env::var;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use eval_core::{Dataset, Evaluator, Group, Provider, ProviderExt as _, Selection};
use eval_judge::LlmJudge;
use eval_providers::{LimitLayer, LiteLlm, RetryLayer, TimeoutLayer};
use eval_store::DieselStore;

#[tokio::main]
async fn main() -> Result<()> {
    let url = var("LITELLM_BASE_URL").context("set LITELLM_BASE_URL and LITELLM_API_KEY")?;
    let models: Vec<String> = std::env::args().skip(1).collect();
    anyhow::ensure!(!models.is_empty(), "name the models: cargo run --example litellm -- gpt-4o");

    let provider = LiteLlm::builder(&url)
        .api_key(var("LITELLM_API_KEY").unwrap_or_default())
        .build()?
        .layer(TimeoutLayer::new(Duration::from_secs(60))) // one attempt
        .layer(LimitLayer::new(32)) // calls in flight; no permit is held while a retry waits
        .layer(RetryLayer::new(5)); // the last layer is the outermost
    let provider: Arc<dyn Provider> = Arc::new(provider);
    let grader = var("GRADER").unwrap_or_else(|_| "gpt-4o-mini".into());
    let judge = Arc::new(LlmJudge::builder(provider.clone()).grader(grader).build()?);
    let store = Arc::new(DieselStore::open("sqlite://eval.db").await?);

    let mut first_five = Selection::all();
    first_five.limit = Some(5);
    let dataset = Dataset::golden().select(first_five)?;
    let evaluators = models.iter().map(|model| {
        Evaluator::builder(provider.clone(), judge.clone()).model(model).concurrency(8).store(store.clone()).build()
    });
    let group = Group::new(evaluators.collect::<Result<Vec<_>, _>>()?);
    for run in group.run(&dataset, &mut ()).await {
        let run = run?;
        let summary = run.summary.as_ref().context("a run that has ended has a summary")?;
        println!("{:<24} {} score {:?} cost {:?}", run.name, run.status, run.score(), summary.cost);
    }
    Ok(())
}
