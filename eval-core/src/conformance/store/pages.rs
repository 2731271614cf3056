//! Pages of evaluations.

use std::sync::Arc;

use super::{evaluations_of, everything, put, stored_run};
use crate::conformance::fixtures::{self, failed, scored, unscored};
use crate::{Completion, Evaluation, EvaluationQuery, OutcomeKind, Run, Sample, Store, Verdict};

pub(super) async fn order_and_walk(store: &impl Store) {
    let run = stored_run(store).await;
    // By bytes: capitals before small letters, ASCII before the rest, "1" before "10" before "2".
    let ids = ["", "1", "10", "2", "B", "a", "a b", "b", "é", "東"];
    let mut all = Vec::new();
    for epoch in [2, 10, 1] {
        all.extend(ids.iter().rev().map(|id| scored(run.id, id, epoch, 0.5)));
    }
    put(store, run.id, &all).await;
    all.sort_by(|a, b| (&a.sample.id, a.epoch).cmp(&(&b.sample.id, b.epoch)));
    let query = EvaluationQuery { limit: usize::MAX, ..EvaluationQuery::default() };
    assert_eq!(
        evaluations_of(store, run.id, &query).await,
        all,
        "evaluations are ordered by the bytes of the id, then the epoch"
    );
    for limit in [1, 4, 30] {
        assert_eq!(walk(store, &run, limit).await, all, "pages of {limit} have no gaps and no repeats");
    }
    let none = EvaluationQuery { limit: 0, ..EvaluationQuery::default() };
    assert_eq!(evaluations_of(store, run.id, &none).await, [], "a limit of 0 gives no evaluations");
}

async fn walk(store: &impl Store, run: &Run, limit: usize) -> Vec<Evaluation> {
    let mut query = EvaluationQuery { limit, ..EvaluationQuery::default() };
    let mut walked = Vec::new();
    loop {
        let page = evaluations_of(store, run.id, &query).await;
        assert!(page.len() <= limit, "a page of evaluations keeps to its limit");
        let Some(last) = page.last() else { return walked };
        query.after = Some((last.sample.id.clone(), last.epoch));
        walked.extend(page);
    }
}

pub(super) async fn filters(store: &impl Store) {
    let run = stored_run(store).await;
    let mut all = Vec::new();
    for at in 0..40_u32 {
        let (id, score) = (format!("q{at:02}"), f64::from(at % 5) / 4.0);
        let evaluation = match at % 4 {
            0 => failed(&id, 1, "timeout"),
            1 => unscored(run.id, &id, 1, "garbled"),
            _ => scored(run.id, &id, 1, score),
        };
        all.push(in_category(evaluation, ["math", "Math", "rag"][at as usize % 3]));
    }
    put(store, run.id, &all).await;
    for query in queries() {
        let expected: Vec<_> = all.iter().filter(|one| query.matches(one)).take(query.limit).cloned().collect();
        assert_eq!(evaluations_of(store, run.id, &query).await, expected, "{query:?} finds what it matches");
    }
}

fn in_category(mut evaluation: Evaluation, category: &str) -> Evaluation {
    evaluation.sample = Arc::new(Sample::clone(&evaluation.sample).category(category));
    evaluation
}

fn queries() -> Vec<EvaluationQuery> {
    let category = |category: &str| EvaluationQuery { category: Some(category.into()), ..everything() };
    let outcome = |outcome| EvaluationQuery { outcome: Some(outcome), ..everything() };
    let score = |min_score, max_score| EvaluationQuery { min_score, max_score, ..everything() };
    let after = |id: &str, epoch| EvaluationQuery { after: Some((id.into(), epoch)), limit: 3, ..everything() };
    vec![
        category("math"),
        category("ma"),
        outcome(OutcomeKind::Scored),
        outcome(OutcomeKind::Unscored),
        outcome(OutcomeKind::Failed),
        score(Some(0.0), None),
        score(Some(0.25), Some(0.75)),
        score(None, Some(0.25)),
        score(Some(0.8), Some(0.2)),
        after("q07", 1),
        after("q07", 0),
        after("q075", 9),
        after("z", 1),
        EvaluationQuery { category: Some("rag".into()), min_score: Some(0.5), limit: 2, ..after("q10", 1) },
    ]
}

pub(super) async fn text(store: &impl Store) {
    let run = stored_run(store).await;
    let mut all = vec![failed("a", 1, "Needle in the error"), scored(run.id, "plain", 1, 1.0)];
    for (at, text) in fixtures::TEXTS.iter().enumerate() {
        all.push(saying(scored(run.id, &format!("answer-{at}"), 1, 1.0), text, ""));
        all.push(saying(scored(run.id, &format!("reason-{at}"), 1, 1.0), "", text));
        all.push(asking(failed(&format!("question-{at}"), 1, ""), text));
    }
    all.push(asking(failed("needle", 1, ""), "a Needle in the question"));
    put(store, run.id, &all).await;
    all.sort_by(|a, b| a.sample.id.cmp(&b.sample.id));
    for text in ["Needle", "needle", "%", "_", "*", "?", "'", "\"", "\\", "\n", "东", "", "no such text", "What is"] {
        let query = EvaluationQuery { text: Some(text.into()), ..everything() };
        let expected: Vec<_> = all.iter().filter(|one| query.matches(one)).cloned().collect();
        assert_eq!(evaluations_of(store, run.id, &query).await, expected, "text {text:?} finds what contains it");
    }
}

/// With this answer, and these reasons of a second judge.
fn saying(mut evaluation: Evaluation, answer: &str, reason: &str) -> Evaluation {
    evaluation.completion = evaluation.completion.map(|found| Completion { text: answer.into(), ..found });
    let second = Verdict { explanation: Some(reason.into()), ..Verdict::unscored("second", "no") };
    evaluation.verdicts.push(second);
    evaluation
}

fn asking(mut evaluation: Evaluation, question: &str) -> Evaluation {
    evaluation.sample = Arc::new(Sample { input: question.into(), ..Sample::clone(&evaluation.sample) });
    evaluation
}
