//! Charts of the run means.

use eval_drift::{Cusum, Ewma, PageHinkleySettings};

use super::{Rule, Run, SILENT, moments};
use crate::scenario::CHANGE;

/// The mean and the deviation of the runs before the change: no user knows when to stop, so the charts get the best
/// baseline that there is.
#[derive(Default)]
struct Frozen(Vec<f64>);

impl Frozen {
    /// How far a run lies below the baseline, in its deviations; `None` while it is taken.
    fn drop(&mut self, run: &Run<'_>) -> Option<f64> {
        if run.at < CHANGE {
            self.0.push(run.mean);
            return None;
        }
        let (mean, deviation) = moments(&self.0, 1.0);
        Some((mean - run.mean) / deviation.max(1e-9))
    }
}

#[derive(Default)]
pub struct EwmaChart {
    baseline: Frozen,
    chart: Ewma,
}

impl Rule for EwmaChart {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        self.baseline.drop(run).and_then(|drop| self.chart.update(drop)).unwrap_or(SILENT)
    }
}

#[derive(Default)]
pub struct CusumChart {
    baseline: Frozen,
    chart: Cusum,
}

impl Rule for CusumChart {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        self.baseline.drop(run).map_or(SILENT, |drop| self.chart.update(drop))
    }
}

/// The sum that the Page-Hinkley test compares with its threshold when it looks for a fall.
pub struct PageHinkleyChart {
    settings: PageHinkleySettings,
    mean: f64,
    sum: f64,
    highest: f64,
}

impl Default for PageHinkleyChart {
    fn default() -> Self {
        Self { settings: PageHinkleySettings::default(), mean: 0.0, sum: 0.0, highest: -1.0 }
    }
}

impl Rule for PageHinkleyChart {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        self.mean += (run.mean - self.mean) / (run.at + 1) as f64;
        self.sum = self.settings.alpha * self.sum + run.mean - self.mean + self.settings.delta;
        self.highest = self.highest.max(self.sum);
        let has_enough = run.at as u64 + 1 >= self.settings.min_instances;
        if has_enough { self.highest - self.sum } else { SILENT }
    }
}
