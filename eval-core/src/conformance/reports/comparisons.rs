//! A run beside another one.

use std::sync::Arc;

use super::{Pair, fixtures, is_missing, must, same};
use crate::conformance::fixtures::{failed, scored, unscored};
use crate::{Changes, ComparisonQuery, Evaluation, EvaluationQuery, OutcomeKind, Reports, RunId, Sample};

const CHANGES: [Changes; 4] = [Changes::All, Changes::Changed, Changes::Regressed, Changes::Improved];

pub(super) async fn equal<S: Reports>(pair: &Pair<S>) {
    let (earlier, current) = runs(pair).await;
    for (run, against) in [(current, earlier), (earlier, current), (current, current)] {
        for changes in CHANGES {
            for evaluations in queries() {
                let query = ComparisonQuery { changes, evaluations, ..ComparisonQuery::against(against) };
                let (found, expected) =
                    (pair.store.compared(run, &query).await, pair.reference.compared(run, &query).await);
                same(found, expected, &format!("comparison by {query:?}"));
            }
        }
    }
}

pub(super) async fn pages<S: Reports>(pair: &Pair<S>) {
    let (earlier, current) = runs(pair).await;
    for changes in CHANGES {
        let mut query = ComparisonQuery::against(earlier).changes(changes);
        query.evaluations.limit = usize::MAX;
        let whole = must(pair.store.compared(current, &query).await, "runs are compared");
        assert!(whole.len() > 10, "the fixtures have {changes:?} questions");
        query.evaluations.limit = 7;
        let mut walked = Vec::new();
        loop {
            let page = must(pair.store.compared(current, &query).await, "runs are compared");
            assert!(page.len() <= 7, "a page keeps to its limit");
            let Some(last) = page.last() else { break };
            query.evaluations.after = Some((last.current.sample.id.clone(), last.current.epoch));
            walked.extend(page);
        }
        assert!(walked == whole, "pages of {changes:?} have no gaps and no repeats");
    }
}

pub(super) async fn missing(store: &impl Reports) {
    let (run, stranger) = (fixtures::run("gpt-4o", 0), fixtures::run("stranger", 1).id);
    must(store.put_run(&run).await, "a run is taken");
    let found = store.compared(run.id, &ComparisonQuery::against(stranger)).await;
    assert!(is_missing(&found, stranger), "a run compared with one that is not there is refused");
    let found = store.compared(stranger, &ComparisonQuery::against(run.id)).await;
    assert!(is_missing(&found, stranger), "a run that is not there is not found");
}

/// Two runs: questions that only one of them asked or whose text was edited, ties, failures, two epochs.
async fn runs<S: Reports>(pair: &Pair<S>) -> (RunId, RunId) {
    let [earlier, current] = [0, 1].map(|at| fixtures::run("gpt-4o", at));
    for (run, at) in [(&earlier, 0), (&current, 1)] {
        pair.put_run(run).await;
        let places = (0..80_usize).flat_map(|question| [(question, 1), (question, 2)]);
        let asked = places.filter(|(question, _)| question % [7, 11][at] != 3);
        let batch: Vec<_> = asked.map(|(question, epoch)| evaluation(run.id, at, question, epoch)).collect();
        pair.put(run.id, &batch).await;
    }
    (earlier.id, current.id)
}

fn evaluation(run: RunId, at: usize, question: usize, epoch: u32) -> Evaluation {
    let id = format!("{}-{question:02}", fixtures::TEXTS[question % 9]);
    let turn = question * 5 + at * (question % 8 + 1) + epoch as usize;
    let score = f64::from(u32::try_from(turn % 3).unwrap_or(0)) / 2.0;
    let mut evaluation = match turn % 8 {
        0 => failed(&id, epoch, "timeout"),
        1 => unscored(run, &id, epoch, "garbled"),
        _ => scored(run, &id, epoch, score),
    };
    let category = ["math", "rag", fixtures::TEXTS[6]][question % 3];
    let text = if question % 13 == 2 { format!("edited {at} times") } else { "as it was".into() };
    let sample = Sample { input: text, ..Sample::clone(&evaluation.sample).category(category) };
    evaluation.sample = Arc::new(sample);
    evaluation
}

fn queries() -> Vec<EvaluationQuery> {
    let everything = || EvaluationQuery { limit: usize::MAX, ..EvaluationQuery::default() };
    let text = |text: &str| Some(text.to_owned());
    vec![
        everything(),
        EvaluationQuery { limit: 0, ..everything() },
        EvaluationQuery { limit: 1, ..everything() },
        EvaluationQuery { category: text(fixtures::TEXTS[6]), ..everything() },
        EvaluationQuery { category: text("' OR 1=1 --"), ..everything() },
        EvaluationQuery { outcome: Some(OutcomeKind::Failed), ..everything() },
        EvaluationQuery { outcome: Some(OutcomeKind::Scored), limit: 9, ..everything() },
        EvaluationQuery { min_score: Some(0.5), max_score: Some(0.5), ..everything() },
        EvaluationQuery { text: text("edited"), ..everything() },
        EvaluationQuery { after: Some(("it's".into(), 1)), limit: 5, ..everything() },
        EvaluationQuery { after: Some(("\u{10ffff}".into(), u32::MAX)), ..everything() },
    ]
}
