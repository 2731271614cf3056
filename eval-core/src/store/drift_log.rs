//! What people said about histories, and what detectors found in them.

use async_trait::async_trait;

use crate::{DriftReport, HistoryKey, Mark, RunId, StoreError};

/// Keeps what people said about runs of a history. Marks are only ever added.
#[async_trait]
pub trait Marks: Send + Sync + 'static {
    /// Adds a mark. To repeat a call changes nothing. The run need not be there: a mark outlives it.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn put_mark(&self, mark: &Mark) -> Result<(), StoreError>;

    /// The marks of a history, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn marks(&self, key: &HistoryKey) -> Result<Vec<Mark>, StoreError>;
}

/// Keeps what detectors found when a run had ended: computed once for each run, method and version of the marks, and only
/// read from then on. A report goes when its run goes.
#[async_trait]
pub trait DriftLog: Send + Sync + 'static {
    /// Stores what was found in a run under this [version of the marks](crate::History::marks_version), in place of what
    /// the same method found there before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run; another one when nothing is stored.
    async fn put_report(&self, run: RunId, marks_version: u64, report: &DriftReport) -> Result<(), StoreError>;

    /// What was found in a run under this version of the marks, ordered by the tag of the
    /// [method](crate::DriftDetector::method); empty when it was not computed yet.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn reports(&self, run: RunId, marks_version: u64) -> Result<Vec<DriftReport>, StoreError>;
}
