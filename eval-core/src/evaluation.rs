//! One sample, one epoch: what was answered and how it was judged.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Completion, Money, ProviderErrorKind, Sample, Score, Timing, Verdict};

/// How an evaluation ended. The three are counted apart, and only `Scored` enters a mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The first judge gave a score.
    Scored {
        /// The score of the run's first judge.
        score: Score,
    },
    /// The model answered, but the first judge could not grade.
    Unscored {
        /// What kept its grader from answering; `None` when it answered, or when the judge has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<ProviderErrorKind>,
        /// Why.
        reason: String,
    },
    /// The model did not answer.
    Failed {
        /// What happened.
        kind: ProviderErrorKind,
        /// Details, redacted.
        message: String,
    },
}

impl Outcome {
    /// The score, if there is one.
    pub fn score(&self) -> Option<Score> {
        match self {
            Self::Scored { score } => Some(*score),
            _ => None,
        }
    }

    /// `scored`, `unscored` or `failed`.
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// Which of the three it is.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Scored { .. } => OutcomeKind::Scored,
            Self::Unscored { .. } => OutcomeKind::Unscored,
            Self::Failed { .. } => OutcomeKind::Failed,
        }
    }
}

/// An [`Outcome`] without its details, for filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OutcomeKind {
    /// The first judge gave a score.
    Scored,
    /// The model answered, but the first judge could not grade.
    Unscored,
    /// The model did not answer.
    Failed,
}

impl OutcomeKind {
    /// `scored`, `unscored` or `failed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scored => "scored",
            Self::Unscored => "unscored",
            Self::Failed => "failed",
        }
    }

    /// The kind of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Scored, Self::Unscored, Self::Failed].into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One sample in one epoch of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Evaluation {
    /// The question.
    pub sample: Arc<Sample>,
    /// The repeat of the data set, from 1.
    pub epoch: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// What the model said; `None` when it did not answer.
    pub completion: Option<Completion>,
    /// What each judge said; the first one decides the outcome.
    pub verdicts: Vec<Verdict>,
    /// Where the time of the answer went, for failed calls too.
    pub timing: Timing,
    /// What the answer cost; `None` when unknown. The judges' cost stands in their verdicts.
    pub cost: Option<Money>,
    /// When the evaluation began (UTC).
    pub started: Timestamp,
}

impl Evaluation {
    /// An evaluation that has only just begun to exist: for stores that read rows and for tests.
    pub fn new(sample: Arc<Sample>, epoch: u32, outcome: Outcome, started: Timestamp) -> Self {
        Self {
            sample,
            epoch,
            outcome,
            completion: None,
            verdicts: Vec::new(),
            timing: Timing::default(),
            cost: None,
            started,
        }
    }

    /// The same evaluation with an answer; its cost and timing become the evaluation's.
    pub fn completion(mut self, completion: Completion) -> Self {
        self.cost = completion.cost;
        self.timing = completion.timing;
        self.completion = Some(completion);
        self
    }

    /// The same evaluation with these verdicts.
    pub fn verdicts(mut self, verdicts: Vec<Verdict>) -> Self {
        self.verdicts = verdicts;
        self
    }

    /// The score, if there is one.
    pub fn score(&self) -> Option<Score> {
        self.outcome.score()
    }

    /// What the judges cost together; `None` when one of them is unknown or none judged.
    pub fn judge_cost(&self) -> Option<Money> {
        if self.verdicts.is_empty() {
            return None;
        }
        self.verdicts.iter().map(|verdict| verdict.cost).sum()
    }

    /// How long the answering attempt took, in milliseconds; `None` when the model did not answer.
    pub fn latency_ms(&self) -> Option<f64> {
        self.completion.as_ref().and(self.timing.service_ms)
    }
}
