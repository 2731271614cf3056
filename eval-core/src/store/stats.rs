//! The store in a few numbers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Counts, Money, RunQuery, RunStatus, Store, StoreError, Total};

/// The store in a few numbers: what a summary page shows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Stats {
    /// Runs by status; a status that no run has is left out.
    pub runs: BTreeMap<RunStatus, u64>,
    /// Different models that were asked.
    pub models: u64,
    /// Different data sets, by name.
    pub datasets: u64,
    /// How the evaluations of the runs that have ended did.
    pub evaluations: Counts,
    /// Cost of the answers of the runs that have ended, in nano-dollars.
    pub cost: Total<Money>,
    /// Cost of their judges, in nano-dollars.
    pub judge_cost: Total<Money>,
    /// Runs that have not ended: nothing of them is in the figures above.
    pub open: u64,
    /// When the first run began (UTC).
    pub first: Option<Timestamp>,
    /// When the last one began (UTC).
    pub last: Option<Timestamp>,
}

/// Runs that are read at once.
pub(super) const PAGE: usize = 500;

pub(super) async fn stats<S: Store + ?Sized>(store: &S) -> Result<Stats, StoreError> {
    let (mut stats, mut models, mut datasets) = (Stats::default(), BTreeSet::new(), BTreeSet::new());
    let mut query = RunQuery { limit: PAGE, ..RunQuery::default() };
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else { break };
        query.before = Some(last.id);
        for run in page {
            *stats.runs.entry(run.status).or_default() += 1;
            stats.first = stats.first.map_or(Some(run.started), |first| Some(first.min(run.started)));
            stats.last = stats.last.max(Some(run.started));
            match run.summary {
                None => stats.open += 1,
                Some(summary) => {
                    stats.evaluations += summary.counts;
                    stats.cost += summary.cost;
                    stats.judge_cost += summary.judge_cost;
                }
            }
            models.insert(run.model);
            datasets.insert(run.dataset.name);
        }
    }
    (stats.models, stats.datasets) = (models.len() as u64, datasets.len() as u64);
    Ok(stats)
}
