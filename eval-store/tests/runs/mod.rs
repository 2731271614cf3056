//! Runs to export and import.

use eval_core::conformance::fixtures::{rich, rich_run, scored};
use eval_core::{Evaluation, EvaluationQuery, InMemory, Run, Store, Summary};

/// A store with a run that uses every field, and more evaluations than one page.
pub(crate) async fn filled() -> (InMemory, Run) {
    let (store, mut run) = (InMemory::new(), rich_run());
    store.put_run(&run).await.expect("it is stored");
    store.put_evaluations(run.id, &rich(run.id)).await.expect("it is stored");
    let many: Vec<_> = (0..450).map(|n| scored(run.id, &format!("q{n:03}"), 1, 0.5)).collect();
    store.put_evaluations(run.id, &many).await.expect("it is stored");
    summarize(&store, &mut run).await;
    (store, run)
}

/// Ends the run with the summary of its evaluations, all that were planned.
pub(crate) async fn summarize(store: &dyn Store, run: &mut Run) {
    let evaluations = all(store, run).await;
    run.planned = evaluations.len() as u64;
    run.summary = Some(Summary::of(&evaluations, run.epochs, run.threshold));
    store.put_run(run).await.expect("it is stored");
}

/// All evaluations of a run.
pub(crate) async fn all(store: &dyn Store, run: &Run) -> Vec<Evaluation> {
    let mut query = EvaluationQuery::default();
    query.limit = usize::MAX;
    store.evaluations(run.id, &query).await.expect("a run that is there")
}
