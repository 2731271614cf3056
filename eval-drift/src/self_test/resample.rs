//! Runs drawn from stored scores, with a change or without.

use std::collections::BTreeMap;
use std::sync::Arc;

use eval_core::SampleKey;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Injection, LEAST_RUNS};
use crate::moments::{mean, standard_deviation};
use crate::{QuestionScores, RunScores};

/// The drops that are injected by default, in points.
const DROPS: [f64; 5] = [1.0, 2.0, 3.0, 5.0, 10.0];
/// What the largest category loses by default, in points.
const CATEGORY_DROP: f64 = 20.0;
/// The share of questions that break by default, in percent.
const BROKEN: f64 = 3.0;
/// With fewer runs than this their common noise is not estimated but assumed.
const NOISE_FROM: usize = 8;
/// The noise that is assumed then.
const NOISE: f64 = 0.005;

/// Random numbers of one history.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number from 0 to below 1.
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, chance: f64) -> bool {
        self.uniform() < chance
    }

    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// A standard normal number, near enough: the sum of twelve uniform ones (Irwin and Hall).
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// A question with all its stored scores.
pub(super) struct Stored {
    pub(super) key: Arc<SampleKey>,
    pub(super) name: Arc<str>,
    pub(super) category: u32,
    scores: Vec<f64>,
}

impl Stored {
    /// A question without scores yet, in a category without a number yet.
    fn of(question: &QuestionScores) -> Self {
        let (key, name) = (question.key.clone(), question.category.clone());
        Self { key, name, category: 0, scores: Vec::new() }
    }
}

/// The questions that were scored in three runs at least.
pub(super) struct Pool {
    pub(super) questions: Vec<Stored>,
    pub(super) mean: f64,
    /// What moves a run as a whole, as a standard deviation of its mean.
    pub(super) run_noise: f64,
}

/// What is done to the answers of each question: it is lost with this chance.
pub(super) struct LostWith(Vec<f64>);

impl Pool {
    pub(super) fn of(history: &[RunScores]) -> Self {
        let mut stored: BTreeMap<&SampleKey, (Stored, usize)> = BTreeMap::new();
        let mut categories: BTreeMap<&str, u32> = BTreeMap::new();
        for question in history.iter().flat_map(|run| &run.questions).filter(|question| !question.scores.is_empty()) {
            let (found, runs) = stored.entry(&question.key).or_insert_with(|| (Stored::of(question), 0));
            found.scores.extend(&question.scores);
            *runs += 1;
        }
        let often = stored.into_values().filter(|(_, runs)| *runs >= LEAST_RUNS);
        let mut questions: Vec<Stored> = often.map(|(question, _)| question).collect();
        let names: Vec<Arc<str>> = questions.iter().map(|question| question.name.clone()).collect();
        for (question, name) in questions.iter_mut().zip(&names) {
            let next = categories.len() as u32;
            question.category = *categories.entry(name).or_insert(next);
        }
        let means: Vec<f64> = questions.iter().filter_map(|question| mean(&question.scores)).collect();
        let run_noise = run_noise(history, &questions);
        Self { mean: mean(&means).unwrap_or(0.0), questions, run_noise }
    }

    /// What is injected by default.
    pub(super) fn injections(&self) -> Vec<Injection> {
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        self.questions.iter().for_each(|question| *sizes.entry(&question.name).or_default() += 1);
        // The first of the largest ones.
        let largest = sizes.into_iter().rev().max_by_key(|(_, size)| *size).map_or("", |(name, _)| name);
        let category = Injection::Category { name: largest.to_owned(), points: CATEGORY_DROP };
        let drops = DROPS.into_iter().map(|points| Injection::Drop { points });
        let rest = [category, Injection::Break { percent: BROKEN }];
        std::iter::once(Injection::Nothing).chain(drops).chain(rest).collect()
    }

    /// What an injection does to each question. A break hits other questions each time.
    pub(super) fn change(&self, injection: &Injection, dice: &mut Dice) -> LostWith {
        let n = self.questions.len();
        LostWith(match injection {
            Injection::Nothing => vec![0.0; n],
            Injection::Drop { points } => vec![lost(*points, self.mean); n],
            Injection::Category { name, points } => {
                let within = self.questions.iter().filter(|question| &*question.name == name.as_str());
                let means: Vec<f64> = within.filter_map(|question| mean(&question.scores)).collect();
                let chance = lost(*points, mean(&means).unwrap_or(0.0));
                let of = |question: &Stored| if &*question.name == name.as_str() { chance } else { 0.0 };
                self.questions.iter().map(of).collect()
            }
            Injection::Break { percent } => {
                let mut chances = vec![0.0; n];
                let mut whole: Vec<usize> = (0..n).collect();
                let broken = ((n as f64 * percent / 100.0).ceil() as usize).min(n);
                (0..broken).for_each(|_| chances[whole.swap_remove(dice.below(whole.len()))] = 1.0);
                chances
            }
        })
    }

    /// What moves a run as a whole.
    pub(super) fn whole(&self, dice: &mut Dice) -> f64 {
        self.run_noise * dice.normal()
    }

    /// A run of one epoch.
    pub(super) fn draw(&self, change: Option<&LostWith>, dice: &mut Dice) -> Vec<f64> {
        let whole = self.whole(dice);
        self.draw_in(whole, change, dice)
    }

    /// An epoch of a run that moves as a whole by this much.
    pub(super) fn draw_in(&self, whole: f64, change: Option<&LostWith>, dice: &mut Dice) -> Vec<f64> {
        let fall = if whole < 0.0 { lost(-100.0 * whole, self.mean) } else { 0.0 };
        let rise = if whole > 0.0 { lost(100.0 * whole, 1.0 - self.mean) } else { 0.0 };
        let draw = |(at, question): (usize, &Stored)| {
            let drawn = question.scores[dice.below(question.scores.len())];
            let lost = change.map_or(0.0, |change| change.0[at]);
            let (loses, falls, rises) = (dice.chance(lost), dice.chance(fall), dice.chance(rise));
            match (loses || falls, rises) {
                (true, _) => 0.0,
                (false, true) => 1.0,
                (false, false) => drawn,
            }
        };
        self.questions.iter().enumerate().map(draw).collect()
    }
}

/// The chance with which an answer is lost, so that a mean falls by so many points.
fn lost(points: f64, mean: f64) -> f64 {
    if mean > 0.0 { (points / 100.0 / mean).clamp(0.0, 1.0) } else { 0.0 }
}

/// What the means of the runs vary beyond the luck of their questions.
fn run_noise(history: &[RunScores], questions: &[Stored]) -> f64 {
    if history.len() < NOISE_FROM {
        return NOISE;
    }
    let level = |run: &RunScores| mean(&run.questions.iter().filter_map(QuestionScores::mean).collect::<Vec<_>>());
    let levels: Vec<f64> = history.iter().filter_map(level).collect();
    let variance = |values: &[f64]| Some(standard_deviation(values, mean(values)?)?.powi(2));
    let epochs = questions.iter().map(|question| question.scores.len()).sum::<usize>() as f64
        / (questions.len() * history.len()).max(1) as f64;
    let luck: f64 = questions.iter().filter_map(|question| variance(&question.scores)).sum::<f64>();
    let luck = luck / (questions.len() as f64).powi(2).max(1.0) / epochs.max(1.0);
    (variance(&levels).unwrap_or(0.0) - luck).max(0.0).sqrt()
}
