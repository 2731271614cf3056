//! What is to be told to others.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Delivery, DeliveryId, DeliveryState, Sent};
use crate::{RunId, StoreError, Timestamp};

/// A receiver that wants to hear of every run that ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Subscription {
    /// Its name: the receiver of its deliveries.
    pub name: String,
    /// Only of runs that began at this time or later (UTC): a new receiver is not told of all that ever was.
    pub since: Timestamp,
}

impl Subscription {
    /// A receiver of this name, for runs that began at this time or later (UTC).
    pub fn new(name: impl Into<String>, since: Timestamp) -> Self {
        Self { name: name.into(), since }
    }
}

/// Which deliveries are wanted. The default is the newest 50, by their runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct DeliveryQuery {
    /// Only of this run.
    pub run: Option<RunId>,
    /// Only for this receiver.
    pub receiver: Option<String>,
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// Only those after this one, run and id: the cursor, for the next page the last one of the page before.
    pub before: Option<(RunId, DeliveryId)>,
    /// At most so many. Default 50.
    pub limit: usize,
}

impl Default for DeliveryQuery {
    fn default() -> Self {
        Self { run: None, receiver: None, state: None, before: None, limit: 50 }
    }
}

impl DeliveryQuery {
    /// Whether a delivery is wanted, cursor included.
    pub fn matches(&self, delivery: &Delivery) -> bool {
        self.run.is_none_or(|run| run == delivery.run)
            && self.receiver.as_ref().is_none_or(|receiver| *receiver == delivery.receiver)
            && self.state.is_none_or(|state| state == delivery.state)
            && self.before.as_ref().is_none_or(|(run, id)| (delivery.run, &delivery.id) < (*run, id))
    }
}

/// What is to be told to others of runs that have ended. It is derived: a run that has ended, of a
/// [`Job`](super::Job) with a callback or for a [`Subscription`], and without a delivery is due. So no kill between the
/// end of a run and the news of it loses any. Who sends takes them for a while, so that no two send the same at once;
/// who is gone by then loses them to the next one, and the receiver gets both under one id.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// The deliveries to be sent now, the longest overdue first, at most so many. A run has ended when it will not go on
    /// by itself: finished, failed, capped or cancelled. A receiver that wants no more
    /// ([`Disabled`](DeliveryState::Disabled)) gets none until one of its deliveries is sent again by hand.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read or written.
    async fn due(
        &self,
        now: Timestamp,
        subscriptions: &[Subscription],
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// The deliveries that are due now, as [`due`](Self::due) gives them, for who sends them: until then (UTC) nobody
    /// else gets them, and from then on anybody. An attempt must have ended, and been told, before.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written.
    async fn take(
        &self,
        now: Timestamp,
        until: Timestamp,
        subscriptions: &[Subscription],
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Since when there is a subscription of this name (UTC): now, unless it was there before.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn subscribe(&self, name: &str, now: Timestamp) -> Result<Timestamp, StoreError>;

    /// An attempt has ended, as [`Delivery::tried`] says. The delivery as it is then; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn sent(&self, id: &DeliveryId, sent: &Sent) -> Result<Option<Delivery>, StoreError>;

    /// Lets a delivery be sent again, as [`Delivery::resend`] says. The delivery as it is then; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn resend(&self, id: &DeliveryId, at: Timestamp) -> Result<Option<Delivery>, StoreError>;

    /// The deliveries wanted, those of the newest runs first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Outbox + ?Sized> Outbox for Arc<S> {
    async fn due(
        &self,
        now: Timestamp,
        subscriptions: &[Subscription],
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        (**self).due(now, subscriptions, limit).await
    }

    async fn take(
        &self,
        now: Timestamp,
        until: Timestamp,
        subscriptions: &[Subscription],
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        (**self).take(now, until, subscriptions, limit).await
    }

    async fn subscribe(&self, name: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        (**self).subscribe(name, now).await
    }

    async fn sent(&self, id: &DeliveryId, sent: &Sent) -> Result<Option<Delivery>, StoreError> {
        (**self).sent(id, sent).await
    }

    async fn resend(&self, id: &DeliveryId, at: Timestamp) -> Result<Option<Delivery>, StoreError> {
        (**self).resend(id, at).await
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        (**self).deliveries(query).await
    }
}
