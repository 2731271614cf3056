//! The outbox in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::server::{Delivery, DeliveryId, DeliveryQuery, DeliveryState, Outbox, Sent, Subscription};
use crate::store::lock;
use crate::{InMemory, Run, RunQuery, Store, StoreError, Timestamp};

#[async_trait]
impl Outbox for InMemory {
    async fn due(
        &self,
        now: Timestamp,
        subscriptions: &[Subscription],
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let every = RunQuery { limit: usize::MAX, ..RunQuery::default() };
        let ended: Vec<Run> = self.list_runs(&every).await?.into_iter().filter(|run| run.status.is_end()).collect();
        let jobs = lock(&self.server.jobs);
        let mut deliveries = lock(&self.server.deliveries);
        let disabled = |delivery: &&Delivery| delivery.state == DeliveryState::Disabled;
        let disabled: BTreeSet<_> = deliveries.values().filter(disabled).map(|it| it.receiver.clone()).collect();
        for run in &ended {
            let callbacks = jobs.values().filter(|job| job.runs.contains(&run.id));
            let callbacks = callbacks.filter_map(|job| job.request.callback.as_deref());
            let subscribed = subscriptions.iter().filter(|subscription| subscription.since <= run.started);
            for receiver in callbacks.chain(subscribed.map(|subscription| &*subscription.name)) {
                let delivery = Delivery::new(run.id, run.finished, receiver, now);
                if !disabled.contains(receiver) {
                    deliveries.entry(delivery.id.clone()).or_insert(delivery);
                }
            }
        }
        let is_due = |delivery: &&Delivery| delivery.next.is_some_and(|next| next <= now);
        let mut due: Vec<_> = deliveries.values().filter(is_due).cloned().collect();
        due.retain(|delivery| !disabled.contains(&delivery.receiver));
        due.sort_by(|a, b| (a.next, &a.id).cmp(&(b.next, &b.id)));
        due.truncate(limit);
        Ok(due)
    }

    async fn take(
        &self,
        now: Timestamp,
        until: Timestamp,
        subscriptions: &[Subscription],
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut taken = self.due(now, subscriptions, limit).await?;
        let mut deliveries = lock(&self.server.deliveries);
        // Another may have been here since.
        taken.retain_mut(|delivery| {
            let same = deliveries.get_mut(&delivery.id).filter(|kept| kept.next == delivery.next);
            let is_free = same.map(|kept| kept.next = Some(until)).is_some();
            delivery.next = Some(until);
            is_free
        });
        Ok(taken)
    }

    async fn subscribe(&self, name: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        Ok(*lock(&self.server.subscriptions).entry(name.to_owned()).or_insert(now))
    }

    async fn sent(&self, id: &DeliveryId, sent: &Sent) -> Result<Option<Delivery>, StoreError> {
        let mut deliveries = lock(&self.server.deliveries);
        Ok(deliveries.get_mut(id).map(|delivery| {
            delivery.tried(sent);
            delivery.clone()
        }))
    }

    async fn resend(&self, id: &DeliveryId, at: Timestamp) -> Result<Option<Delivery>, StoreError> {
        let mut deliveries = lock(&self.server.deliveries);
        Ok(deliveries.get_mut(id).map(|delivery| {
            delivery.resend(at);
            delivery.clone()
        }))
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        let deliveries = lock(&self.server.deliveries);
        let mut wanted: Vec<_> = deliveries.values().filter(|delivery| query.matches(delivery)).cloned().collect();
        wanted.sort_by(|a, b| (b.run, &b.id).cmp(&(a.run, &a.id)));
        wanted.truncate(query.limit);
        Ok(wanted)
    }
}
