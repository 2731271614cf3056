//! Where the change is: categories and questions.

use serde::{Deserialize, Serialize};

use super::{Effect, SampleKey};

/// What became of one category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CategoryFinding {
    /// Its name.
    pub name: String,
    /// Questions compared.
    pub n: u64,
    /// Current minus baseline; `None` when there is too little to say.
    pub effect: Option<Effect>,
    /// The one-sided probability of a drop at least so large if nothing changed.
    pub p: Option<f64>,
    /// The same after Holm's correction, for decisions.
    pub p_holm: Option<f64>,
    /// The same after Benjamini and Hochberg's, for lists.
    pub q: Option<f64>,
    /// The evidence of its own stream, where it has one.
    pub m: Option<f64>,
}

impl CategoryFinding {
    /// A category of so many questions.
    pub fn new(name: impl Into<String>, n: u64) -> Self {
        Self { name: name.into(), n, effect: None, p: None, p_holm: None, q: None, m: None }
    }
}

/// A question's mean score over some runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct QuestionMean {
    /// The mean, from 0 to 1.
    pub mean: f64,
    /// Runs that scored it.
    pub runs: u32,
}

impl QuestionMean {
    /// A mean over so many runs.
    pub const fn new(mean: f64, runs: u32) -> Self {
        Self { mean, runs }
    }
}

/// A question that regressed or improved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct QuestionFinding {
    /// The question.
    pub key: SampleKey,
    /// Its category.
    pub category: String,
    /// Before.
    pub baseline: QuestionMean,
    /// Now.
    pub current: QuestionMean,
    /// What it adds to the effect on all questions, in points.
    pub contribution: f64,
    /// Whether each of the current runs is on the same side of the baseline's mean.
    pub consistent: bool,
    /// The one-sided probability of a change at least so large if nothing changed; `None` with too few runs.
    pub p: Option<f64>,
    /// The same, corrected for the number of questions (Benjamini and Hochberg).
    pub q: Option<f64>,
    /// How many more runs would have to fail before it is more than luck (p of at most .001); 0 when it is.
    pub failures_needed: Option<u32>,
}

impl QuestionFinding {
    /// A question with its means before and now.
    pub fn new(key: SampleKey, category: impl Into<String>, baseline: QuestionMean, current: QuestionMean) -> Self {
        Self {
            key,
            category: category.into(),
            baseline,
            current,
            contribution: 0.0,
            consistent: false,
            p: None,
            q: None,
            failures_needed: None,
        }
    }
}

/// How many questions moved which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct QuestionCounts {
    /// Questions compared.
    pub compared: u64,
    /// Those whose mean fell by half a score or more, or beyond luck (q of at most .10).
    pub regressed: u64,
    /// Those of the regressed that did so in each current run.
    pub consistently: u64,
    /// Those whose mean rose as much.
    pub improved: u64,
}
