//! A run that goes on.

mod differences;
mod rows;

use std::sync::Arc;

pub(super) use differences::refuse_differences;

use super::work::{Again, Left};
use crate::summary::Summarizer;
use crate::{Attempt, Durable, Evaluation, EvaluationQuery, Run, RunId, SampleId, StoreError};

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
