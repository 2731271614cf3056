//! How a store is, in a few cheap figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::{DeliveryState, JobState};
use crate::{Attempt, StoreError, Timestamp};

/// What a store says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition {
    /// What it is, for instance `sqlite`.
    pub kind: String,
    /// The version of its schema; `None` where it has none.
    pub schema: Option<String>,
    /// Whether the schema is the one that this program knows.
    pub current: bool,
    /// What it takes on its disk, in bytes; `None` when nobody knows.
    pub bytes: Option<u64>,
}

impl Condition {
    /// The condition of a store of this kind that has no schema.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), schema: None, current: true, bytes: None }
    }

    /// The same store with a schema of this version, which is the one that is known, or not.
    pub fn schema(mut self, version: Option<String>, current: bool) -> Self {
        (self.schema, self.current) = (version, current);
        self
    }

    /// The same store, which takes so many bytes.
    pub fn bytes(mut self, bytes: Option<u64>) -> Self {
        self.bytes = bytes;
        self
    }
}

/// How many there are of what a server keeps; a state that nothing has is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Tally {
    /// Jobs by state.
    pub jobs: BTreeMap<JobState, u64>,
    /// Deliveries of webhooks by state.
    pub deliveries: BTreeMap<DeliveryState, u64>,
    /// Alerts that are not over.
    pub open_alerts: u64,
}

/// How a store is: for those who watch a server. Each read is cheap enough to be made every few seconds.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Vitals: Send + Sync + 'static {
    /// What the store says of itself. It reads from the database, so that an answer shows that one can be read.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn condition(&self) -> Result<Condition, StoreError>;

    /// How many there are of what a server keeps.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn tally(&self) -> Result<Tally, StoreError>;

    /// At most `limit` attempts that began at this time or later (UTC), without what the models said: those of the newest
    /// run first, and of each run the newest first. Ends that are not committed yet may be missing.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn latest_attempts(&self, since: Timestamp, limit: usize) -> Result<Vec<Attempt>, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Vitals + ?Sized> Vitals for Arc<S> {
    async fn condition(&self) -> Result<Condition, StoreError> {
        (**self).condition().await
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        (**self).tally().await
    }

    async fn latest_attempts(&self, since: Timestamp, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        (**self).latest_attempts(since, limit).await
    }
}
