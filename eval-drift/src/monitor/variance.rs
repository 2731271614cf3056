//! How far a stream's level varies from run to run while nothing changes.

use super::MonitorSettings;
use super::panel::Tally;
use crate::normal_scores::{student_to_normal, wilson_hilferty};

/// What the assumed noise of runs weighs, in degrees of freedom.
const PRIOR_DF: f64 = 4.0;
/// From so many runs on skewness is looked at.
const SKEWNESS_FROM: u32 = 4;
/// No level varies less, so that no step is infinitely unlikely.
const LEAST: f64 = 1e-12;

/// The variance of a stream's level, and what its distribution is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) variance: f64,
    pub(crate) df: f64,
    /// How many times the variance that single questions explain; at least 1.
    pub(crate) dispersion: f64,
    pub(crate) third_cumulant: f64,
}

impl Spread {
    /// The spread after `runs` runs and `pairs` pairs of them with the sum of squares `steps`; `None` without a pair.
    ///
    /// The variance of single questions is multiplied by a dispersion for what moves all questions of a run together,
    /// shrunk to an assumed noise (Smyth 2004).
    pub(crate) fn of(tally: &Tally, runs: u32, pairs: u32, steps: f64, settings: &MonitorSettings) -> Option<Self> {
        if pairs == 0 || tally.questions == 0 {
            return None;
        }
        let questions = tally.variance(pairs);
        let own_df = 2.0 * f64::from(pairs) / 3.0;
        let df = PRIOR_DF + own_df;
        let observed = steps / f64::from(pairs) / questions;
        let assumed = 1.0 + settings.run_noise.powi(2) / questions;
        let dispersion = ((PRIOR_DF * assumed + own_df * observed) / df).max(1.0);
        let variance = (dispersion * questions).max(LEAST);
        let third_cumulant = if runs >= SKEWNESS_FROM { tally.third_cumulant(runs) } else { 0.0 };
        Some(Self { variance, df, dispersion, third_cumulant })
    }

    /// The spread of a level that only this part of the questions makes.
    pub(crate) fn at_coverage(self, coverage: f64) -> Self {
        Self { variance: self.variance / coverage, third_cumulant: self.third_cumulant / coverage.powi(2), ..self }
    }

    /// The standard error of a difference between means of `1 / before` and `1 / after` runs.
    pub(crate) fn error(&self, before: f64, after: f64) -> f64 {
        (self.variance * (before + after)).sqrt()
    }

    /// The normal scores of a drop from the mean of `1 / before` runs to that of `1 / after`: what skewness adds to the
    /// evidence is left out, on either side.
    pub(crate) fn scores(&self, drop: f64, before: f64, after: f64) -> Scores {
        let error = self.error(before, after);
        let plain = student_to_normal(drop / error, self.df);
        let skewness = self.third_cumulant * (before * before - after * after) / error.powi(3);
        let skewed = wilson_hilferty(plain, skewness);
        Scores { drop: plain.min(skewed), rise: -plain.max(skewed) }
    }
}

/// The normal scores of a difference, one for each direction that is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scores {
    pub(crate) drop: f64,
    pub(crate) rise: f64,
}
