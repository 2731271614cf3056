//! What one channel is to tell people, and how far that has come.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::AlertId;

/// The id of a notice: always the same for the same alerts, channel and kind, so that whoever makes it again after a crash
/// makes the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct NoticeId(String);

impl NoticeId {
    /// Its text: `ntc_` and 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for NoticeId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoticeKind {
    /// An alert was opened.
    Opened,
    /// An alert is over.
    Recovered,
}

names!(NoticeKind { Opened = "opened", Recovered = "recovered" });

/// How far a notice has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoticeState {
    /// To be sent at its next time.
    Pending,
    /// The channel took it.
    Sent,
    /// Given up: no attempt is left.
    Failed,
}

names!(NoticeState { Pending = "pending", Sent = "sent", Failed = "failed" });

/// How an attempt to tell people ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempted {
    /// When (UTC).
    pub at: Timestamp,
    /// Why the channel did not take it; `None` when it did.
    pub error: Option<String>,
    /// When to try again (UTC); `None` for no more.
    pub next: Option<Timestamp>,
}

impl Attempted {
    /// The channel took it.
    pub fn taken(at: Timestamp) -> Self {
        Self { at, error: None, next: None }
    }

    /// The channel did not take it, and is tried again at this time (UTC), or no more.
    pub fn refused(at: Timestamp, why: impl Into<String>, next: Option<Timestamp>) -> Self {
        Self { at, error: Some(why.into()), next }
    }
}

/// What one channel is to tell people of one alert, or of many at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// The alerts that it tells of, sorted; more than one for a digest.
    pub alerts: Vec<AlertId>,
    /// The name of the channel.
    pub channel: String,
    /// What it is about.
    pub kind: NoticeKind,
    /// What it says, in the host's own form. It does not change between attempts.
    pub body: String,
    /// How far it has come.
    pub state: NoticeState,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is to be sent (UTC), while it is pending. Who takes it moves this, and so nobody else does.
    pub next: Option<Timestamp>,
    /// The last attempt (UTC).
    pub tried: Option<Timestamp>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

impl Notice {
    /// A notice of these alerts for a channel, to be sent from this time on (UTC).
    pub fn new(
        mut alerts: Vec<AlertId>,
        channel: impl Into<String>,
        kind: NoticeKind,
        body: impl Into<String>,
        at: Timestamp,
    ) -> Self {
        alerts.sort();
        let channel = channel.into();
        let ids: Vec<String> = alerts.iter().map(AlertId::to_string).collect();
        let parts = [channel.as_str(), kind.name()].into_iter().chain(ids.iter().map(String::as_str));
        let id = NoticeId(format!("ntc_{}", crate::short_hash(parts)));
        let (state, body) = (NoticeState::Pending, body.into());
        Self { id, alerts, channel, kind, body, state, attempts: 0, next: Some(at), tried: None, error: None }
    }

    /// Whether it is to be sent now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    /// An attempt has ended. The same attempt told twice is one.
    pub fn attempted(&mut self, end: &Attempted) {
        if self.tried == Some(end.at) || self.state != NoticeState::Pending {
            return;
        }
        self.attempts = self.attempts.saturating_add(1);
        self.tried = Some(end.at);
        self.error.clone_from(&end.error);
        (self.state, self.next) = match (&end.error, end.next) {
            (None, _) => (NoticeState::Sent, None),
            (Some(_), Some(next)) => (NoticeState::Pending, Some(next)),
            (Some(_), None) => (NoticeState::Failed, None),
        };
    }
}
