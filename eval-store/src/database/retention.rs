//! Runs that are taken away.

mod delete;
mod select;

use eval_core::server::Deletes;
pub use eval_core::server::{Deletion, Protection};
use eval_core::{Run, RunId, StoreError, Timestamp, async_trait};

use crate::database::store::DieselStore;

/// Which runs may go: those that every limit lets go. Without `keep` and `before`, none may.
///
/// ```
/// use eval_store::Retention;
/// let retention = Retention::new().keep(100).dataset("golden");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Retention {
    /// So many of the newest runs of each name and data set stay.
    pub keep: Option<usize>,
    /// Runs that began then or later stay.
    pub before: Option<Timestamp>,
    /// Only runs of this name or this model may go.
    pub model: Option<String>,
    /// Only runs over the data set of this name may go.
    pub dataset: Option<String>,
}

impl Retention {
    /// No limit yet, so that every run stays.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same retention, which keeps so many of the newest runs of each name and data set.
    pub fn keep(mut self, runs: usize) -> Self {
        self.keep = Some(runs);
        self
    }

    /// The same retention, which keeps what began then or later.
    pub fn before(mut self, time: Timestamp) -> Self {
        self.before = Some(time);
        self
    }

    /// The same retention for the runs of one name or model.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The same retention for the runs over one data set.
    pub fn dataset(mut self, name: impl Into<String>) -> Self {
        self.dataset = Some(name.into());
        self
    }
}

/// A run that a [`Retention`] lets go.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Expired {
    /// The run.
    pub run: Run,
    /// Why it stays all the same.
    pub protection: Option<Protection>,
}

impl DieselStore {
    /// The runs that a retention lets go, newest first, with those that stay because they are protected.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn expired(&self, retention: &Retention) -> Result<Vec<Expired>, StoreError> {
        let retention = retention.clone();
        self.read(move |connection| select::expired(connection, &retention)).await
    }

    /// Deletes a run with all that belongs to it, in one transaction, unless it is [protected](Protection). The texts
    /// of its questions stay until [`delete_orphans`](Self::delete_orphans).
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run, another one when the database cannot be written.
    pub async fn delete_run(&self, run: RunId) -> Result<Deletion, StoreError> {
        self.write(move |connection| delete::run(connection, run)).await
    }

    /// Deletes the texts of questions that no run asks any more. Returns how many there were. Other writers wait.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn delete_orphans(&self) -> Result<u64, StoreError> {
        self.write(delete::orphans).await
    }

    /// Makes the file of an SQLite database as small as its content, which for a moment takes the same room once more.
    /// Returns the bytes given back; `None` on Postgres, which reuses the room by itself. Without this SQLite keeps the
    /// room of what was deleted for what comes.
    ///
    /// # Errors
    /// [`StoreError`] when another process uses the file or the disk is full; nothing is lost then.
    pub async fn shrink(&self) -> Result<Option<u64>, StoreError> {
        self.maintain(delete::shrink).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Deletes for DieselStore {
    async fn delete(&self, run: RunId) -> Result<Deletion, StoreError> {
        self.delete_run(run).await
    }
}
