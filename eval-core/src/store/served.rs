//! What really answered in a run.

use super::comparison;
use crate::{ComparisonQuery, Evaluation, EvaluationQuery, PromptTokens, RunId, ServedSummary, Store, StoreError};

pub(super) async fn served<S: Store + ?Sized>(store: &S, run: RunId) -> Result<ServedSummary, StoreError> {
    let asked = store.get_run(run).await?.model;
    let mut summary = ServedSummary::default();
    let mut query = EvaluationQuery::default();
    loop {
        let page = store.evaluations(run, &query).await?;
        let Some(last) = page.last() else { return Ok(summary) };
        query.after = Some((last.sample.id.clone(), last.epoch));
        page.iter().filter_map(|evaluation| evaluation.completion.as_ref()).for_each(|answer| {
            summary.add(&asked, &answer.served, 1);
        });
    }
}

pub(super) async fn prompt_tokens<S: Store + ?Sized>(
    store: &S,
    run: RunId,
    other: RunId,
) -> Result<PromptTokens, StoreError> {
    let mut pairs = Vec::new();
    let mut query = ComparisonQuery::against(other);
    loop {
        let page = comparison::page(store, run, &query).await?;
        let Some(last) = page.last() else { return Ok(PromptTokens::count(pairs)) };
        query.evaluations.after = Some((last.current.sample.id.clone(), last.current.epoch));
        let usage = |evaluation: &Evaluation| evaluation.completion.as_ref().map(|answer| answer.usage);
        pairs.extend(page.into_iter().filter_map(|pair| {
            let (now, then) = (usage(&pair.current)?, pair.earlier.as_ref().and_then(usage)?);
            Some((pair.current.sample.id.clone(), now, then))
        }));
    }
}
