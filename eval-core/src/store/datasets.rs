//! The data sets that runs were made over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stats::PAGE;
use crate::{DatasetRef, RunId, RunQuery, Store, StoreError, Timestamp};

/// A data set that runs were made over, by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct UsedDataset {
    /// What the newest run over it asked: its name, fingerprint and number of questions by then.
    pub dataset: DatasetRef,
    /// Runs over it, of any kind and status.
    pub runs: u64,
    /// The newest of them.
    pub newest: RunId,
    /// When that one began (UTC).
    pub at: Timestamp,
}

impl UsedDataset {
    /// A data set of so many runs, the newest of which is this one.
    pub fn new(newest: &crate::Run, runs: u64) -> Self {
        Self { dataset: newest.dataset.clone(), runs, newest: newest.id, at: newest.started }
    }
}

pub(super) async fn datasets<S: Store + ?Sized>(store: &S) -> Result<Vec<UsedDataset>, StoreError> {
    let mut found: BTreeMap<String, UsedDataset> = BTreeMap::new();
    let mut query = RunQuery { limit: PAGE, ..RunQuery::default() };
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else { break };
        query.before = Some(last.id);
        for run in &page {
            found.entry(run.dataset.name.clone()).or_insert_with(|| UsedDataset::new(run, 0)).runs += 1;
        }
    }
    Ok(found.into_values().collect())
}
