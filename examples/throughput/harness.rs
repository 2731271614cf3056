//! The harness with the same pieces that `evalctl run` wires: provider, ledger, retries, LLM judge, database, spill.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use eval_core::{Dataset, Durable, Evaluator, Group, InMemory, Provider, ProviderExt as _};
use eval_judge::LlmJudge;
use eval_providers::{LedgerLayer, OpenAi, RetryLayer};
use eval_store::{DieselStore, Spill};

use crate::load::{Kind, Load};
use crate::usage::Usage;

pub fn run(load: &Load) -> Result<()> {
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(evaluate(load))?;
    println!("{}", serde_json::to_string(&Usage::of_this_process(begun)?)?);
    Ok(())
}

async fn evaluate(load: &Load) -> Result<()> {
    let open = async |url: &str| anyhow::Ok(Arc::new(Spill::new(DieselStore::open(url).await?)));
    match &load.store {
        Kind::Memory => evaluate_with(load, Arc::new(InMemory::new())).await,
        Kind::Sqlite => evaluate_with(load, open(load.database().to_str().context("a path in UTF-8")?).await?).await,
        Kind::Postgres(url) => evaluate_with(load, open(url).await?).await,
    }
}

async fn evaluate_with<S: Durable>(load: &Load, store: Arc<S>) -> Result<()> {
    let dataset = Dataset::open(&load.csv)?;
    let endpoint = OpenAi::builder(&load.url).api_key("none").build()?;
    let provider = endpoint.layer(LedgerLayer::new(store.clone())).layer(RetryLayer::new(5));
    let provider: Arc<dyn Provider> = Arc::new(provider);
    let judge = Arc::new(LlmJudge::builder(provider.clone()).grader(&load.grader).build()?);
    let evaluators = load.models.iter().map(|model| {
        Evaluator::builder(provider.clone(), judge.clone())
            .model(model)
            .concurrency(load.concurrency)
            .durable(store.clone())
            .build()
    });
    let group = Group::new(evaluators.collect::<Result<Vec<_>, _>>()?);
    for run in group.run(&dataset, &mut ()).await {
        let counts = run?.summary.context("the run has ended")?.counts;
        ensure!(counts.scored == dataset.len(), "not everything was scored: {counts:?}");
    }
    Ok(())
}
