//! What every store must do.

mod evaluations;
mod pages;
mod runs;
mod writers;

use super::{fixtures, must};
use crate::{Evaluation, EvaluationQuery, Run, RunId, RunQuery, Store, StoreError};

/// Holds a store to the contract of [`Store`]: what is put is what is got, order, filters, pages, idempotence, and
/// many writers at once. `make` gives an empty store each time that it is called.
///
/// # Panics
/// When something does not hold; the message says what.
pub async fn store<S: Store>(make: impl AsyncFn() -> S) {
    runs::missing(&make().await).await;
    runs::round_trip(&make().await).await;
    runs::replace(&make().await).await;
    runs::pages(&make().await).await;
    runs::filters(&make().await).await;
    evaluations::round_trip(&make().await).await;
    evaluations::nul(&make().await).await;
    evaluations::replace(&make().await).await;
    evaluations::apart(&make().await).await;
    pages::order_and_walk(&make().await).await;
    pages::filters(&make().await).await;
    pages::text(&make().await).await;
    writers::at_once(&make().await).await;
    writers::strangers(&make().await).await;
    writers::large_batch(&make().await).await;
}

async fn put_run(store: &impl Store, run: &Run) {
    must(store.put_run(run).await, "a run is taken");
}

async fn put(store: &impl Store, run: RunId, batch: &[Evaluation]) {
    must(store.put_evaluations(run, batch).await, "evaluations are taken");
}

async fn runs_of(store: &impl Store, query: &RunQuery) -> Vec<Run> {
    must(store.list_runs(query).await, "runs are listed")
}

async fn evaluations_of(store: &impl Store, run: RunId, query: &EvaluationQuery) -> Vec<Evaluation> {
    must(store.evaluations(run, query).await, "evaluations are read")
}

fn everything() -> EvaluationQuery {
    EvaluationQuery { limit: usize::MAX, ..EvaluationQuery::default() }
}

/// A stored plain run.
async fn stored_run(store: &impl Store) -> Run {
    let run = fixtures::run("gpt-4o", 0);
    put_run(store, &run).await;
    run
}

fn is_missing<T>(result: &Result<T, StoreError>, id: RunId) -> bool {
    matches!(result, Err(StoreError::NotFound(missing)) if *missing == id)
}
