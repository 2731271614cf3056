//! Many writers at once, and much in one go.

use super::{evaluations_of, everything, is_missing, put, put_run, stored_run};
use crate::Store;
use crate::conformance::fixtures::{self, failed, scored};
use crate::evaluator::join::join_all;

/// Writers of two runs that overlap: everything is there once, and a score beats a failure whoever comes first.
pub(super) async fn at_once(store: &impl Store) {
    let (one, two) = (stored_run(store).await, fixtures::run("other", 1));
    put_run(store, &two).await;
    let writer = |at: u32| {
        let run = if at.is_multiple_of(2) { one.id } else { two.id };
        let mut batch: Vec<_> = (0..6).map(|n| scored(run, &format!("q{:02}", at / 2 + n), 1, 0.5)).collect();
        batch.push(failed(&format!("q{:02}", at / 2), 1, "late"));
        async move {
            put(store, run, &batch).await;
            // On return it is committed, so that it can be read.
            let found = evaluations_of(store, run, &everything()).await;
            assert!(batch[..6].iter().all(|one| found.contains(one)), "what was put can be read at once");
        }
    };
    join_all((0..64).map(writer)).await;
    for run in [one.id, two.id] {
        let expected: Vec<_> = (0..37).map(|n| scored(run, &format!("q{n:02}"), 1, 0.5)).collect();
        assert_eq!(evaluations_of(store, run, &everything()).await, expected, "writers at once lose nothing");
    }
}

/// A writer whose run is not there fails alone, also where a store commits several batches together.
pub(super) async fn strangers(store: &impl Store) {
    let (run, stranger) = (stored_run(store).await.id, fixtures::run("stranger", 1).id);
    let writer = |at: u32| async move {
        let run = if at.is_multiple_of(5) { stranger } else { run };
        let result = store.put_evaluations(run, &[scored(run, &format!("q{at:02}"), 1, 0.5)]).await;
        assert_eq!(is_missing(&result, stranger), run == stranger, "only evaluations of a missing run are refused");
    };
    join_all((0..40).map(writer)).await;
    assert_eq!(evaluations_of(store, run, &everything()).await.len(), 32, "the others are stored");
}

pub(super) async fn large_batch(store: &impl Store) {
    let run = stored_run(store).await;
    let batch: Vec<_> = (0..3_000).map(|n| scored(run.id, &format!("q{n:04}"), 1, 0.5)).collect();
    put(store, run.id, &batch).await;
    assert_eq!(evaluations_of(store, run.id, &everything()).await, batch, "a batch of thousands is taken whole");
}
