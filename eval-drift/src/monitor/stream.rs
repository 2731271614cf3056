//! One weighted mean of questions, run after run.

use std::collections::VecDeque;

use super::MonitorSettings;
use super::evidence::Evidence;
use super::localise::{RECENT, Split, splits};
use super::panel::Tally;
use super::variance::Spread;

/// Runs that a level must have before anything is bet.
pub(crate) const BASELINE: u32 = 5;

/// What is remembered of a stream.
///
/// Its level is anchored at its first run and moves by the mean residual of the questions that are there, so it stays
/// comparable when questions are missing or join. With all questions in all runs it is their weighted mean.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Stream {
    pub(crate) runs: u32,
    total: f64,
    /// The number and level of the latest runs.
    recent: VecDeque<(u32, f64)>,
    pairs: u32,
    /// Half the sum of squared steps from run to run.
    steps: f64,
    pub(crate) evidence: Option<Evidence>,
}

/// What a stream sees in a run that it has not taken in yet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sight {
    pub(crate) questions: u32,
    pub(crate) present: u32,
    pub(crate) level: f64,
    /// The level minus the baseline's; `None` in the first run.
    pub(crate) change: Option<f64>,
    /// `None` before the third run.
    pub(crate) spread: Option<Spread>,
    /// The standard error of the change.
    pub(crate) error: Option<f64>,
    /// The normal score of a drop; `None` while there is too little to bet on.
    pub(crate) u: Option<f64>,
    pub(crate) evidence: Option<Evidence>,
    step: f64,
}

impl Stream {
    /// The mean level so far; 0 before the first run.
    pub(crate) fn baseline(&self) -> f64 {
        if self.runs > 0 { self.total / f64::from(self.runs) } else { 0.0 }
    }

    /// How far the level varies, as far as the runs before this one tell.
    pub(crate) fn spread(&self, tally: &Tally, settings: &MonitorSettings) -> Option<Spread> {
        Spread::of(tally, self.runs, self.pairs, self.steps, settings)
    }

    /// What this run says; `None` when none of the questions is there. `bets` is what the evidence begins with.
    pub(crate) fn sight(&self, tally: &Tally, settings: &MonitorSettings, bets: &[f64]) -> Option<Sight> {
        if tally.present == 0 {
            return None;
        }
        let (residual, inverse_n) = (tally.residual(), tally.inverse_n());
        let spread = self.spread(tally, settings).map(|spread| spread.at_coverage(tally.coverage()));
        let scores = spread.filter(|_| self.runs >= BASELINE).map(|spread| spread.scores(-residual, inverse_n, 1.0));
        Some(Sight {
            questions: tally.questions,
            present: tally.present,
            level: self.baseline() + residual,
            change: (self.runs > 0).then_some(residual),
            error: spread.map(|spread| spread.error(inverse_n, 1.0)),
            spread,
            u: scores.map(|scores| scores.drop),
            evidence: scores
                .map(|scores| self.evidence.clone().unwrap_or_else(|| Evidence::betting_on(bets)).updated(scores)),
            step: tally.step(),
        })
    }

    pub(crate) fn absorb(&mut self, run: u32, sight: Sight) {
        if self.runs > 0 {
            self.pairs += 1;
            self.steps += sight.step * sight.step / 2.0;
        }
        self.runs += 1;
        self.total += sight.level;
        self.recent.push_back((run, sight.level));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.evidence = sight.evidence;
    }

    /// Every way to cut the runs, the one in sight included, into a baseline and what came after; the shortest end
    /// first.
    pub(crate) fn splits<'a>(&'a self, run: u32, sight: &'a Sight, spread: Spread) -> impl Iterator<Item = Split> + 'a {
        let latest = std::iter::once((run, sight.level)).chain(self.recent.iter().rev().copied());
        splits(latest, self.runs + 1, self.total + sight.level, spread)
    }
}
