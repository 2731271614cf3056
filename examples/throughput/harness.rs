//! The harness with the same pieces that `evalctl run` wires: provider, retries, LLM judge, SQLite.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use eval_core::{Dataset, Evaluator, Group, Provider, ProviderExt as _};
use eval_judge::LlmJudge;
use eval_providers::{OpenAi, RetryLayer};
use eval_store::DieselStore;

use crate::load::Load;
use crate::usage::Usage;

pub fn run(load: &Load) -> Result<()> {
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(evaluate(load))?;
    println!("{}", serde_json::to_string(&Usage::of_this_process(begun)?)?);
    Ok(())
}

async fn evaluate(load: &Load) -> Result<()> {
    let dataset = Dataset::open(&load.csv)?;
    let provider = OpenAi::builder(&load.url).api_key("none").build()?.layer(RetryLayer::new(5));
    let provider: Arc<dyn Provider> = Arc::new(provider);
    let judge = Arc::new(LlmJudge::builder(provider.clone()).grader(&load.grader).build()?);
    let store = Arc::new(DieselStore::open(load.database().to_str().context("a path in UTF-8")?).await?);
    let evaluators = load.models.iter().map(|model| {
        Evaluator::builder(provider.clone(), judge.clone())
            .model(model)
            .concurrency(load.concurrency)
            .store(store.clone())
            .build()
    });
    let group = Group::new(evaluators.collect::<Result<Vec<_>, _>>()?);
    for run in group.run(&dataset, &mut ()).await {
        let counts = run?.summary.context("the run has ended")?.counts;
        ensure!(counts.scored == dataset.len(), "not everything was scored: {counts:?}");
    }
    Ok(())
}
