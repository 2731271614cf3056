//! What a simulated model is like.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use eval_core::{Money, SampleId, Timestamp, Usage};

use super::{Drift, Known, Simulated};

/// Settings of a [`Simulated`] model.
#[must_use]
pub struct SimulatedBuilder {
    character: Character,
    key: HashMap<SampleId, Known>,
}

#[derive(Debug, Clone)]
pub(super) struct Character {
    pub(super) name: String,
    pub(super) seed: u64,
    accuracy: f64,
    categories: HashMap<String, f64>,
    pub(super) coin_flips: f64,
    pub(super) median_ms: f64,
    pub(super) sigma: f64,
    price: Option<(f64, f64)>,
    pub(super) error_rate: f64,
    pub(super) refusal_rate: f64,
    pub(super) fingerprint: Option<String>,
    pub(super) drifts: Vec<Drift>,
    pub(super) now: Option<Timestamp>,
    pub(super) real_time: bool,
}

impl Character {
    pub(super) fn accuracy_in(&self, category: &str) -> f64 {
        self.categories
            .get(category)
            .copied()
            .unwrap_or(self.accuracy)
    }

    pub(super) fn cost(&self, usage: &Usage) -> Option<Money> {
        let (prompt, completion) = self.price?;
        Money::from_usd(
            (usage.prompt_tokens? as f64 * prompt + usage.completion_tokens? as f64 * completion)
                / 1e6,
        )
    }
}

impl SimulatedBuilder {
    pub(super) fn new(name: String, seed: u64) -> Self {
        let character = Character {
            name,
            seed,
            accuracy: 0.8,
            categories: HashMap::new(),
            coin_flips: 0.2,
            median_ms: 500.0,
            sigma: 0.3,
            price: None,
            error_rate: 0.0,
            refusal_rate: 0.0,
            fingerprint: Some("fp_simulated".into()),
            drifts: Vec::new(),
            now: None,
            real_time: false,
        };
        Self {
            character,
            key: HashMap::new(),
        }
    }

    /// The answers that the model has seen: id, category, expected output of each sample. Questions that are not among
    /// them get no right answer.
    pub fn answers<C: AsRef<str>, T: AsRef<str>>(
        mut self,
        key: impl IntoIterator<Item = (SampleId, C, T)>,
    ) -> Self {
        for (id, category, target) in key {
            self.key.insert(
                id,
                Known {
                    category: category.as_ref().into(),
                    target: target.as_ref().into(),
                },
            );
        }
        self
    }

    /// The share of right answers, from 0 to 1. Default 0.8.
    pub fn accuracy(mut self, share: f64) -> Self {
        self.character.accuracy = share;
        self
    }

    /// The share of right answers in a category, from 0 to 1. Default: that of all.
    pub fn accuracy_in(mut self, category: impl Into<String>, share: f64) -> Self {
        self.character.categories.insert(category.into(), share);
        self
    }

    /// The share of questions, from 0 to 1, whose answer is drawn anew in each epoch and on each day. The others are
    /// answered alike every time. Default 0.2.
    pub fn coin_flips(mut self, share: f64) -> Self {
        self.character.coin_flips = share;
        self
    }

    /// The median latency in ms and the standard deviation of its logarithm. Default 500 ms and 0.3. The time is
    /// reported, not spent, unless [`real_time`](Self::real_time) says so.
    pub fn latency(mut self, median_ms: f64, sigma: f64) -> Self {
        (self.character.median_ms, self.character.sigma) = (median_ms, sigma);
        self
    }

    /// Dollars for a million tokens of prompts and of answers. Default: no price, so the cost is unknown.
    pub fn price(mut self, prompt: f64, completion: f64) -> Self {
        self.character.price = Some((prompt, completion));
        self
    }

    /// The share of calls that fail, from 0 to 1. Default 0. A retry of the same question fails alike.
    pub fn error_rate(mut self, share: f64) -> Self {
        self.character.error_rate = share;
        self
    }

    /// The share of questions that are refused, from 0 to 1. Default 0.
    pub fn refusal_rate(mut self, share: f64) -> Self {
        self.character.refusal_rate = share;
        self
    }

    /// The fingerprint that is shown. Default `fp_simulated`.
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.character.fingerprint = Some(fingerprint.into());
        self
    }

    /// A change on a day. Several add up.
    pub fn drift(mut self, drift: Drift) -> Self {
        self.character.drifts.push(drift);
        self
    }

    /// The day it is for the model, so that a history can be simulated. Default: today.
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
        let mut ids: Vec<_> = self.key.iter().collect();
        // By id, so that the same wrong answers come out whatever the order of the key was.
        ids.sort_by(|a, b| a.0.cmp(b.0));
        let targets: Arc<[Arc<str>]> = ids
            .into_iter()
            .map(|(_, known)| known.target.clone())
            .collect();
        Simulated {
            character: Arc::new(self.character),
            key: Arc::new(self.key),
            targets,
        }
    }
}

impl fmt::Debug for SimulatedBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedBuilder")
            .field("name", &self.character.name)
            .finish_non_exhaustive()
    }
}
