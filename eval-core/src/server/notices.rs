//! What channels are to tell people.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{AlertId, Attempted, Notice, NoticeId, NoticeState};
use crate::{StoreError, Timestamp};

/// Which notices are wanted. The default is all of them, at most 50.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct NoticeQuery {
    /// Only those that tell of one of these alerts; empty for all.
    pub alerts: Vec<AlertId>,
    /// Only in this state.
    pub state: Option<NoticeState>,
    /// At most so many. Default 50.
    pub limit: usize,
}

impl Default for NoticeQuery {
    fn default() -> Self {
        Self { alerts: Vec::new(), state: None, limit: 50 }
    }
}

impl NoticeQuery {
    /// Whether a notice is wanted.
    pub fn matches(&self, notice: &Notice) -> bool {
        (self.alerts.is_empty() || self.alerts.iter().any(|alert| notice.alerts.contains(alert)))
            && self.state.is_none_or(|state| state == notice.state)
    }
}

/// Keeps what channels are to tell people of alerts, until each was told or given up.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Notices: Send + Sync + 'static {
    /// Writes down what is to be told, and of each alert of `first` that [people were told](super::Alert::notified), all or
    /// nothing. `false`, and nothing is written, when one of these was told before: somebody else was faster. A notice that
    /// is there already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn announce(&self, first: &[AlertId], notices: &[Notice], at: Timestamp) -> Result<bool, StoreError>;

    /// Takes the notices of a channel that are to be sent now, the longest overdue first, at most so many. Until `until`
    /// nobody else gets them: who took them is lost if no attempt has been told by then.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read or written.
    async fn take_notices(
        &self,
        channel: &str,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError>;

    /// An attempt has ended, as [`Notice::attempted`] says. The notice as it is then; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn attempted(&self, id: &NoticeId, end: &Attempted) -> Result<Option<Notice>, StoreError>;

    /// The notices wanted, by channel, then by id.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn notices(&self, query: &NoticeQuery) -> Result<Vec<Notice>, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Notices + ?Sized> Notices for Arc<S> {
    async fn announce(&self, first: &[AlertId], notices: &[Notice], at: Timestamp) -> Result<bool, StoreError> {
        (**self).announce(first, notices, at).await
    }

    async fn take_notices(
        &self,
        channel: &str,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        (**self).take_notices(channel, now, until, limit).await
    }

    async fn attempted(&self, id: &NoticeId, end: &Attempted) -> Result<Option<Notice>, StoreError> {
        (**self).attempted(id, end).await
    }

    async fn notices(&self, query: &NoticeQuery) -> Result<Vec<Notice>, StoreError> {
        (**self).notices(query).await
    }
}
