//! What people are told, and what they said to it.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Ack, Alert, AlertId, Finding};
use crate::{StoreError, Timestamp};

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// Its alert.
    pub alert: Alert,
    /// Whether the alert was made for it; else it lasts since an earlier time.
    pub is_new: bool,
}

impl Opened {
    /// The alert of a finding that was seen at this time (UTC).
    pub fn new(alert: Alert, at: Timestamp) -> Self {
        Self { is_new: alert.opened == at, alert }
    }
}

/// Which alerts are wanted. The default is the newest 50.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct AlertQuery {
    /// Only alerts that last (`true`) or are over (`false`).
    pub open: Option<bool>,
    /// Only alerts of this key.
    pub key: Option<String>,
    /// Only alerts older than this one: the cursor, for the next page the last id of the page before.
    pub before: Option<AlertId>,
    /// At most so many. Default 50.
    pub limit: usize,
}

impl Default for AlertQuery {
    fn default() -> Self {
        Self { open: None, key: None, before: None, limit: 50 }
    }
}

impl AlertQuery {
    /// Whether an alert is wanted, cursor included.
    pub fn matches(&self, alert: &Alert) -> bool {
        self.open.is_none_or(|open| open == alert.is_open())
            && self.key.as_ref().is_none_or(|key| *key == alert.finding.key)
            && self.before.is_none_or(|before| alert.id < before)
    }
}

/// Keeps alerts: at most one of a key lasts at a time.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AlertLog: Send + Sync + 'static {
    /// Something was found: opens an alert, or says of the one that lasts that it was seen again. An
    /// earlier time than that of the last sight changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn open(&self, finding: &Finding, at: Timestamp) -> Result<Opened, StoreError>;

    /// People were told; `false` when there is no such alert.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn notified(&self, id: AlertId, at: Timestamp) -> Result<bool, StoreError>;

    /// A person has said something of an alert, in place of what was said before. The alert as it is then; `None` when
    /// there is none.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn acknowledge(&self, id: AlertId, ack: &Ack) -> Result<Option<Alert>, StoreError>;

    /// A finding is over. The alert that ended with it; `None` when none lasted.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn recover(&self, key: &str, at: Timestamp) -> Result<Option<Alert>, StoreError>;

    /// The alert of this id.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError>;

    /// The alerts wanted, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn alerts(&self, query: &AlertQuery) -> Result<Vec<Alert>, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: AlertLog + ?Sized> AlertLog for Arc<S> {
    async fn open(&self, finding: &Finding, at: Timestamp) -> Result<Opened, StoreError> {
        (**self).open(finding, at).await
    }

    async fn notified(&self, id: AlertId, at: Timestamp) -> Result<bool, StoreError> {
        (**self).notified(id, at).await
    }

    async fn acknowledge(&self, id: AlertId, ack: &Ack) -> Result<Option<Alert>, StoreError> {
        (**self).acknowledge(id, ack).await
    }

    async fn recover(&self, key: &str, at: Timestamp) -> Result<Option<Alert>, StoreError> {
        (**self).recover(key, at).await
    }

    async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        (**self).alert(id).await
    }

    async fn alerts(&self, query: &AlertQuery) -> Result<Vec<Alert>, StoreError> {
        (**self).alerts(query).await
    }
}
