//! Histories, as alerts know them.

use eval_core::{DriftDetector, DriftReport, HistoryKey, HistoryQuery, Mark, Measure, Method, Run, StoreError};
use eval_drift::{OperationsMonitor, QualityMonitor};

use super::Alerts;

/// What is known of the newest run of a history.
pub(super) struct Newest {
    pub(super) run: Run,
    pub(super) marks: Vec<Mark>,
    /// What the usual detectors reported; empty while nobody has computed it.
    pub(super) reports: Vec<DriftReport>,
}

/// The key of the alert of a measure that is worse.
pub(super) fn alert_key(history: &HistoryKey, measure: Measure) -> String {
    let HistoryKey { name, dataset, prompt, params, judge, .. } = history;
    let params = serde_json::to_string(params).unwrap_or_default();
    let hash = eval_core::short_hash([name.as_str(), dataset, prompt, &params, judge]);
    format!("drift/{hash}/{measure}/worse")
}

/// Those whose reports call people: quality, and all that runs beside it.
fn usual() -> Vec<Method> {
    let mut methods = vec![QualityMonitor::default().method()];
    methods.extend(OperationsMonitor::all().map(|monitor| monitor.method()));
    methods
}

impl Alerts {
    /// The newest run of each history of these runs.
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
                newest.push(self.found(run).await?);
            }
        }
        Ok(newest)
    }

    /// What was found in a run, under the marks as they are.
    pub(super) async fn found(&self, run: Run) -> Result<Newest, StoreError> {
        let marks = self.books.marks(&HistoryKey::of(&run)).await?;
        let mut reports = self.books.reports(run.id, marks.len() as u64).await?;
        let usual = usual();
        reports.retain(|report| usual.contains(&report.method));
        Ok(Newest { run, marks, reports })
    }
}
