//! What every store of labels must keep.

use super::{fixtures, must};
use crate::{Label, Labels, RunId, Score, Store, StoreError};

/// Checks that labels are kept: all of them, in the order of the answers, and that the newest one of an author counts.
/// `make` gives an empty store each time that it is called.
///
/// # Panics
/// When something does not hold; the message says what.
pub async fn labels<S: Store + Labels>(make: impl AsyncFn() -> S) {
    let store = make().await;
    let runs = [fixtures::run("gpt-4o", 0), fixtures::run("gpt-4o", 1)];
    for run in &runs {
        must(store.put_run(run).await, "a run is taken");
    }
    newest_counts(&store, [runs[0].id, runs[1].id]).await;
    all_or_none(&store, runs[1].id).await;
}

async fn read(store: &impl Labels, run: RunId) -> Vec<Label> {
    must(store.labels(run).await, "labels are read")
}

async fn newest_counts(store: &impl Labels, [run, other]: [RunId; 2]) {
    let label = |sample: &str, epoch, author: &str, score: f64, seconds| {
        let score = Score::new(score).unwrap_or(Score::ZERO);
        Label::new(run, sample, epoch, author, score).at(fixtures::time(seconds))
    };
    let text = fixtures::TEXTS[6];
    // By the bytes of the id, then the epoch, then the bytes of the author.
    let expected = [
        label("", 1, text, 1.0 / 3.0, 9),
        label("B", 1, "", 1.0, 2),
        label("a", 2, "Ada", 0.0, 1).reason(fixtures::TEXTS[3]),
        label("a", 2, "ada", 1.0, 1),
        label("a", 10, "Ada", 0.1 + 0.2, 1).reason(""),
        label(text, 1, "Ada", 1.0, -5),
    ];
    let mut given: Vec<Label> = expected.iter().rev().cloned().collect();
    given.extend([label("", 1, text, 0.0, 8), label("B", 1, "", 0.0, 1)]);
    for label in &given {
        must(store.put_labels(std::slice::from_ref(label)).await, "a label is taken");
    }
    must(store.put_labels(&given).await, "to repeat a call changes nothing");
    assert_eq!(read(store, run).await, expected, "the newest label of an author on an answer counts, in order");
    let same_moment = Label { score: Score::ZERO, ..expected[1].clone() };
    must(store.put_labels(&[same_moment]).await, "a label is taken");
    assert_eq!(read(store, run).await, expected, "a label that is there stays as it is");
    assert_eq!(read(store, other).await, [], "of another run");
    assert_eq!(read(store, RunId::new()).await, [], "of no run");
}

async fn all_or_none(store: &impl Labels, run: RunId) {
    let label = |run| Label::new(run, "q", 1, "Ada", Score::ONE).at(fixtures::time(0));
    let nobody = RunId::new();
    let refused = store.put_labels(&[label(run), label(nobody)]).await;
    assert!(matches!(refused, Err(StoreError::NotFound(id)) if id == nobody), "a run that is not there: {refused:?}");
    assert_eq!(read(store, run).await, [], "of labels of which one is refused none is stored");
    must(store.put_labels(&[]).await, "no labels are stored as well");
}
