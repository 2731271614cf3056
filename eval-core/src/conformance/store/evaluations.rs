//! Evaluations.

use std::sync::Arc;

use super::{evaluations_of, everything, put, put_run, stored_run};
use crate::conformance::fixtures::{self, failed, scored, unscored};
use crate::{Evaluation, Outcome, Run, RunId, Sample, Store};

pub(super) async fn round_trip(store: &impl Store) {
    let run = stored_run(store).await;
    let mut batch = fixtures::rich(run.id);
    for (at, evaluation) in batch.iter().enumerate() {
        // One by one and together: the two may take different ways.
        if at % 2 == 0 {
            put(store, run.id, std::slice::from_ref(evaluation)).await;
        }
    }
    put(store, run.id, &batch).await;
    batch.sort_by(|a, b| (&a.sample.id, a.epoch).cmp(&(&b.sample.id, b.epoch)));
    let found = evaluations_of(store, run.id, &everything()).await;
    for (found, expected) in found.iter().zip(&batch) {
        assert_eq!(found, expected, "an evaluation read back equals the evaluation stored");
    }
    assert_eq!(found.len(), batch.len(), "every evaluation is read back, once");
}

/// Models do write U+0000, and some databases cannot store it: an answer must not be lost for that.
pub(super) async fn nul(store: &impl Store) {
    let run = stored_run(store).await;
    let mut evaluation = scored(run.id, "a", 1, 1.0);
    let answer =
        |text: &str| evaluation.completion.clone().map(|answer| crate::Completion { text: text.into(), ..answer });
    let (kept, replaced) = (answer("a\0b"), answer("a\u{fffd}b"));
    evaluation.completion.clone_from(&kept);
    put(store, run.id, std::slice::from_ref(&evaluation)).await;
    let found = evaluations_of(store, run.id, &everything()).await;
    let found = found.first().and_then(|found| found.completion.clone());
    assert!(found == kept || found == replaced, "U+0000 is kept or becomes U+FFFD, and the rest stays: {found:?}");
}

pub(super) async fn replace(store: &impl Store) {
    let run = stored_run(store).await.id;
    let first = scored(run, "scored", 1, 0.25);
    expect(store, run, &[first.clone(), first.clone()], &[&first], "a batch with a repeat").await;
    expect(store, run, &[scored(run, "scored", 1, 1.0)], &[&first], "a score stays, whatever comes after it").await;
    expect(store, run, &[failed("scored", 1, "late")], &[&first], "a failure does not replace a score").await;

    let steps = [
        failed("other", 1, "timeout"),
        failed("other", 1, "timeout again"),
        unscored(run, "other", 1, "garbled"),
        failed("other", 1, "worse than unscored"),
        edited(scored(run, "other", 1, 0.5)),
    ];
    for step in &steps {
        expect(store, run, std::slice::from_ref(step), &[step, &first], "what has no score is replaced, verdicts too")
            .await;
    }
    let last = &steps[4];
    expect(store, run, &steps, &[last, &first], "a batch that is put again changes nothing").await;

    let (bad, good) = (failed("third", 2, "timeout"), scored(run, "third", 2, 1.0));
    let batch = [bad.clone(), good.clone(), bad];
    expect(store, run, &batch, &[last, &first, &good], "within a batch the order counts").await;
}

/// The same evaluation of a question that was edited in between.
fn edited(mut evaluation: Evaluation) -> Evaluation {
    let sample = Sample::clone(&evaluation.sample).target("edited").category("another");
    evaluation.sample = Arc::new(sample);
    evaluation
}

async fn expect(store: &impl Store, run: RunId, batch: &[Evaluation], expected: &[&Evaluation], why: &str) {
    put(store, run, batch).await;
    let found = evaluations_of(store, run, &everything()).await;
    assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{why}");
}

/// Runs, epochs and questions with the same text do not touch one another.
pub(super) async fn apart(store: &impl Store) {
    let (one, two) = (stored_run(store).await, fixtures::run("other", 1));
    put_run(store, &two).await;
    for run in [&one, &two] {
        let batch: Vec<_> = (1..=3).map(|epoch| own(run, epoch)).collect();
        put(store, run.id, &batch).await;
        put(store, run.id, &batch).await;
    }
    for run in [&one, &two] {
        let expected: Vec<_> = (1..=3).map(|epoch| own(run, epoch)).collect();
        assert_eq!(evaluations_of(store, run.id, &everything()).await, expected, "runs and epochs are kept apart");
    }
}

/// The same question in every run and epoch, under a category of the run's own.
fn own(run: &Run, epoch: u32) -> Evaluation {
    let mut evaluation = scored(run.id, "same", epoch, 1.0);
    evaluation.sample = Arc::new(Sample::clone(&evaluation.sample).category(run.model.as_str()));
    evaluation.outcome = Outcome::Unscored { kind: None, reason: format!("{} {epoch}", run.model) };
    evaluation
}
