//! Both answers to a question, word by word.

use std::collections::{BTreeMap, BTreeSet};

use eval_core::{Evaluation, Outcome, Run, Store};
use eval_drift::RunComparison;
use eval_drift::stored;
use serde::Serialize;

use super::diff::{Piece, diff};
use crate::failure::Failure;

/// Both answers to a question.
#[derive(Debug, Serialize)]
pub(super) struct Answers {
    /// The question.
    pub(super) id: String,
    /// The first epoch's answer before; `None` where it was not asked.
    before: Option<String>,
    /// The first epoch's answer now.
    now: Option<String>,
    /// The words that went, came and stayed.
    pub(super) diff: Vec<Piece>,
}

/// The answers to the first questions of each comparison; `runs` are those that were compared, the first one first.
pub(super) async fn of(
    store: &dyn Store,
    runs: &[Run],
    found: &[RunComparison],
    most: usize,
) -> Result<Vec<Vec<Answers>>, Failure> {
    let ids = |pair: &RunComparison| pair.questions.iter().take(most).map(|one| one.id.clone()).collect::<Vec<_>>();
    let wanted: BTreeSet<String> = found.iter().flat_map(ids).collect();
    let mut texts = Vec::new();
    for run in runs {
        texts.push(texts_of(store, run, &wanted).await?);
    }
    let Some((before, now)) = texts.split_first() else { return Ok(Vec::new()) };
    let pairs = found.iter().zip(now);
    Ok(pairs.map(|(pair, now)| ids(pair).into_iter().map(|id| answers(id, before, now)).collect()).collect())
}

async fn texts_of(
    store: &dyn Store,
    run: &Run,
    wanted: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut texts = BTreeMap::new();
    for row in stored::evaluations(store, run).await? {
        let id = row.sample.id.as_str();
        if wanted.contains(id) && !texts.contains_key(id) {
            texts.insert(id.to_owned(), said(&row));
        }
    }
    Ok(texts)
}

/// What the model said, or why it did not.
fn said(row: &Evaluation) -> String {
    match (&row.completion, &row.outcome) {
        (Some(completion), _) => completion.text.clone(),
        (None, Outcome::Failed { kind, message }) => format!("{kind}: {message}"),
        (None, _) => String::new(),
    }
}

fn answers(id: String, before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Answers {
    let [before, now] = [before, now].map(|texts| texts.get(&id).cloned());
    let diff = diff(before.as_deref().unwrap_or_default(), now.as_deref().unwrap_or_default());
    Answers { id, before, now, diff }
}
