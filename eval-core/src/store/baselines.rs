//! Runs that a person has blessed.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Run, RunId, StoreError};

/// A run against which others are held. It never moves by itself: a person blesses another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Baseline {
    /// The name in a history.
    pub name: String,
    /// The name of the data set.
    pub dataset: String,
    /// The run.
    pub run: RunId,
    /// Who blessed it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When (UTC).
    pub at: Timestamp,
}

impl Baseline {
    /// A run that is blessed now.
    pub fn of(run: &Run, author: impl Into<String>, reason: impl Into<String>) -> Self {
        let (name, dataset) = (run.name.clone(), run.dataset.name.clone());
        Self { name, dataset, run: run.id, author: author.into(), reason: reason.into(), at: crate::clock::now() }
    }

    /// The same baseline, blessed at another time (UTC).
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// A baseline that was written down: for stores that read rows.
    pub fn from_parts([name, dataset, author, reason]: [String; 4], run: RunId, at: Timestamp) -> Self {
        Self { name, dataset, run, author, reason, at }
    }
}

/// Keeps which runs were blessed. Of a name on a data set the newest one counts.
#[async_trait]
pub trait Baselines: Send + Sync + 'static {
    /// Blesses a run. To repeat a call changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run; another one when nothing is stored.
    async fn bless(&self, baseline: &Baseline) -> Result<(), StoreError>;

    /// All that were blessed, newest first; of a name or a data set only, where one is given.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn baselines(&self, name: Option<&str>, dataset: Option<&str>) -> Result<Vec<Baseline>, StoreError>;

    /// Forgets the baselines of a name on a data set, and says how many there were. The runs stay.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn clear_baselines(&self, name: &str, dataset: &str) -> Result<u64, StoreError>;
}
