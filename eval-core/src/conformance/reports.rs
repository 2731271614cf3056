//! What every store must report.

mod comparisons;
mod figures;
mod histories;
mod interim;
mod leaderboard;
mod served;

use super::{fixtures, must};
use crate::{Evaluation, InMemory, Reports, Run, RunId, Store, StoreError};

/// Holds the reports of a store equal to the default bodies of [`Reports`]. `make` gives an empty store each time
/// that it is called.
///
/// # Panics
/// When something does not hold; the message says what.
pub async fn reports<S: Reports>(make: impl AsyncFn() -> S) {
    leaderboard::equal(&Pair::new(make().await)).await;
    figures::equal(&Pair::new(make().await)).await;
    comparisons::equal(&Pair::new(make().await)).await;
    comparisons::pages(&Pair::new(make().await)).await;
    comparisons::missing(&make().await).await;
    histories::equal(&Pair::new(make().await)).await;
    interim::equal(&Pair::new(make().await)).await;
    served::equal(&Pair::new(make().await)).await;
    served::prompt_tokens_equal(&Pair::new(make().await)).await;
}

/// A store and what it is compared with: the default bodies over a store in memory.
struct Pair<S> {
    store: S,
    reference: InMemory,
}

impl<S: Reports> Pair<S> {
    fn new(store: S) -> Self {
        Self { store, reference: InMemory::new() }
    }

    async fn put_run(&self, run: &Run) {
        must(self.store.put_run(run).await, "a run is taken");
        must(self.reference.put_run(run).await, "a run is taken");
    }

    async fn put(&self, run: RunId, batch: &[Evaluation]) {
        must(self.store.put_evaluations(run, batch).await, "evaluations are taken");
        must(self.reference.put_evaluations(run, batch).await, "evaluations are taken");
    }
}

/// Holds what was found equal to what was expected.
fn same<T: PartialEq + std::fmt::Debug>(found: Result<T, StoreError>, expected: Result<T, StoreError>, what: &str) {
    let (found, expected) = (must(found, what), must(expected, what));
    assert!(found == expected, "{what}\nfound:    {found:#?}\nexpected: {expected:#?}");
}

fn is_missing<T>(result: &Result<T, StoreError>, id: RunId) -> bool {
    matches!(result, Err(StoreError::NotFound(missing)) if *missing == id)
}
