//! Baselines, marks, findings and labels are the inner store's: nothing of them was paid for, and each can be made again.

use eval_core::{
    Baseline, Baselines, DriftLog, DriftReport, HistoryKey, Label, Labels, Mark, Marks, RunId, StoreError, async_trait,
};

use super::Spill;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Baselines> Baselines for Spill<S> {
    async fn bless(&self, baseline: &Baseline) -> Result<(), StoreError> {
        self.inner.bless(baseline).await
    }

    async fn baselines(&self, name: Option<&str>, dataset: Option<&str>) -> Result<Vec<Baseline>, StoreError> {
        self.inner.baselines(name, dataset).await
    }

    async fn clear_baselines(&self, name: &str, dataset: &str) -> Result<u64, StoreError> {
        self.inner.clear_baselines(name, dataset).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Marks> Marks for Spill<S> {
    async fn put_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        self.inner.put_mark(mark).await
    }

    async fn marks(&self, key: &HistoryKey) -> Result<Vec<Mark>, StoreError> {
        self.inner.marks(key).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: DriftLog> DriftLog for Spill<S> {
    async fn put_report(&self, run: RunId, marks_version: u64, report: &DriftReport) -> Result<(), StoreError> {
        self.inner.put_report(run, marks_version, report).await
    }

    async fn reports(&self, run: RunId, marks_version: u64) -> Result<Vec<DriftReport>, StoreError> {
        self.inner.reports(run, marks_version).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Labels> Labels for Spill<S> {
    async fn put_labels(&self, labels: &[Label]) -> Result<(), StoreError> {
        self.inner.put_labels(labels).await
    }

    async fn labels(&self, run: RunId) -> Result<Vec<Label>, StoreError> {
        self.inner.labels(run).await
    }
}
