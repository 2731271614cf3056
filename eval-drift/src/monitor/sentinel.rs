//! The stream that listens to the questions that never moved.

use super::MonitorSettings;
use super::panel::{Panel, Tally};
use super::question::Factors;
use super::stream::{Sight, Stream};
use crate::ShiryaevRoberts;

/// The weights come of so many runs, none of which the stream looks at again.
pub(crate) const FOUNDING: u32 = 10;
/// What a question's own variance and that of all weigh.
const OWN: f64 = 9.0;
const COMMON: f64 = 4.0;

/// A stream in which a question weighs the more the less it varied in the first runs: a question that was always
/// right and then fails says more than one that comes and goes.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Sentinel {
    weights: Vec<f64>,
    panel: Panel,
    pub(crate) stream: Stream,
}

impl Sentinel {
    /// The stream that follows these first runs. Questions that were not in them weigh nothing.
    pub(crate) fn after(panel: &Panel) -> Self {
        let weights = weights(panel);
        Self { panel: Panel::of(weights.len()), weights, stream: Stream::default() }
    }

    pub(crate) fn sight(&self, scores: &[Option<f64>], settings: &MonitorSettings) -> Option<Sight> {
        let mut tally = [Tally::default()];
        self.panel.tally(scores, &mut tally, |at| (0, self.weights[at]));
        self.stream.sight(&tally[0], settings, &ShiryaevRoberts::SHIFTS)
    }

    pub(crate) fn absorb(&mut self, run: u32, scores: &[Option<f64>], sight: Option<Sight>) {
        self.panel.absorb(scores);
        if let Some(sight) = sight {
            self.stream.absorb(run, sight);
        }
    }
}

/// `1 / ((9 v_q + 4 v) / 13)`, where `v` is the mean of the variances `v_q`; all alike when nothing ever moved.
fn weights(panel: &Panel) -> Vec<f64> {
    let variances: Vec<Option<f64>> = panel
        .questions
        .iter()
        .map(|question| (question.n > 1).then(|| question.variance(&Factors::of(question.n))))
        .collect();
    let known = variances.iter().flatten().count();
    let common = variances.iter().flatten().sum::<f64>() / known.max(1) as f64;
    let weight = |variance: f64| {
        if common > 0.0 { (OWN + COMMON) / (OWN * variance + COMMON * common) * common } else { 1.0 }
    };
    variances.into_iter().map(|variance| variance.map_or(0.0, weight)).collect()
}
