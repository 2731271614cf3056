//! What a server keeps, in memory.

mod alerts;
mod audit;
mod jobs;
mod notices;
mod outbox;
mod tokens;
mod vitals;

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Alert, AlertId, AuditEntry, AuditId, Delivery, DeliveryId, Job, JobId, Notice, NoticeId, Token, TokenId};
use crate::store::lock;
use crate::{RunId, Timestamp};

/// The part of [`InMemory`](crate::InMemory) that is the server's.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    jobs: Mutex<BTreeMap<JobId, Job>>,
    tokens: Mutex<BTreeMap<TokenId, Token>>,
    alerts: Mutex<BTreeMap<AlertId, Alert>>,
    notices: Mutex<BTreeMap<NoticeId, Notice>>,
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
