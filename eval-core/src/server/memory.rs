//! What a server keeps, in memory.

mod alerts;
mod audit;
mod jobs;
mod outbox;
mod tokens;
mod vitals;

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Alert, AlertId, AuditEntry, AuditId, Delivery, DeliveryId, Job, JobId, Token, TokenId};

/// The part of [`InMemory`](crate::InMemory) that is the server's.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    jobs: Mutex<BTreeMap<JobId, Job>>,
    tokens: Mutex<BTreeMap<TokenId, Token>>,
    alerts: Mutex<BTreeMap<AlertId, Alert>>,
    deliveries: Mutex<BTreeMap<DeliveryId, Delivery>>,
    audit: Mutex<BTreeMap<AuditId, AuditEntry>>,
}
