//! What is known of one run, question by question.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Conditions, Measure};
use crate::{RunId, SampleId};

/// What makes two questions the same: their id and their content. An edited question is another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SampleKey {
    /// The id.
    pub id: SampleId,
    /// The [hash](crate::Sample::content_hash) of all that is asked and expected.
    pub content: String,
}

impl SampleKey {
    /// A key.
    pub fn new(id: impl Into<SampleId>, content: impl Into<String>) -> Self {
        Self { id: id.into(), content: content.into() }
    }
}

/// The score of one question in one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SampleScore {
    /// The question. Windows of one history share their keys.
    pub key: Arc<SampleKey>,
    /// Its category.
    pub category: Arc<str>,
    /// The mean score of its scored epochs, from 0 to 1.
    pub score: f64,
    /// Scored epochs, at least 1.
    pub epochs: u32,
}

impl SampleScore {
    /// The score of one epoch.
    pub fn new(key: impl Into<Arc<SampleKey>>, category: impl Into<Arc<str>>, score: f64) -> Self {
        Self { key: key.into(), category: category.into(), score, epochs: 1 }
    }
}

/// What the answers to one question were like in one run, each the mean over the epochs that were answered. What was not
/// measured is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SampleMeasures {
    /// The question.
    pub key: Arc<SampleKey>,
    /// How long the answering attempt took, in ms.
    pub latency_ms: Option<f64>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<f64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<f64>,
    /// What the answer cost, in nano-dollars.
    pub cost_nanos: Option<f64>,
    /// How long the answer is, in bytes of UTF-8.
    pub answer_bytes: Option<f64>,
}

impl SampleMeasures {
    /// Nothing measured.
    pub fn new(key: impl Into<Arc<SampleKey>>) -> Self {
        let (key, none) = (key.into(), None);
        let [latency_ms, prompt_tokens, completion_tokens, cost_nanos, answer_bytes] = [none; 5];
        Self { key, latency_ms, prompt_tokens, completion_tokens, cost_nanos, answer_bytes }
    }

    /// The value of this measure; `None` too for what is not measured question by question.
    pub fn get(&self, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Latency => self.latency_ms,
            Measure::PromptTokens => self.prompt_tokens,
            Measure::CompletionTokens => self.completion_tokens,
            Measure::Cost => self.cost_nanos,
            Measure::AnswerLength => self.answer_bytes,
            _ => None,
        }
    }
}

/// How the evaluations of one run ended. The first three are the ways to end; the last three are counted among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct WindowCounts {
    /// Evaluations planned: samples times epochs.
    pub planned: u64,
    /// Those that were scored.
    pub scored: u64,
    /// Those that the judge could not grade.
    pub unscored: u64,
    /// Those that the model did not answer.
    pub failed: u64,
    /// Refusals: by a content filter, or where the judge `refusal` scored 0.
    pub refusals: u64,
    /// Failed ones that ran out of time.
    pub timeouts: u64,
    /// Answers in a wrong format: where the judge `json` scored 0.
    pub format_failures: u64,
}

impl WindowCounts {
    /// How many have ended.
    pub const fn ended(&self) -> u64 {
        self.scored + self.unscored + self.failed
    }

    /// How many were answered.
    pub const fn answered(&self) -> u64 {
        self.scored + self.unscored
    }

    /// The cases of a rate and what they are cases of; `None` for what is no rate.
    pub const fn rate(&self, measure: Measure) -> Option<(u64, u64)> {
        match measure {
            Measure::Errors => Some((self.failed, self.ended())),
            Measure::Timeouts => Some((self.timeouts, self.ended())),
            Measure::Refusals => Some((self.refusals, self.ended())),
            Measure::FormatFailures => Some((self.format_failures, self.answered())),
            _ => None,
        }
    }
}

/// What is known of one run: one mean score per question, and as far as the store tells, the conditions and all that was
/// counted and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Window {
    /// The run.
    pub run: RunId,
    /// When it began (UTC).
    pub at: Timestamp,
    /// The scored questions, sorted by key, each once. Those that failed or could not be graded are not in it.
    pub scores: Vec<SampleScore>,
    /// Under which conditions it was made.
    #[serde(default)]
    pub conditions: Conditions,
    /// How its evaluations ended; `None` when nobody counted.
    #[serde(default)]
    pub counts: Option<WindowCounts>,
    /// What the answers were like, sorted by key; questions without a measure are not in it.
    #[serde(default)]
    pub measures: Vec<SampleMeasures>,
    /// The scores of frozen answers that the judge graded anew beside this run, sorted by key; empty where there are
    /// none. The content of such a key is the hash of question and answer.
    #[serde(default)]
    pub anchors: Vec<SampleScore>,
}

impl Window {
    /// The window of a run, from scores in any order.
    pub fn new(run: RunId, at: Timestamp, scores: Vec<SampleScore>) -> Self {
        let (conditions, counts) = (Conditions::default(), None);
        Self { run, at, scores: sorted(scores), conditions, counts, measures: Vec::new(), anchors: Vec::new() }
    }

    /// The same window of a run that was made under these conditions.
    pub fn conditions(mut self, conditions: Conditions) -> Self {
        self.conditions = conditions;
        self
    }

    /// The same window with these counts.
    pub fn counts(mut self, counts: WindowCounts) -> Self {
        self.counts = Some(counts);
        self
    }

    /// The same window with these measures, in any order.
    pub fn measures(mut self, mut measures: Vec<SampleMeasures>) -> Self {
        measures.sort_by(|a, b| a.key.cmp(&b.key));
        self.measures = measures;
        self
    }

    /// The same window with these scores of frozen answers, in any order.
    pub fn anchors(mut self, anchors: Vec<SampleScore>) -> Self {
        self.anchors = sorted(anchors);
        self
    }

    /// The mean over the questions, from 0 to 1; `None` when nothing was scored.
    pub fn mean(&self) -> Option<f64> {
        let n = self.scores.len();
        (n > 0).then(|| self.scores.iter().map(|found| found.score).sum::<f64>() / n as f64)
    }
}

fn sorted(mut scores: Vec<SampleScore>) -> Vec<SampleScore> {
    // What a database gives is nearly always sorted already.
    scores.sort_by(|a, b| a.key.cmp(&b.key));
    scores
}
