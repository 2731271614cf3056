//! The change-point model on each stream of `QualityMonitor`.

use eval_drift::{StreamReading, glr_threshold, hill_score};

use super::evidence::place;
use super::{Rule, Run, SILENT};
use crate::model::CATEGORIES;

/// Runs before a cut.
const BEFORE: usize = 5;
/// Cuts among the latest runs.
const RECENT: usize = 90;
/// Rates of false alarms that have thresholds.
const RATES: [f64; 7] = [0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];

/// The levels of each stream so far.
#[derive(Default)]
pub struct ChangePoint([Vec<f64>; CATEGORIES + 2]);

impl ChangePoint {
    /// The negative decimal logarithm of the rate of false alarms at which this stream, with its weight, would alarm.
    fn surprise(&mut self, stream: &StreamReading) -> f64 {
        let levels = &mut self.0[place(stream.kind)];
        levels.extend(stream.level);
        let (Some(sigma), Some(effect)) = (stream.sigma, stream.effect) else { return SILENT };
        let largest = largest_drop(levels) / sigma;
        match hill_score(largest, effect.df) {
            Some(score) if stream.weight > 0.0 => surprise(levels.len(), score) + stream.weight.log10(),
            _ => SILENT,
        }
    }
}

impl Rule for ChangePoint {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        run.reading.streams.iter().map(|stream| self.surprise(stream)).fold(SILENT, f64::max)
    }
}

/// The largest difference between the mean before and the mean after a cut, in units of its standard error with a
/// deviation of 1.
fn largest_drop(levels: &[f64]) -> f64 {
    let (runs, total) = (levels.len(), levels.iter().sum::<f64>());
    let (mut end, mut largest) = (0.0, f64::NEG_INFINITY);
    for (after, level) in (1..).zip(levels.iter().rev()).take(RECENT.min(runs.saturating_sub(BEFORE))) {
        end += level;
        let (before, after) = ((runs - after) as f64, after as f64);
        largest = largest.max(((total - end) / before - end / after) / (1.0 / before + 1.0 / after).sqrt());
    }
    largest
}

/// The negative decimal logarithm of the rate whose threshold at run `t` this score is: the square of a threshold is
/// nearly linear in it.
fn surprise(t: usize, score: f64) -> f64 {
    let threshold = |rate: f64| Some((glr_threshold(t, rate)?.powi(2), -rate.log10()));
    let known: Vec<(f64, f64)> = RATES.into_iter().filter_map(threshold).collect();
    let square = score * score.abs();
    let at =
        known.iter().position(|(other, _)| *other > square).unwrap_or(known.len()).clamp(1, known.len().max(2) - 1);
    match (known.get(at - 1), known.get(at)) {
        (Some((left, low)), Some((right, high))) => low + (square - left) / (right - left) * (high - low),
        _ => SILENT,
    }
}
