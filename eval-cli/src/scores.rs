//! The scores of stored runs.

use eval_core::{Evaluation, EvaluationQuery, HistoryQuery, Reports, Run, RunQuery, RunStatus, Store};
use eval_drift::RunScores;

use crate::failure::{Failure, did_you_mean};

/// Evaluations that are read at once.
const PAGE: usize = 1_000;

/// The scores of a run.
pub(crate) async fn of(store: &dyn Store, run: &Run) -> Result<RunScores, Failure> {
    Ok(RunScores::of(run, &evaluations(store, run).await?))
}

/// Everything that was evaluated in a run.
pub(crate) async fn evaluations(store: &dyn Store, run: &Run) -> Result<Vec<Evaluation>, Failure> {
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

/// The scores of runs, in their order.
pub(crate) async fn of_all(store: &dyn Store, runs: &[Run]) -> Result<Vec<RunScores>, Failure> {
    let mut scores = Vec::new();
    for run in runs {
        scores.push(of(store, run).await?);
    }
    Ok(scores)
}

/// The newest whole run of this name and on this data set, as far as they are given.
pub(crate) async fn newest(
    store: &dyn Store,
    name: Option<&str>,
    dataset: Option<&str>,
) -> Result<Option<Run>, Failure> {
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

/// The newest runs that were made as this one was, itself included, oldest first.
pub(crate) async fn alike(store: &dyn Reports, run: &Run, most: usize) -> Result<Vec<Run>, Failure> {
    let mut query = HistoryQuery::of(run);
    query.limit = most;
    let mut runs = store.history(&query).await?;
    runs.reverse();
    Ok(runs)
}

/// What to say where there is no whole run of a name on a data set.
pub(crate) async fn nothing(
    store: &dyn Reports,
    name: Option<&str>,
    dataset: Option<&str>,
) -> Result<Failure, Failure> {
    let of = name.map(|name| format!(" of `{name}`")).unwrap_or_default();
    let on = dataset.map(|dataset| format!(" on `{dataset}`")).unwrap_or_default();
    let failure = Failure::usage(format!("there is no whole, finished run{of}{on}"));
    let known = store.leaderboard(None).await?;
    let names = known.iter().map(|entry| entry.run.name.as_str());
    let datasets = known.iter().map(|entry| entry.run.dataset.name.as_str());
    let meant = name.and_then(|name| did_you_mean(name, names.filter(|known| *known != name)));
    let meant = meant.or_else(|| dataset.and_then(|set| did_you_mean(set, datasets.filter(|known| *known != set))));
    Ok(match meant {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint("`evalctl runs` lists them; runs over a part (--limit, --category) do not count"),
    })
}
