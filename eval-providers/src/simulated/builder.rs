//! Settings of a simulated model.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use eval_core::{ProviderErrorKind, SampleId, Timestamp};

use super::character::Character;
use super::key::{AnswerKey, Known};
use super::{Drift, Simulated};

/// Settings of a [`Simulated`] model.
///
/// Shares are numbers from 0 to 1; what lies outside is taken as the nearer end.
#[derive(Clone)]
#[must_use]
pub struct SimulatedBuilder {
    character: Character,
    known: HashMap<SampleId, Known>,
}

impl SimulatedBuilder {
    pub(super) fn new(name: String, seed: u64) -> Self {
        Self { character: Character::new(name, seed), known: HashMap::new() }
    }

    /// The answers that the model has seen: id, category and expected output of each sample. Default: none.
    pub fn answers<C, T>(mut self, key: impl IntoIterator<Item = (SampleId, C, T)>) -> Self
    where
        C: Into<Arc<str>>,
        T: Into<Arc<str>>,
    {
        let known = |category: C, target: T| Known { category: category.into(), target: target.into() };
        self.known.extend(key.into_iter().map(|(id, category, target)| (id, known(category, target))));
        self
    }

    /// The share of right answers. Default: 0.8.
    pub fn accuracy(mut self, share: f64) -> Self {
        self.character.accuracy = share.clamp(0.0, 1.0);
        self
    }

    /// The share of right answers in one category. Default: that of all.
    pub fn accuracy_in(mut self, category: impl Into<String>, share: f64) -> Self {
        self.character.categories.insert(category.into(), share.clamp(0.0, 1.0));
        self
    }

    /// How much of what decides between right and wrong is drawn anew for each epoch and day, as a share of the
    /// variance. With 0 every repeat is the same, with 1 no question is harder than another. Default: 0.1.
    pub fn luck(mut self, share: f64) -> Self {
        self.character.luck = share.clamp(0.0, 1.0);
        self
    }

    /// The median latency in milliseconds and the standard deviation of its natural logarithm. Default: 500 ms
    /// and 0.3. The time is reported, not spent, unless [`real_time`](Self::real_time) says so.
    pub fn latency(mut self, median_ms: f64, sigma: f64) -> Self {
        (self.character.median_ms, self.character.sigma) = (median_ms, sigma);
        self
    }

    /// US dollars for a million tokens of prompts and of answers. Default: no price, so that the cost is unknown.
    pub fn price(mut self, prompt: f64, completion: f64) -> Self {
        self.character.price = Some((prompt, completion));
        self
    }

    /// The share of calls that fail. Default: 0.
    pub fn error_rate(mut self, share: f64) -> Self {
        self.character.error_rate = share.clamp(0.0, 1.0);
        self
    }

    /// How calls fail. Default: [`ProviderErrorKind::Timeout`].
    pub fn error_kind(mut self, kind: ProviderErrorKind) -> Self {
        self.character.error_kind = kind;
        self
    }

    /// The share of calls that are refused with an apology. Default: 0.
    pub fn refusal_rate(mut self, share: f64) -> Self {
        self.character.refusal_rate = share.clamp(0.0, 1.0);
        self
    }

    /// The fingerprint that is served. Default: `fp_simulated`.
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.character.fingerprint = Some(fingerprint.into());
        self
    }

    /// One more change, from a date on. Changes add up; of several fingerprints the latest holds. Default: none.
    pub fn drift(mut self, drift: Drift) -> Self {
        self.character.drifts.push(drift);
        self.character.drifts.sort_by_key(|drift| drift.from);
        self
    }

    /// The time it is for the model, so that a history can be made. Default: the real time of each call.
    pub fn now(mut self, now: Timestamp) -> Self {
        self.character.now = Some(now);
        self
    }

    /// Whether an answer takes as long as it says. Default: no.
    pub fn real_time(mut self, yes: bool) -> Self {
        self.character.real_time = yes;
        self
    }

    /// The model.
    pub fn build(self) -> Simulated {
        Simulated { character: Arc::new(self.character), key: Arc::new(AnswerKey::new(self.known)) }
    }
}

impl fmt::Debug for SimulatedBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedBuilder")
            .field("character", &self.character)
            .field("answers", &self.known.len())
            .finish()
    }
}
