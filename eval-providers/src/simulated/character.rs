//! What a simulated model is like, and what becomes of one call.

use std::collections::BTreeMap;

use eval_core::{Money, Origin, ProviderErrorKind, Timestamp, Usage};
use statrs::function::erf::erfc;

use super::Drift;
use crate::random::Random;

/// Of what is not luck: the share of a question's difficulty, which all models meet. The rest is the model's bent.
const DIFFICULTY: f64 = 5.0 / 8.0;

/// The settings of a model.
#[derive(Debug, Clone)]
pub(super) struct Character {
    pub(super) name: String,
    pub(super) seed: u64,
    pub(super) accuracy: f64,
    pub(super) categories: BTreeMap<String, f64>,
    pub(super) luck: f64,
    pub(super) median_ms: f64,
    pub(super) sigma: f64,
    /// Dollars for a million tokens of prompts and of answers.
    pub(super) price: Option<(f64, f64)>,
    pub(super) error_rate: f64,
    pub(super) error_kind: ProviderErrorKind,
    pub(super) refusal_rate: f64,
    pub(super) fingerprint: Option<String>,
    /// In the order of their dates.
    pub(super) drifts: Vec<Drift>,
    pub(super) now: Option<Timestamp>,
    pub(super) real_time: bool,
}

impl Character {
    pub(super) fn new(name: String, seed: u64) -> Self {
        Self {
            name,
            seed,
            accuracy: 0.8,
            categories: BTreeMap::new(),
            luck: 0.1,
            median_ms: 500.0,
            sigma: 0.3,
            price: None,
            error_rate: 0.0,
            error_kind: ProviderErrorKind::Timeout,
            refusal_rate: 0.0,
            fingerprint: Some("fp_simulated".to_owned()),
            drifts: Vec::new(),
            now: None,
            real_time: false,
        }
    }

    pub(super) fn cost(&self, usage: &Usage) -> Option<Money> {
        let (prompt, completion) = self.price?;
        Money::from_usd((usage.prompt_tokens? as f64 * prompt + usage.completion_tokens? as f64 * completion) / 1e6)
    }

    pub(super) fn fingerprint_at(&self, now: Timestamp) -> Option<String> {
        let changed = self.drifts_at(now).filter_map(|drift| drift.fingerprint.as_ref()).next_back();
        changed.or(self.fingerprint.as_ref()).cloned()
    }

    fn drifts_at(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = &Drift> {
        self.drifts.iter().filter(move |drift| drift.from <= now)
    }

    fn accuracy_at(&self, category: &str, now: Timestamp) -> f64 {
        let usual = self.categories.get(category).copied().unwrap_or(self.accuracy);
        let moved: f64 = self.drifts_at(now).filter(|drift| drift.concerns(category)).map(|drift| drift.points).sum();
        (usual + moved / 100.0).clamp(0.0, 1.0)
    }
}

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Fails,
    Refuses,
    IsRight,
    IsWrong,
}

/// One call. All its numbers are drawn at once and in this order, so that a change of one setting leaves the
/// others' numbers alone.
pub(super) struct Call<'a> {
    character: &'a Character,
    sample: &'a str,
    now: Timestamp,
    error: f64,
    refusal: f64,
    luck: f64,
    latency: f64,
    dice: Random,
}

impl<'a> Call<'a> {
    pub(super) fn new(character: &'a Character, origin: &'a Origin, now: Timestamp) -> Self {
        let sample = origin.sample.as_str();
        let day = now.as_second().div_euclid(86_400).to_string();
        let (seed, epoch) = (character.seed.to_string(), origin.epoch.to_string());
        let mut dice = Random::keyed(&["call", &character.name, &seed, sample, &epoch, &day]);
        let (error, refusal) = (dice.unit(), dice.unit());
        let (luck, latency) = (dice.normal(), dice.normal());
        Self { character, sample, now, error, refusal, luck, latency, dice }
    }

    /// What becomes of the call. Without a category the question is not in the key.
    pub(super) fn fate(&self, category: Option<&str>) -> Fate {
        if self.error < self.character.error_rate {
            Fate::Fails
        } else if self.refusal < self.character.refusal_rate {
            Fate::Refuses
        } else if category.is_some_and(|category| self.is_right(category)) {
            Fate::IsRight
        } else {
            Fate::IsWrong
        }
    }

    /// As documented at [`Simulated`](super::Simulated).
    fn is_right(&self, category: &str) -> bool {
        let (character, lasting) = (self.character, 1.0 - self.character.luck);
        let difficulty = Random::keyed(&["difficulty", self.sample]).normal();
        let bent = Random::keyed(&["bent", &character.name, &character.seed.to_string(), self.sample]).normal();
        let latent = (lasting * DIFFICULTY).sqrt() * difficulty
            + (lasting * (1.0 - DIFFICULTY)).sqrt() * bent
            + character.luck.sqrt() * self.luck;
        normal_cdf(latent) < character.accuracy_at(category, self.now)
    }

    /// Log-normal, in milliseconds.
    pub(super) fn latency_ms(&self) -> f64 {
        let slower: f64 = self.character.drifts_at(self.now).map(|drift| drift.latency_factor).product();
        self.character.median_ms * slower * (self.character.sigma * self.latency).exp()
    }

    /// Further numbers of this call.
    pub(super) fn dice(&mut self) -> &mut Random {
        &mut self.dice
    }
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / std::f64::consts::SQRT_2)
}
