//! News of a run for one receiver, and what may happen to them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::RunId;

/// The id of a delivery, made of the run, the time of its end and the receiver: the same for each attempt, before and
/// after a crash. A run that goes on and ends once more has another end, and so news of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// The id of the news of this end of a run (UTC) for this receiver.
    ///
    /// ```
    /// use eval_core::RunId;
    /// use eval_core::server::DeliveryId;
    /// let run = RunId::new();
    /// let ended = Some("2026-01-02T03:04:05Z".parse()?);
    /// assert_eq!(DeliveryId::of(run, ended, "https://a"), DeliveryId::of(run, ended, "https://a"));
    /// assert_ne!(DeliveryId::of(run, ended, "https://a"), DeliveryId::of(run, ended, "https://b"));
    /// assert_ne!(DeliveryId::of(run, ended, "https://a"), DeliveryId::of(run, None, "https://a"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(run: RunId, ended: Option<Timestamp>, receiver: &str) -> Self {
        let ended = ended.map(|ended| ended.as_microsecond().to_string()).unwrap_or_default();
        Self(format!("msg_{}", crate::short_hash([run.to_string().as_str(), &ended, receiver])))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for DeliveryId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryState {
    /// To be sent at its next time.
    Pending,
    /// The receiver took it.
    Delivered,
    /// Given up: no attempt is left.
    Failed,
    /// Given up: the receiver wants no more (410), from this run or any other.
    Disabled,
}

names!(DeliveryState {
    Pending = "pending",
    Delivered = "delivered",
    Failed = "failed",
    Disabled = "disabled",
});

/// How an attempt to deliver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// When (UTC).
    pub at: Timestamp,
    /// The HTTP status; `None` when none came.
    pub status: Option<u16>,
    /// Why the receiver did not take it; `None` when it did.
    pub error: Option<String>,
    /// When to try again (UTC); `None` for no more.
    pub next: Option<Timestamp>,
}

impl Sent {
    /// The receiver took it.
    pub fn taken(at: Timestamp, status: u16) -> Self {
        Self { at, status: Some(status), error: None, next: None }
    }

    /// The receiver did not take it, and is tried again at this time (UTC), or no more.
    pub fn refused(at: Timestamp, status: Option<u16>, why: impl Into<String>, next: Option<Timestamp>) -> Self {
        Self { at, status, error: Some(why.into()), next }
    }
}

/// News of a run for one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The run.
    pub run: RunId,
    /// The end of the run that it tells of (UTC); `None` when nobody wrote down when that was.
    pub ended: Option<Timestamp>,
    /// The receiver: a callback's address or the name of a subscription.
    pub receiver: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is to be sent (UTC), while it is pending. While somebody sends it, when that counts as lost.
    pub next: Option<Timestamp>,
    /// The last attempt (UTC).
    pub tried: Option<Timestamp>,
    /// The last HTTP status.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

impl Delivery {
    /// News of this end of a run (UTC) that are due at this time (UTC).
    pub fn new(run: RunId, ended: Option<Timestamp>, receiver: impl Into<String>, at: Timestamp) -> Self {
        let receiver = receiver.into();
        Self {
            id: DeliveryId::of(run, ended, &receiver),
            run,
            ended,
            receiver,
            state: DeliveryState::Pending,
            attempts: 0,
            next: Some(at),
            tried: None,
            status: None,
            error: None,
        }
    }

    /// An attempt has ended. The same attempt told twice is one.
    pub fn tried(&mut self, sent: &Sent) {
        if self.tried == Some(sent.at) {
            return;
        }
        self.attempts = self.attempts.saturating_add(1);
        (self.tried, self.status, self.next) = (Some(sent.at), sent.status, sent.next);
        self.error.clone_from(&sent.error);
        self.state = match (sent.status, &sent.error, sent.next) {
            (_, None, _) => DeliveryState::Delivered,
            (Some(410), ..) => DeliveryState::Disabled,
            (_, Some(_), Some(_)) => DeliveryState::Pending,
            (_, Some(_), None) => DeliveryState::Failed,
        };
        if self.state != DeliveryState::Pending {
            self.next = None;
        }
    }

    /// Somebody wants it sent again, whatever became of it, under the same id.
    pub fn resend(&mut self, at: Timestamp) {
        (self.state, self.next) = (DeliveryState::Pending, Some(at));
    }
}
