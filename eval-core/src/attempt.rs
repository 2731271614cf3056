//! Paid calls, written down before they are made.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Completion, FinishReason, Money, Origin, Pricing, ProviderError, ProviderErrorKind, RunId, Sample, Scope, Served,
    Spending, StoreError, Timing, Usage, clock,
};

/// The id of an attempt, unique in its run. Ids sort by the time at which the attempts began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AttemptId(i64);

impl AttemptId {
    /// The bits that count within a millisecond. 42 bits of milliseconds stand before them: enough until 2109.
    const COUNTER_BITS: u32 = 21;

    /// A new id, now. Within a process each is greater than the one before, also when the clock is set back.
    pub fn new() -> Self {
        static LAST: AtomicI64 = AtomicI64::new(0);
        let now = clock::now().as_millisecond();
        let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(Self::after(last, now)));
        Self(Self::after(last.unwrap_or_else(|last| last), now))
    }

    /// The next number after `last` at this time of day, in milliseconds.
    fn after(last: i64, now: i64) -> i64 {
        (now << Self::COUNTER_BITS).max(last + 1)
    }

    /// The id that a store kept as this number.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The number to keep.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl Default for AttemptId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One call that costs money; a retry is another. Each is written down before it is made ([`AttemptLog::begin`]) and
/// again when it has ended, so that what a process paid for and lost can be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Attempt {
    /// The id.
    pub id: AttemptId,
    /// The run, sample and epoch, and whether the call answers or grades.
    pub origin: Origin,
    /// The model asked for.
    pub model: String,
    /// When it began (UTC).
    pub begun: Timestamp,
    /// How it ended; `None` while it is in flight, and for ever when its process was killed and nobody resumed the
    /// run.
    pub end: Option<AttemptEnd>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AttemptEnd {
    /// When (UTC).
    pub at: Timestamp,
    /// In which way.
    pub outcome: AttemptOutcome,
    /// What the model said, for an attempt at an answer: a process that ends between an answer and its verdict leaves
    /// an answer that is paid for, and the run that goes on only has it judged. `None` for what a grader said.
    pub text: Option<String>,
    /// Why the model stopped; `None` when it did not answer.
    pub finish: Option<FinishReason>,
    /// Tokens, as far as they are known.
    pub usage: Usage,
    /// What it cost, in nano-dollars; `None` when unknown, as for every abandoned attempt.
    pub cost: Option<Money>,
    /// Where the cost is known from; `None` when it is unknown.
    pub pricing: Option<Pricing>,
    /// Where the time went, as far as the layers below saw it.
    pub timing: Timing,
    /// What really answered.
    pub served: Served,
}

/// The ways in which an attempt ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// An answer came.
    Answered,
    /// No usable answer came.
    Failed {
        /// What happened.
        kind: ProviderErrorKind,
        /// Details, redacted.
        message: String,
    },
    /// Nobody waited for its end: a deadline passed, the run was stopped at once, or the process was killed. It may
    /// have been paid for.
    Abandoned,
}

impl AttemptOutcome {
    /// The word used in records: `answered`, `failed` or `abandoned`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed { .. } => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

impl AttemptEnd {
    /// An end in this way, now, of which nothing else is known.
    pub fn new(outcome: AttemptOutcome) -> Self {
        Self {
            at: clock::now(),
            outcome,
            text: None,
            finish: None,
            usage: Usage::default(),
            cost: None,
            pricing: None,
            timing: Timing::default(),
            served: Served::default(),
        }
    }

    /// The end with this answer, now.
    pub fn answered(completion: &Completion) -> Self {
        Self {
            finish: Some(completion.finish.clone()),
            usage: completion.usage,
            cost: completion.cost,
            pricing: completion.pricing,
            timing: completion.timing,
            served: completion.served.clone(),
            ..Self::new(AttemptOutcome::Answered)
        }
    }

    /// The same end with what the model said.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// The end with this error, now.
    pub fn failed(error: &ProviderError) -> Self {
        let outcome = AttemptOutcome::Failed { kind: error.kind, message: error.message.clone() };
        let (usage, cost, pricing, timing) = (error.usage, error.cost, error.pricing, error.timing);
        Self { usage, cost, pricing, timing, ..Self::new(outcome) }
    }
}

impl Attempt {
    /// An attempt that begins now.
    pub fn new(origin: Origin, model: impl Into<String>) -> Self {
        Self { id: AttemptId::new(), origin, model: model.into(), begun: clock::now(), end: None }
    }

    /// The same attempt, ended so.
    pub fn ended(mut self, end: AttemptEnd) -> Self {
        self.end = Some(end);
        self
    }

    /// The answer, where one came and its [text](AttemptEnd::text) was kept.
    pub fn completion(&self) -> Option<Completion> {
        let end = self.end.as_ref().filter(|end| end.outcome == AttemptOutcome::Answered)?;
        let answer = Completion::new(end.text.clone()?)
            .usage(end.usage)
            .cost(end.cost)
            .pricing(end.pricing)
            .timing(end.timing)
            .served(end.served.clone())
            .origin(Some(self.origin.clone()));
        Some(match &end.finish {
            Some(finish) => answer.finish(finish.clone()),
            None => answer,
        })
    }
}

/// Where each paid call is written down, before it is made and after it has ended.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AttemptLog: Send + Sync + 'static {
    /// Writes the intent down; on return it is committed.
    ///
    /// # Errors
    /// [`StoreError`] when it is not: then the call must not be made. [`StoreError::Held`] when another process has
    /// taken the run over.
    async fn begin(&self, attempt: &Attempt) -> Result<(), StoreError>;

    /// Writes the end down. Does not wait: it is committed with what comes next, at the latest when the run is stored.
    fn end(&self, attempt: Attempt);

    /// Tells which samples are asked next. Does not wait, and need not be kept: evaluations bring their samples
    /// themselves. A store that keeps each text once can write many of them in one go, which costs less. The default
    /// does nothing.
    fn announce(&self, samples: Vec<Arc<Sample>>) {
        let _ = samples;
    }

    /// Marks every attempt of a run that has begun and not ended as abandoned: for who takes over a run whose process
    /// is gone. Gives their number.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written.
    async fn abandon(&self, run: RunId) -> Result<u64, StoreError>;

    /// The attempts of a run after this one, at most `limit`, in the order in which they began.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn attempts(&self, run: RunId, after: Option<AttemptId>, limit: usize) -> Result<Vec<Attempt>, StoreError>;

    /// What the calls of a scope took together that began at this time or later (UTC) and have ended, with every end that
    /// was told ([`end`](Self::end)).
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn spent(&self, since: Timestamp, scope: &Scope) -> Result<Spending, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<L: AttemptLog + ?Sized> AttemptLog for Arc<L> {
    async fn begin(&self, attempt: &Attempt) -> Result<(), StoreError> {
        (**self).begin(attempt).await
    }

    fn end(&self, attempt: Attempt) {
        (**self).end(attempt);
    }

    fn announce(&self, samples: Vec<Arc<Sample>>) {
        (**self).announce(samples);
    }

    async fn abandon(&self, run: RunId) -> Result<u64, StoreError> {
        (**self).abandon(run).await
    }

    async fn attempts(&self, run: RunId, after: Option<AttemptId>, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        (**self).attempts(run, after, limit).await
    }

    async fn spent(&self, since: Timestamp, scope: &Scope) -> Result<Spending, StoreError> {
        (**self).spent(since, scope).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f35_ids_of_attempts_go_on_when_the_clock_goes_back() {
        let (noon, hour) = (1_800_000_000_000, 3_600_000);
        let times = [noon, noon, noon + 1, noon - hour, noon - hour + 1, noon + 2, noon + 24 * hour];
        let mut ids = vec![0];
        for time in times {
            ids.push(AttemptId::after(ids[ids.len() - 1], time));
        }
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        assert_eq!(ids[ids.len() - 1] >> AttemptId::COUNTER_BITS, noon + 24 * hour, "the time shows again");
        assert!(AttemptId::new() < AttemptId::new());
    }
}
