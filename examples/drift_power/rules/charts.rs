//! Charts of the run means.

use eval_drift::{Cusum, Ewma, PageHinkleySettings};

use super::{Rule, Run, SILENT, moments};

/// The mean and the deviation of the first runs.
struct Frozen {
    runs: usize,
    means: Vec<f64>,
}

impl Frozen {
    /// How far a run lies below the baseline, in its deviations; `None` while it is taken.
    fn drop(&mut self, run: &Run<'_>) -> Option<f64> {
        if run.at < self.runs {
            self.means.push(run.mean);
            return None;
        }
        let (mean, deviation) = moments(&self.means, 1.0);
        Some((mean - run.mean) / deviation.max(1e-9))
    }
}

/// A chart of the standardised distances to a baseline.
pub struct Chart<C> {
    baseline: Frozen,
    chart: C,
    update: fn(&mut C, f64) -> Option<f64>,
}

impl Chart<Ewma> {
    pub fn ewma(runs: usize) -> Self {
        Self { baseline: Frozen { runs, means: vec![] }, chart: Ewma::default(), update: Ewma::update }
    }
}

impl Chart<Cusum> {
    pub fn cusum(runs: usize) -> Self {
        let update = |chart: &mut Cusum, drop: f64| Some(chart.update(drop));
        Self { baseline: Frozen { runs, means: vec![] }, chart: Cusum::default(), update }
    }
}

impl<C> Rule for Chart<C> {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        self.baseline.drop(run).and_then(|drop| (self.update)(&mut self.chart, drop)).unwrap_or(SILENT)
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
