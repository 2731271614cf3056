//! What scores an answer.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Completion, JudgeError, Money, Pricing, Sample, Score, Usage};

/// What one judge says of one answer.
///
/// An unscored verdict has no score and says why in `error`; it never counts as 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Verdict {
    /// The judge's name, as in [`Judge::name`].
    pub judge: String,
    /// The score, from 0 (wrong) to 1 (right); `None` when the judge could not grade.
    pub score: Option<Score>,
    /// The judge's reasons, in its own words.
    pub explanation: Option<String>,
    /// Why there is no score.
    pub error: Option<String>,
    /// Tokens of an LLM judge's calls.
    pub usage: Usage,
    /// What the judging cost: zero for a deterministic judge, `None` when the price is unknown.
    pub cost: Option<Money>,
    /// Where that cost is known from; `None` when it is unknown, free, or from several sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing>,
    /// How long the judging took, in milliseconds.
    pub latency_ms: Option<f64>,
}

impl Verdict {
    /// A verdict of a judge that costs nothing.
    pub fn scored(judge: impl Into<String>, score: Score, explanation: impl Into<String>) -> Self {
        Self {
            judge: judge.into(),
            score: Some(score),
            explanation: Some(explanation.into()),
            error: None,
            usage: Usage::default(),
            cost: Some(Money::ZERO),
            pricing: None,
            latency_ms: None,
        }
    }

    /// A verdict without a score. What it cost is unknown until [`cost`](Self::cost) says so.
    pub fn unscored(judge: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            judge: judge.into(),
            score: None,
            explanation: None,
            error: Some(why.into()),
            usage: Usage::default(),
            cost: None,
            pricing: None,
            latency_ms: None,
        }
    }

    /// The same verdict with this usage.
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// The same verdict with this cost, in nano-dollars.
    pub fn cost(mut self, cost: Option<Money>) -> Self {
        self.cost = cost;
        self
    }

    /// The same verdict with where its cost is known from.
    pub fn pricing(mut self, pricing: Option<Pricing>) -> Self {
        self.pricing = pricing;
        self
    }
}

/// What scores an answer: a rule, a model, a panel of several, your own code.
///
/// ```
/// use eval_core::{Completion, Judge, JudgeError, Sample, Score, Verdict, async_trait};
///
/// #[derive(Debug)]
/// struct Short;
///
/// #[async_trait]
/// impl Judge for Short {
///     fn name(&self) -> &str { "short" }
///     async fn judge(&self, _: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
///         let words = answer.text.split_whitespace().count();
///         Ok(Verdict::scored(self.name(), Score::from(words <= 20), format!("{words} words")))
///     }
/// }
/// ```
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Judge: Send + Sync + 'static {
    /// The name in records and tables, for instance `exact` or `llm:gpt-4o-mini`.
    fn name(&self) -> &str;

    /// A hash of all that shapes the verdicts: rubric, grader, settings. Runs with different hashes are not
    /// compared. The default is the hash of the name.
    fn fingerprint(&self) -> String {
        crate::hash::short_hash([self.name()])
    }

    /// Grades an answer.
    ///
    /// # Errors
    /// A [`JudgeError`] becomes an unscored verdict; a [fatal](JudgeError::is_fatal) one stops the run.
    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<J: Judge + ?Sized> Judge for Arc<J> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        (**self).judge(sample, completion).await
    }
}
