//! What people say of answers.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{RunId, SampleId, Score, StoreError};

/// What a person says of one answer: the score that a judge should have given.
///
/// ```
/// use eval_core::{Label, RunId, Score};
/// let label = Label::new(RunId::new(), "math-01", 1, "Ada", Score::ONE).reason("right, with the unit");
/// assert_eq!((label.author.as_str(), label.score), ("Ada", Score::ONE));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Label {
    /// The run that the answer stands in.
    pub run: RunId,
    /// The question.
    pub sample: SampleId,
    /// The repeat of the data set, from 1.
    pub epoch: u32,
    /// Who says so.
    pub author: String,
    /// The score, from 0 (wrong) to 1 (right).
    pub score: Score,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was said (UTC).
    pub at: Timestamp,
}

impl Label {
    /// A label that is given now, without a reason.
    pub fn new(run: RunId, sample: impl Into<SampleId>, epoch: u32, author: impl Into<String>, score: Score) -> Self {
        let (sample, author) = (sample.into(), author.into());
        Self { run, sample, epoch, author, score, reason: None, at: crate::clock::now() }
    }

    /// The same label with a reason.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The same label, given at another time (UTC).
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }
}

/// Keeps labels. They are only ever added: of an author on an answer the newest one counts.
#[async_trait]
pub trait Labels: Send + Sync + 'static {
    /// Adds labels, all or none. A label that is there (the same answer, author and time) stays as it is, so a call may
    /// be repeated.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when one of the runs is not there; another one when nothing is stored.
    async fn put_labels(&self, labels: &[Label]) -> Result<(), StoreError>;

    /// The labels of a run that count, ordered by sample id, epoch and author.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn labels(&self, run: RunId) -> Result<Vec<Label>, StoreError>;
}
