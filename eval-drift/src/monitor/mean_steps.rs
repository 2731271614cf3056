//! The stream of the mean on its own, with all that it computes on the way.

use super::MonitorSettings;
use super::localise::{Split, strongest};
use super::panel::{Panel, Tally};
use super::stream::Stream;
use crate::ShiryaevRoberts;

/// What the stream of the mean computes of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeanStep {
    pub(crate) level: Option<f64>,
    pub(crate) variance: Option<f64>,
    pub(crate) df: Option<f64>,
    pub(crate) third_cumulant: f64,
    pub(crate) u: Option<f64>,
    pub(crate) evidence: Option<f64>,
    pub(crate) cut: Option<Split>,
}

/// The steps of the stream of the mean over these runs. A run without scores is left out of all that follows.
pub(crate) fn mean_steps(runs: &[Vec<Option<f64>>]) -> Vec<MeanStep> {
    let mut panel = Panel::of(runs.iter().map(Vec::len).max().unwrap_or(0));
    let mut stream = Stream::default();
    (0..).zip(runs).map(|(run, scores)| step(&mut panel, &mut stream, run, scores)).collect()
}

fn step(panel: &mut Panel, stream: &mut Stream, run: u32, scores: &[Option<f64>]) -> MeanStep {
    let settings = MonitorSettings::default();
    let mut tally = [Tally::default()];
    panel.tally(scores, &mut tally, |_| (0, 1.0));
    let spread = stream.spread(&tally[0], &settings);
    let mut step = MeanStep {
        level: None,
        variance: spread.map(|spread| spread.variance),
        df: spread.map(|spread| spread.df),
        third_cumulant: spread.map_or(0.0, |spread| spread.third_cumulant),
        u: None,
        evidence: None,
        cut: None,
    };
    if let Some(sight) = stream.sight(&tally[0], &settings, &ShiryaevRoberts::SHIFTS) {
        step.level = Some(sight.level);
        step.u = sight.u;
        step.evidence = sight.evidence.as_ref().map(|evidence| evidence.drop.evidence());
        step.cut = spread.and_then(|spread| strongest(&stream.splits(run, &sight, spread).collect::<Vec<_>>()));
        panel.absorb(scores);
        stream.absorb(run, sight);
    }
    step
}
