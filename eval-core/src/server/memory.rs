//! What a server keeps, in memory.

mod alerts;
mod audit;
mod jobs;
mod outbox;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::RunId;
use crate::store::lock;

use super::{Alert, AlertId, AuditEntry, AuditId, Delivery, DeliveryId, Job, JobId, Token, TokenId};
use crate::Timestamp;

/// The part of [`InMemory`](crate::InMemory) that is the server's.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    jobs: Mutex<BTreeMap<JobId, Job>>,
    tokens: Mutex<BTreeMap<TokenId, Token>>,
    alerts: Mutex<BTreeMap<AlertId, Alert>>,
    deliveries: Mutex<BTreeMap<DeliveryId, Delivery>>,
    /// Names of subscriptions, each since when.
    subscriptions: Mutex<BTreeMap<String, Timestamp>>,
    audit: Mutex<BTreeMap<AuditId, AuditEntry>>,
}

impl Memory {
    /// A run is gone, and news of it with it.
    pub(crate) fn forget(&self, run: RunId) {
        lock(&self.deliveries).retain(|_, delivery| delivery.run != run);
    }
}
