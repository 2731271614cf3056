//! Histories, as alerts know them.

use eval_core::{DriftReport, HistoryKey, HistoryQuery, Mark, Measure, Run, StoreError};
use eval_drift::findings::{Findings, usual};

use super::Alerts;

/// What is known of the newest run of a history.
pub(super) struct Newest {
    pub(super) run: Run,
    pub(super) marks: Vec<Mark>,
    /// What the usual detectors reported.
    pub(super) reports: Vec<DriftReport>,
}

/// The key of the alert of a measure that is worse.
pub(super) fn alert_key(history: &HistoryKey, measure: Measure) -> String {
    let HistoryKey { name, dataset, prompt, params, judge, .. } = history;
    let params = serde_json::to_string(params).unwrap_or_default();
    let hash = eval_core::short_hash([name.as_str(), dataset, prompt, &params, judge]);
    format!("drift/{hash}/{measure}/worse")
}

impl Alerts {
    /// The newest run of each history of these runs. What was not computed yet is, and is stored.
    pub(super) async fn newest(&self, runs: &[Run]) -> Result<Vec<Newest>, StoreError> {
        let mut keys: Vec<HistoryKey> = Vec::new();
        for key in runs.iter().filter(|run| run.is_comparable()).map(HistoryKey::of) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let mut newest = Vec::with_capacity(keys.len());
        for key in keys {
            let mut last = HistoryQuery::under(key);
            last.limit = 1;
            if let Some(run) = self.store.history(&last).await?.into_iter().next() {
                let mut found = self.found(run).await?;
                if found.reports.is_empty() {
                    self.renew(HistoryKey::of(&found.run)).await?;
                    found = self.found(found.run).await?;
                }
                newest.push(found);
            }
        }
        Ok(newest)
    }

    /// Computes what is found in the newest run of a history.
    pub(super) async fn renew(&self, history: HistoryKey) -> Result<(), StoreError> {
        Findings::of(&*self.store, &*self.books, &*self.books).renew(history).await
    }

    /// What was found in a run, under the marks as they are.
    pub(super) async fn found(&self, run: Run) -> Result<Newest, StoreError> {
        let marks = self.books.marks(&HistoryKey::of(&run)).await?;
        let mut reports = self.books.reports(run.id, marks.len() as u64).await?;
        // Those alone call people: quality, and all that runs beside it.
        let usual: Vec<_> = usual().iter().map(|detector| detector.method()).collect();
        reports.retain(|report| usual.contains(&report.method));
        Ok(Newest { run, marks, reports })
    }
}
