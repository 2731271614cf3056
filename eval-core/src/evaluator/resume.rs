//! A run that goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::work::{Again, Left};
use crate::summary::Summarizer;
use crate::{Attempt, Dataset, Durable, Evaluation, EvaluationQuery, Run, RunError, RunId, SampleId, StoreError};

/// Evaluations and attempts read at a time.
const PAGE: usize = 200;

/// What is stored of a run: the counts of what stands, and what is left.
pub(super) async fn take_stock(store: &dyn Durable, run: &Run, again: Again) -> Result<(Summarizer, Left), StoreError> {
    let mut books = Summarizer::new(run.planned, run.epochs, run.threshold);
    let mut left = Left::of(again);
    each_evaluation(store, run.id, |evaluation| {
        if left.note(again, evaluation) {
            books.start();
            books.push(evaluation);
        }
    })
    .await?;
    each_attempt(store, run.id, |attempt| left.note_attempt(attempt)).await?;
    Ok((books, left))
}

async fn each_attempt(
    store: &dyn Durable,
    run: RunId,
    mut take: impl FnMut(&Attempt) + Send,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.attempts(run, after, PAGE).await?;
        page.iter().for_each(&mut take);
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
    }
}

async fn each_evaluation(
    store: &dyn Durable,
    run: RunId,
    mut take: impl FnMut(&Evaluation) + Send,
) -> Result<(), StoreError> {
    let mut query = EvaluationQuery { limit: PAGE, ..EvaluationQuery::default() };
    loop {
        let page = store.evaluations(run, &query).await?;
        page.iter().for_each(&mut take);
        let Some(last) = page.last() else { return Ok(()) };
        query.after = Some((last.sample.id.clone(), last.epoch));
    }
}

/// The stored evaluation of a question, if there is one.
pub(super) async fn stored(
    store: &Arc<dyn Durable>,
    run: RunId,
    sample: &SampleId,
    epoch: u32,
) -> Result<Option<Evaluation>, StoreError> {
    let after = Some((sample.clone(), epoch.saturating_sub(1)));
    let query = EvaluationQuery { after, limit: 1, ..EvaluationQuery::default() };
    let found = store.evaluations(run, &query).await?.into_iter().next();
    Ok(found.filter(|found| found.sample.id == *sample && found.epoch == epoch))
}

/// Refuses to go on with another model, prompt, judge, parameters or data set, and names every difference.
pub(super) async fn refuse_differences(
    store: &dyn Durable,
    run: &Run,
    now: &Run,
    dataset: &Dataset,
) -> Result<(), RunError> {
    let mut differences = settings(run, now);
    if run.dataset.fingerprint != now.dataset.fingerprint {
        differences.push(format!(
            "the data set `{}` has changed: {}",
            now.dataset.name,
            changes(store, run, dataset).await?
        ));
    }
    if differences.is_empty() { Ok(()) } else { Err(RunError::Differs { run: run.id, differences }) }
}

fn settings(run: &Run, now: &Run) -> Vec<String> {
    let (then, present) = (&run.provenance, &now.provenance);
    let text = |value: &dyn std::fmt::Display| value.to_string();
    let params = |run: &Run| serde_json::to_string(&run.params).unwrap_or_default();
    [
        ("the model", text(&run.model), text(&now.model)),
        ("the name", text(&run.name), text(&now.name)),
        ("the prompt", text(&then.prompt), text(&present.prompt)),
        ("the judge", text(&then.judge), text(&present.judge)),
        ("the judges' settings", text(&then.judge_hash), text(&present.judge_hash)),
        ("the parameters", params(run), params(now)),
        ("the epochs", text(&run.epochs), text(&now.epochs)),
        ("the threshold", text(&run.threshold), text(&now.threshold)),
        ("the data set's name", text(&run.dataset.name), text(&now.dataset.name)),
        ("the selection", text(&run.dataset.selection), text(&now.dataset.selection)),
    ]
    .into_iter()
    .filter(|(_, then, now)| then != now)
    .map(|(what, then, now)| format!("{what} was {then} and is {now}"))
    .collect()
}

/// Which of the questions that were asked have changed or are gone, the first few by name.
async fn changes(store: &dyn Durable, run: &Run, dataset: &Dataset) -> Result<String, RunError> {
    const SHOWN: usize = 5;
    let mut asked: BTreeMap<SampleId, String> = BTreeMap::new();
    each_evaluation(store, run.id, |evaluation| {
        asked.insert(evaluation.sample.id.clone(), evaluation.sample.content_hash());
    })
    .await?;
    let mut found = Vec::new();
    for sample in dataset.samples()? {
        let sample = sample?;
        if asked.remove(&sample.id).is_some_and(|hash| hash != sample.content_hash()) {
            found.push(format!("question `{}` was edited", sample.id));
        }
    }
    found.extend(asked.keys().map(|id| format!("question `{id}` is gone")));
    if found.is_empty() {
        return Ok("questions were added, or edited before they were asked".to_owned());
    }
    let more = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    let listed = found.join(", ");
    Ok(if more > 0 { format!("{listed} and {more} more") } else { listed })
}
