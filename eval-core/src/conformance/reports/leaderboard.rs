//! The leaderboard.

use super::{Pair, fixtures, same};
use crate::{Reports, Run, RunKind, RunStatus, Selection};

pub(super) async fn equal<S: Reports>(pair: &Pair<S>) {
    check(pair, "of an empty store").await;
    for run in runs() {
        pair.put_run(&run).await;
        check(pair, "while runs come in").await;
    }
}

async fn check<S: Reports>(pair: &Pair<S>, when: &str) {
    for dataset in [None, Some("golden"), Some("other"), Some("none such")] {
        let (found, expected) = (pair.store.leaderboard(dataset).await, pair.reference.leaderboard(dataset).await);
        same(found, expected, &format!("the leaderboard of {dataset:?} {when}"));
    }
}

/// Several runs of a name, ties, runs without a score, parts of a data set, runs that have not finished, another
/// data set, models that fail often, answers that were judged again.
fn runs() -> Vec<Run> {
    let mut runs: Vec<_> = [0.5, 0.9, 0.9, 0.1].iter().zip(0..).map(|(mean, at)| named(at, *mean, 0)).collect();
    runs.push(named(2, 0.7, 6));
    runs.push(Run { summary: None, ..named(3, 0.0, 0) });
    for status in [RunStatus::Running, RunStatus::Cancelled, RunStatus::Failed] {
        runs.push(Run { status, ..named(0, 1.0, 0) });
    }
    let mut part = named(1, 1.0, 0);
    part.dataset.selection = Selection { limit: Some(5), ..Selection::all() };
    for kind in [RunKind::Recall, RunKind::Rescore, RunKind::Anchor, RunKind::Audit] {
        runs.push(Run { kind, ..named(1, 1.0, 0) });
    }
    let mut other = named(1, 0.3, 5);
    other.dataset.name = "other".into();
    runs.extend([part, other, named(0, 0.9, 100)]);
    for (run, at) in runs.iter_mut().zip(0..) {
        let model = run.model.clone();
        run.id = fixtures::run(&model, at).id;
    }
    // The order in which runs are put does not matter, that of their ids does.
    runs.swap(0, 4);
    runs
}

fn named(name: usize, mean: f64, failed: u64) -> Run {
    fixtures::finished(["a", "b", "c", "d"][name], 0, mean, failed)
}
