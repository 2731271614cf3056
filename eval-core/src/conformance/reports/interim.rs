//! Runs that have not ended.

use super::{Pair, fixtures, is_missing};
use crate::conformance::fixtures::{failed, scored, unscored};
use crate::conformance::must;
use crate::{Evaluation, Reports, Run, RunId};

pub(super) async fn equal<S: Reports>(pair: &Pair<S>) {
    let run = Run { summary: None, ..fixtures::finished("model", 0, 0.5, 3) };
    pair.put_run(&run).await;
    check(pair, run.id, "of a run that has asked nothing").await;
    let (f, u) = (failed("f", 1, "timeout"), unscored(run.id, "u", 1, "garbled"));
    let stages: [&[Evaluation]; 4] =
        [&[f], &[u], &[scored(run.id, "a", 1, 0.1), scored(run.id, "a", 2, 0.7)], &[scored(run.id, "f", 1, 1.0)]];
    for stage in stages {
        pair.put(run.id, stage).await;
        check(pair, run.id, "while evaluations come in").await;
    }
    let unknown = RunId::new();
    assert!(is_missing(&pair.store.interim(unknown).await, unknown), "a run that is not there has no interim figures");
}

async fn check<S: Reports>(pair: &Pair<S>, run: RunId, when: &str) {
    let found = must(pair.store.interim(run).await, when);
    let expected = must(pair.reference.interim(run).await, when);
    assert_eq!(found.counts, expected.counts, "interim counts {when}");
    // A database adds up in an order of its own.
    let near = match (found.mean, expected.mean) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-12,
        (found, expected) => found == expected,
    };
    assert!(near, "interim mean {when}: {:?} and {:?}", found.mean, expected.mean);
}
