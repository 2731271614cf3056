//! What a person said about a point of a history.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::HistoryKey;
use crate::RunId;

/// The id of a mark: a UUID v7, so that ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct MarkId(Uuid);

impl MarkId {
    /// A new id, now.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for MarkId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for MarkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for MarkId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What a mark does to the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MarkKind {
    /// The level from this run on is accepted: a new era begins with it.
    Accepted,
    /// The run is left out, as if it had not been made: an outage, a mistake that was fixed.
    Masked,
}

impl MarkKind {
    /// `accepted` or `masked`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Masked => "masked",
        }
    }

    /// The kind of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Accepted, Self::Masked].into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for MarkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a person said about a run of a history. Without marks an alarm would never end, because it is found anew each
/// time that the history is replayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Mark {
    /// The id.
    pub id: MarkId,
    /// The history.
    pub key: HistoryKey,
    /// The run where it applies. It may be gone by now.
    pub run: RunId,
    /// What it does.
    pub kind: MarkKind,
    /// Who said so.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When (UTC).
    pub at: Timestamp,
}

impl Mark {
    /// A mark that is made now.
    pub fn new(
        key: HistoryKey,
        run: RunId,
        kind: MarkKind,
        author: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        let (id, at) = (MarkId::new(), crate::clock::now());
        Self { id, key, run, kind, author: author.into(), reason: reason.into(), at }
    }

    /// The same mark with the id and the time that it was made with: for stores that read rows.
    pub fn made(mut self, id: MarkId, at: Timestamp) -> Self {
        (self.id, self.at) = (id, at);
        self
    }
}
