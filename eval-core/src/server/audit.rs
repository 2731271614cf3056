//! Who did what.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{StoreError, Timestamp, clock};

id! {
    /// The id of an entry of the audit log.
    AuditId
}

/// Somebody did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// When (UTC).
    pub at: Timestamp,
    /// Who: a token or a user.
    pub who: String,
    /// What was done, for instance `run.delete`.
    pub what: String,
    /// What it was done to, for instance the id of a run.
    pub target: String,
    /// More about it, by name. No secret.
    pub details: BTreeMap<String, String>,
}

impl AuditEntry {
    /// Something that is done now.
    pub fn new(who: impl Into<String>, what: impl Into<String>, target: impl Into<String>) -> Self {
        let (who, what, target) = (who.into(), what.into(), target.into());
        Self { id: AuditId::new(), at: clock::now(), who, what, target, details: BTreeMap::new() }
    }

    /// The same entry, with something more about it.
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.details.insert(name.into(), value.into());
        self
    }

    /// The same entry, as it was written down: for stores that read rows.
    pub fn made(mut self, id: AuditId, at: Timestamp, details: BTreeMap<String, String>) -> Self {
        (self.id, self.at, self.details) = (id, at, details);
        self
    }
}

/// Which entries are wanted. The default is the newest 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct AuditQuery {
    /// Only what was done to this.
    pub target: Option<String>,
    /// Only what this one did.
    pub who: Option<String>,
    /// Only entries older than this one: the cursor, for the next page the last id of the page before.
    pub before: Option<AuditId>,
    /// At most so many. Default 100.
    pub limit: usize,
}

impl Default for AuditQuery {
    fn default() -> Self {
        Self { target: None, who: None, before: None, limit: 100 }
    }
}

impl AuditQuery {
    /// Whether an entry is wanted, cursor included.
    pub fn matches(&self, entry: &AuditEntry) -> bool {
        self.target.as_ref().is_none_or(|target| *target == entry.target)
            && self.who.as_ref().is_none_or(|who| *who == entry.who)
            && self.before.is_none_or(|before| entry.id < before)
    }
}

/// The audit log. Entries are only added: nothing here changes one or takes one away.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Audit: Send + Sync + 'static {
    /// Adds an entry. To repeat a call changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// The entries wanted, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn entries(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Audit + ?Sized> Audit for Arc<S> {
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        (**self).record(entry).await
    }

    async fn entries(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        (**self).entries(query).await
    }
}
