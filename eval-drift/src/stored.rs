//! Stored runs, as they are compared and decided on.

use eval_core::{Evaluation, EvaluationQuery, HistoryQuery, Reports, Run, RunQuery, RunStatus, Store, StoreError};

use crate::RunScores;

/// Evaluations that are read at once.
const PAGE: usize = 1_000;

/// The scores of a stored run.
///
/// # Errors
/// [`StoreError`] when the run cannot be read.
pub async fn scores(store: &dyn Store, run: &Run) -> Result<RunScores, StoreError> {
    Ok(RunScores::of(run, &evaluations(store, run).await?))
}

/// The scores of stored runs, in their order.
///
/// # Errors
/// [`StoreError`] when one of the runs cannot be read.
pub async fn scores_of_all(store: &dyn Store, runs: &[Run]) -> Result<Vec<RunScores>, StoreError> {
    let mut found = Vec::new();
    for run in runs {
        found.push(scores(store, run).await?);
    }
    Ok(found)
}

/// Everything that was evaluated in a run.
///
/// # Errors
/// [`StoreError`] when the run cannot be read.
pub async fn evaluations(store: &dyn Store, run: &Run) -> Result<Vec<Evaluation>, StoreError> {
    let (mut found, mut query) = (Vec::new(), EvaluationQuery::default());
    query.limit = PAGE;
    loop {
        let page = store.evaluations(run.id, &query).await?;
        let Some(last) = page.last() else { break };
        query.after = Some((last.sample.id.clone(), last.epoch));
        found.extend(page);
    }
    Ok(found)
}

/// The newest whole, finished run of this name and on this data set, as far as they are given.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn newest(store: &dyn Store, name: Option<&str>, dataset: Option<&str>) -> Result<Option<Run>, StoreError> {
    let mut query = RunQuery::default();
    (query.model, query.dataset) = (name.map(str::to_owned), dataset.map(str::to_owned));
    query.status = Some(RunStatus::Finished);
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else { return Ok(None) };
        query.before = Some(last.id);
        let wanted = |run: &Run| run.is_comparable() && name.is_none_or(|name| run.name == name);
        if let Some(run) = page.into_iter().find(wanted) {
            return Ok(Some(run));
        }
    }
}

/// The newest runs that were made as this one was, itself included, oldest first: so many at most.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn alike(store: &dyn Reports, run: &Run, most: usize) -> Result<Vec<Run>, StoreError> {
    let mut query = HistoryQuery::of(run);
    query.limit = most;
    let mut runs = store.history(&query).await?;
    runs.reverse();
    Ok(runs)
}
