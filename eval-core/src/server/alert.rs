//! An alert, and what may happen to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{RunId, Severity};

id! {
    /// The id of an alert.
    AlertId
}

/// A finding, as far as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Finding {
    /// What tells it from other findings: as long as it lasts, there is one alert of this key.
    pub key: String,
    /// How bad; `None` where nobody can say, for instance when there is no data.
    pub severity: Option<Severity>,
    /// One line for a person.
    pub title: String,
    /// The run in which it was seen.
    pub run: Option<RunId>,
}

impl Finding {
    /// A finding of this key, with a line for a person.
    pub fn new(key: impl Into<String>, title: impl Into<String>) -> Self {
        Self { key: key.into(), severity: None, title: title.into(), run: None }
    }
}

/// What a person says of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AckKind {
    /// The new level is accepted.
    Accept,
    /// The cause is mended.
    Fixed,
    /// No more about this one.
    Mute,
}

names!(AckKind { Accept = "accept", Fixed = "fixed", Mute = "mute" });

/// A person has seen an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Ack {
    /// What the person says.
    pub kind: AckKind,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When (UTC).
    pub at: Timestamp,
    /// Until when it holds (UTC); `None` for as long as the alert lasts.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Ack {
    /// What a person says at this time (UTC).
    pub fn new(kind: AckKind, by: impl Into<String>, reason: impl Into<String>, at: Timestamp) -> Self {
        Self { kind, by: by.into(), reason: reason.into(), at, until: None }
    }

    /// The same, holding until this time (UTC), for other alerts of the same key too.
    pub fn until(mut self, until: Option<Timestamp>) -> Self {
        self.until = until;
        self
    }
}

/// A finding, for as long as it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// What was found, as it was seen last.
    pub finding: Finding,
    /// How often it was seen.
    pub seen: u32,
    /// When it was seen first (UTC).
    pub opened: Timestamp,
    /// When it was seen last (UTC).
    pub last_seen: Timestamp,
    /// When people were last told (UTC).
    pub notified: Option<Timestamp>,
    /// What a person said of it.
    pub ack: Option<Ack>,
    /// When it was over (UTC).
    pub recovered: Option<Timestamp>,
}

impl Alert {
    /// A finding that is seen for the first time.
    pub fn new(finding: Finding, at: Timestamp) -> Self {
        let id = AlertId::new();
        Self { id, finding, seen: 1, opened: at, last_seen: at, notified: None, ack: None, recovered: None }
    }

    /// Whether it lasts.
    pub fn is_open(&self) -> bool {
        self.recovered.is_none()
    }

    /// Whether a person wants to hear no more of it at this time.
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.ack.as_ref().is_some_and(|ack| match ack.until {
            Some(until) => now < until,
            None => true,
        })
    }

    /// It is seen again; the same time twice is once.
    pub fn see(&mut self, finding: Finding, at: Timestamp) {
        if at > self.last_seen {
            (self.finding, self.last_seen) = (finding, at);
            self.seen = self.seen.saturating_add(1);
        }
    }
}
