//! What a long-lived server keeps beside its runs (feature `server`): jobs, tokens, alerts, news for
//! others and an audit log.
//!
//! Each trait is small and has an implementation in [`InMemory`](crate::InMemory); the tests that every store must pass
//! are `eval_core::conformance::server`. What may happen to a [`Job`] or an [`Alert`] is written once, as methods of
//! these types, so that a store only has to load, change and save within one transaction.

#[macro_use]
mod id;

mod alert;
mod alerts;
mod audit;
mod deletes;
mod delivery;
mod exporter;
mod job;
mod jobs;
mod memory;
mod notice;
mod notices;
mod outbox;
mod queue;
mod request;
mod runner;
mod secret;
mod tokens;
mod vitals;

pub use alert::{Ack, AckKind, Alert, AlertId, Finding};
pub use alerts::{AlertLog, AlertQuery, Opened};
pub use audit::{Audit, AuditEntry, AuditId, AuditQuery};
pub use deletes::{Deletes, Deletion, Protection};
pub use delivery::{Delivery, DeliveryId, DeliveryState, Sent};
pub use exporter::{ExportForm, ExportPieces, Exporter};
pub use job::{Beat, Hold, Job, JobEnd, JobId, JobState};
pub use jobs::{JobQuery, Jobs, Submitted};
pub(crate) use memory::Memory;
pub use notice::{Attempted, Notice, NoticeId, NoticeKind, NoticeState};
pub use notices::{NoticeQuery, Notices};
pub use outbox::{DeliveryQuery, Outbox, Subscription};
pub use queue::{Claim, JobQueue, Lost, Turn};
pub use request::{Idempotency, JobRequest};
pub use runner::{Runner, Signal, Stopping};
pub use secret::{Secret, SecretHash, TokenId};
pub use tokens::{Refusal, Scope, Token, Tokens};
pub use vitals::{Condition, Tally, Vitals};

#[cfg(feature = "mock")]
pub use {
    alerts::MockAlertLog, audit::MockAudit, deletes::MockDeletes, jobs::MockJobs, notices::MockNotices,
    outbox::MockOutbox, queue::MockJobQueue, runner::MockRunner, tokens::MockTokens, vitals::MockVitals,
};
