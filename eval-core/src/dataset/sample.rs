//! One golden row.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Message;
use crate::hash::digest;

/// The id of a sample, unique in its data set. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct SampleId(Arc<str>);

impl SampleId {
    /// An id.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SampleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An id hashes and compares as its text, so that a map can be asked with the text.
impl Borrow<str> for SampleId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SampleId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

/// The category of samples that name none.
pub const UNCATEGORIZED: &str = "uncategorized";

/// One golden row: what is asked and what is expected.
///
/// ```
/// use eval_core::Sample;
/// let sample = Sample::new("math-01", "What is 2 + 2?").target("4").category("math");
/// assert_eq!(sample.target.as_deref(), Some("4"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Sample {
    /// The id, unique in the data set.
    pub id: SampleId,
    /// The category, by which summaries are broken down. Default: [`UNCATEGORIZED`].
    pub category: Arc<str>,
    /// What is asked: the question, or the last turn of a conversation.
    pub input: String,
    /// What is expected; `None` when the row has no reference answer.
    pub target: Option<String>,
    /// Turns before the question, oldest first. Usually empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Message>,
    /// All other columns, usable as `{placeholders}`: `context` for retrieval, `system`, `judge` among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl Sample {
    /// A sample with an id and a question.
    pub fn new(id: impl Into<SampleId>, input: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            category: UNCATEGORIZED.into(),
            input: input.into(),
            target: None,
            turns: Vec::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// The same sample with an expected output.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The same sample in a category.
    pub fn category(mut self, category: impl Into<Arc<str>>) -> Self {
        self.category = category.into();
        self
    }

    /// The same sample with one more column.
    pub fn metadata(mut self, column: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(column.into(), value.into());
        self
    }

    /// The same sample with turns before the question.
    pub fn turns(mut self, turns: Vec<Message>) -> Self {
        self.turns = turns;
        self
    }

    /// The hash of all that is asked and expected, id and category left out: 32 hex digits. Samples of two runs
    /// pair by id and by this hash, so that an edited question is not taken for the old one.
    pub fn content_hash(&self) -> String {
        self.digest().to_hex()[..32].to_owned()
    }

    /// The same hash, whole.
    pub(crate) fn digest(&self) -> blake3::Hash {
        let sizes = format!("{} {}", self.turns.len(), self.metadata.len());
        let turns = self.turns.iter().flat_map(|turn| [role_name(turn), &turn.content]);
        let columns = self.metadata.iter().flat_map(|(name, value)| [name.as_str(), value]);
        let (has_target, target) = match &self.target {
            Some(target) => ("target", target.as_str()),
            None => ("", ""),
        };
        let own = [self.input.as_str(), has_target, target, &sizes];
        digest(own.into_iter().chain(turns).chain(columns))
    }

    /// The hash of the whole row, id and category included: what a data set's fingerprint adds up.
    pub(crate) fn row_digest(&self) -> blake3::Hash {
        Self::digest_of_row(&self.id, &self.category, &self.digest())
    }

    /// That hash for a row with this content.
    pub(crate) fn digest_of_row(id: &SampleId, category: &str, content: &blake3::Hash) -> blake3::Hash {
        digest([id.as_str(), category, content.to_hex().as_str()])
    }
}

fn role_name(turn: &Message) -> &'static str {
    match turn.role {
        crate::Role::System => "system",
        crate::Role::User => "user",
        crate::Role::Assistant => "assistant",
    }
}
