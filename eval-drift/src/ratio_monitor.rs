//! The monitor of ratios: latency, tokens, cost, length.

use eval_core::Status;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::normal_scores::student_to_normal;
use crate::{MonitorSettings, ShiryaevRoberts};

/// Runs that make each question's reference.
const REFERENCE: usize = 8;
/// Values that a question needs in them.
const MIN_VALUES: usize = 3;
/// The part that is cut off at either end before the mean is taken.
const TRIMMED: f64 = 0.2;
/// From this part of the questions on a run counts.
const COVERED: f64 = 0.8;
/// Half a per cent: no level of a run is known better.
const LEAST_SIGMA: f64 = 0.005;

/// Whether a positive quantity (latency, tokens, cost, length) moved against its own past on the same questions.
///
/// The value of a run is the 20 %-trimmed mean over the questions of `ln y_q - median ln y_q`, the median over the
/// first 8 runs: a ratio to what is usual for each question, which single outliers do not move. From the 9th run on it
/// is compared with the mean of all values before, `z = (Y - mean) / (sigma sqrt(1 + 1/n))`, `sigma` by successive
/// differences (at least 0.005) with `2 (n - 1) / 3` degrees of freedom, turned into a normal score (Hill) and fed to
/// the [e-detector](crate::ShiryaevRoberts). Evidence is kept for a rise and, for information, for a fall. From 200 on
/// it is [`Status::Watch`], from 500 on [`Status::Worse`].
///
/// It assumes run values that are close to normal and independent. In simulation (log-normal latency, run deviation of
/// 10 %, 2 % spikes) a rise by 20 % was found after 5 runs, by 50 % after 2, with a false alarm in 7 % of 90-run
/// histories.
///
/// A value that is not a finite number above 0 is missing. A run with less than 80 % of the questions that have a
/// reference is [`Status::Partial`] and not taken in. O(questions) time and memory for a run.
///
/// ```
/// use eval_core::Status;
/// use eval_drift::RatioMonitor;
/// let mut latency = RatioMonitor::default();
/// let run = |factor: f64| -> Vec<Option<f64>> { (1..=50).map(|ms| Some(factor * 100.0 * f64::from(ms))).collect() };
/// for at in 0..12 {
///     latency.observe(&run([1.0, 1.02, 0.99][at % 3]));
/// }
/// let reading = latency.observe(&run(1.5));
/// assert_eq!(reading.status, Status::Worse);
/// assert!((reading.ratio.unwrap() - 1.5).abs() < 0.02);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RatioMonitor {
    /// The logs of the first runs, until each question's median is taken.
    first: Vec<Vec<Option<f64>>>,
    medians: Option<Vec<Option<f64>>>,
    levels: Levels,
    rise: ShiryaevRoberts,
    fall: ShiryaevRoberts,
}

/// What a [`RatioMonitor`] says of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RatioReading {
    /// The finding, about a rise: one of `Warming`, `Steady`, `Watch`, `Worse`, and `Partial`.
    pub status: Status,
    /// Evidence of a rise.
    pub rise: f64,
    /// Evidence of a fall.
    pub fall: f64,
    /// This run over the runs before; `None` while it is warming, or without questions that have a reference.
    pub ratio: Option<f64>,
    /// The 95 % interval of the ratio.
    pub interval: Option<(f64, f64)>,
}

/// The values of the runs so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Levels {
    n: u32,
    total: f64,
    last: f64,
    /// Half the sum of squared steps.
    steps: f64,
}

impl Levels {
    fn take(&mut self, level: f64) {
        if self.n > 0 {
            self.steps += (level - self.last).powi(2) / 2.0;
        }
        self.n += 1;
        self.total += level;
        self.last = level;
    }

    /// How far a level lies above the mean so far, its standard error, and the degrees of freedom of that.
    fn compare(&self, level: f64) -> (f64, f64, f64) {
        let (n, pairs) = (f64::from(self.n), f64::from(self.n) - 1.0);
        let sigma = (self.steps / pairs).sqrt().max(LEAST_SIGMA);
        (level - self.total / n, sigma * (1.0 + 1.0 / n).sqrt(), 2.0 * pairs / 3.0)
    }
}

impl RatioMonitor {
    /// Runs that are needed before anything is said, the one that is looked at included.
    pub const MIN_RUNS: u32 = REFERENCE as u32 + 1;

    /// Takes a run in, given as the value of each question by index, in any unit that stays the same.
    pub fn observe(&mut self, values: &[Option<f64>]) -> RatioReading {
        match &self.medians {
            None => self.found(values.iter().map(log).collect()),
            Some(medians) => self.judge(against(values, medians), medians.iter().flatten().count()),
        }
    }

    /// The evidence of a rise so far.
    pub fn evidence(&self) -> f64 {
        self.rise.evidence()
    }

    /// The log of each question's value over what was usual for it in the first runs; empty while that is not known, and
    /// without what is missing.
    pub fn log_ratios(&self, values: &[Option<f64>]) -> Vec<f64> {
        self.medians.as_ref().map_or_else(Vec::new, |medians| against(values, medians))
    }

    /// Takes one of the first runs in.
    fn found(&mut self, logs: Vec<Option<f64>>) -> RatioReading {
        self.first.push(logs);
        if self.first.len() == REFERENCE {
            let medians = medians(&self.first);
            let levels = self.first.iter().filter_map(|logs| trimmed_mean(residuals(logs, &medians)));
            levels.for_each(|level| self.levels.take(level));
            self.first = vec![];
            self.medians = Some(medians);
        }
        self.reading(Status::Warming, None)
    }

    fn judge(&mut self, residuals: Vec<f64>, known: usize) -> RatioReading {
        let is_covered = residuals.len() as f64 >= COVERED * known as f64;
        // Two of the first runs may have had no question that was there often enough.
        let Some(level) = trimmed_mean(residuals).filter(|_| self.levels.n > 1) else {
            return self.reading(Status::Partial, None);
        };
        let (change, error, df) = self.levels.compare(level);
        if !is_covered {
            return self.reading(Status::Partial, Some((change, error, df)));
        }
        let u = student_to_normal(change / error, df);
        let rise = self.rise.update(u);
        self.fall.update(-u);
        self.levels.take(level);
        let settings = MonitorSettings::default();
        let status = match rise {
            rise if rise >= settings.alarm => Status::Worse,
            rise if rise >= settings.watch => Status::Watch,
            _ => Status::Steady,
        };
        self.reading(status, Some((change, error, df)))
    }

    fn reading(&self, status: Status, change: Option<(f64, f64, f64)>) -> RatioReading {
        let interval = change.and_then(|(change, error, df)| {
            let reach = StudentsT::new(0.0, 1.0, df).ok()?.inverse_cdf(0.975) * error;
            Some(((change - reach).exp(), (change + reach).exp()))
        });
        let (rise, fall) = (self.rise.evidence(), self.fall.evidence());
        RatioReading { status, rise, fall, ratio: change.map(|(change, ..)| change.exp()), interval }
    }
}

fn log(value: &Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite() && *value > 0.0).map(f64::ln)
}

/// What the log of each question that has a median differs from it by.
fn against(values: &[Option<f64>], medians: &[Option<f64>]) -> Vec<f64> {
    let mut residuals = Vec::with_capacity(values.len());
    let known = values.iter().zip(medians).filter_map(|(value, median)| Some(log(value)? - (*median)?));
    residuals.extend(known);
    residuals
}

/// What each question that has a median differs from it by.
fn residuals(logs: &[Option<f64>], medians: &[Option<f64>]) -> Vec<f64> {
    logs.iter().zip(medians).filter_map(|(log, median)| Some((*log)? - (*median)?)).collect()
}

/// The median of each question that has values enough.
fn medians(runs: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
    let questions = runs.iter().map(Vec::len).max().unwrap_or(0);
    let of = |at: usize| runs.iter().filter_map(|logs| logs.get(at).copied().flatten()).collect();
    (0..questions).map(|at| median(of(at))).collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let is_odd = values.len() % 2 == 1;
    (values.len() >= MIN_VALUES)
        .then(|| if is_odd { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 })
}

/// The mean of what is left when a fifth is cut off at either end; `None` without values.
fn trimmed_mean(mut values: Vec<f64>) -> Option<f64> {
    let cut = (values.len() as f64 * TRIMMED) as usize;
    if cut == 0 {
        return crate::moments::mean(&values);
    }
    values.select_nth_unstable_by(cut, f64::total_cmp);
    let rest = &mut values[cut..];
    let kept = rest.len() - cut;
    rest.select_nth_unstable_by(kept, f64::total_cmp);
    crate::moments::mean(&rest[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_cut_off_at_either_end() {
        assert_eq!(trimmed_mean(vec![9.0, 1.0, 100.0, 2.0, -50.0]), Some(4.0));
        assert_eq!(trimmed_mean((0..10).rev().map(f64::from).collect()), Some(4.5));
        assert_eq!((trimmed_mean(vec![1.0, 2.0]), trimmed_mean(vec![])), (Some(1.5), None));
    }

    #[test]
    fn what_is_missing_or_not_above_zero_is_left_out() {
        let mut monitor = RatioMonitor::default();
        let run = [Some(1.0), Some(0.0), Some(f64::NAN), None, Some(f64::INFINITY), Some(-1.0)];
        for _ in 0..30 {
            let reading = monitor.observe(&run);
            assert!(reading.rise < 3.0 && reading.ratio.is_none_or(|ratio| ratio == 1.0), "{reading:?}");
        }
        assert_eq!(monitor.observe(&[]).status, Status::Partial);
        let mut empty = RatioMonitor::default();
        assert!((0..30).all(|_| empty.observe(&[]).ratio.is_none()));
    }
}
