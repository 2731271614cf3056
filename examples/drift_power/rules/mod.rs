//! The rules that are compared: each turns a run into a number, and flags it above a threshold.

mod change_point;
mod charts;
mod evidence;
mod pairs;
mod single;

use eval_drift::{Reading, hill_score, ks_2samp};

use crate::scenario::CHANGE;

/// Runs that make the baseline of a rule that has a fixed one.
const BASELINE: usize = 14;
/// A rule that says nothing of a run.
const SILENT: f64 = f64::NEG_INFINITY;
/// A drop of exactly the margin is no flag.
const ROUNDING: f64 = 1e-9;

/// A run as all rules see it.
pub struct Run<'a> {
    /// From 0.
    pub at: usize,
    pub scores: &'a [f64],
    pub mean: f64,
    /// What `QualityMonitor` says of it.
    pub reading: &'a Reading,
}

/// A rule that watches one history.
pub trait Rule {
    /// How far this run is from usual; the larger, the more so.
    fn statistic(&mut self, run: &Run<'_>) -> f64;
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Monitor,
    MeanStream,
    Shock,
    BestRun,
    TwoProportion,
    PairedPrevious,
    PairedBaseline,
    KolmogorovSmirnov,
    ThreeDeviations,
    Ewma,
    EwmaUpToChange,
    Cusum,
    CusumUpToChange,
    PageHinkley,
    EProcess,
    ChangePoint,
}

impl Kind {
    pub const ALL: [Self; 16] = [
        Self::Monitor,
        Self::MeanStream,
        Self::Shock,
        Self::BestRun,
        Self::TwoProportion,
        Self::PairedPrevious,
        Self::PairedBaseline,
        Self::KolmogorovSmirnov,
        Self::ThreeDeviations,
        Self::Ewma,
        Self::EwmaUpToChange,
        Self::Cusum,
        Self::CusumUpToChange,
        Self::PageHinkley,
        Self::EProcess,
        Self::ChangePoint,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Monitor => "**ours: `QualityMonitor`**",
            Self::MeanStream => "ours, stream of the mean only",
            Self::Shock => "ours: shock test (t form)",
            Self::BestRun => "seed: under the best run",
            Self::TwoProportion => "z test against the previous run",
            Self::PairedPrevious => "paired t against the previous run",
            Self::PairedBaseline => "paired t against 14 runs",
            Self::KolmogorovSmirnov => "KS against 14 runs",
            Self::ThreeDeviations => "mean ± deviations of 14 runs (NannyML)",
            Self::Ewma => "EWMA 0.2, baseline 14 runs",
            Self::EwmaUpToChange => "EWMA 0.2, baseline 30 runs (up to the change)",
            Self::Cusum => "CUSUM k = 0.5, baseline 14 runs",
            Self::CusumUpToChange => "CUSUM k = 0.5, baseline 30 runs (up to the change)",
            Self::PageHinkley => "Page-Hinkley (river)",
            Self::EProcess => "e-process",
            Self::ChangePoint => "change-point model (GLR)",
        }
    }

    pub fn rule(self) -> Box<dyn Rule> {
        match self {
            Self::Monitor => Box::new(evidence::Monitor),
            Self::MeanStream => Box::new(evidence::MeanStream),
            Self::Shock => Box::new(pairs::Shock::default()),
            Self::BestRun => Box::new(single::BestRun::default()),
            Self::TwoProportion => Box::new(single::TwoProportion::default()),
            Self::PairedPrevious => Box::new(pairs::Previous::default()),
            Self::PairedBaseline => Box::new(pairs::Baseline::default()),
            Self::KolmogorovSmirnov => Box::new(single::KolmogorovSmirnov::default()),
            Self::ThreeDeviations => Box::new(single::ThreeDeviations::default()),
            Self::Ewma => Box::new(charts::Chart::ewma(BASELINE)),
            Self::EwmaUpToChange => Box::new(charts::Chart::ewma(CHANGE)),
            Self::Cusum => Box::new(charts::Chart::cusum(BASELINE)),
            Self::CusumUpToChange => Box::new(charts::Chart::cusum(CHANGE)),
            Self::PageHinkley => Box::new(charts::PageHinkleyChart::default()),
            Self::EProcess => Box::new(evidence::EProcess::default()),
            Self::ChangePoint => Box::new(change_point::ChangePoint::default()),
        }
    }

    /// The thresholds that the rule comes with, for a golden set of this size: a flag is a number above.
    pub fn shipped(self, questions: usize) -> Vec<(&'static str, f64)> {
        // One-sided 0.1 %, and two-sided 5 %, of which only drops are flagged.
        let (rare, usual) = (3.0902, 1.96);
        match self {
            Self::Monitor => vec![("ALARM, M >= 500", 500.0), ("WATCH, M >= 200", 200.0)],
            Self::MeanStream => vec![("M >= 500", 500.0)],
            Self::Shock => vec![("p < 0.001", rare)],
            Self::BestRun => vec![("3 points", 3.0 + ROUNDING), ("10 points", 10.0 + ROUNDING)],
            Self::TwoProportion | Self::PairedPrevious | Self::PairedBaseline => vec![("5 %", usual)],
            Self::KolmogorovSmirnov => vec![("p < 0.05", critical_distance(questions))],
            Self::ThreeDeviations => vec![("3 deviations", 3.0)],
            Self::Ewma | Self::EwmaUpToChange => vec![("3 deviations", 3.0)],
            Self::Cusum | Self::CusumUpToChange => vec![("h = 5", 5.0)],
            Self::PageHinkley => vec![("50, as shipped", 50.0)],
            Self::EProcess => vec![("lifetime 5 %", 20.0)],
            Self::ChangePoint => vec![("0.1 % a run", 3.0)],
        }
    }
}

/// The largest distance of a run from its baseline that is not significant yet.
fn critical_distance(questions: usize) -> f64 {
    let baseline = questions * BASELINE;
    let p = |ones: usize| {
        let values: Vec<f64> = (0..baseline).map(|at| f64::from(at < ones)).collect();
        ks_2samp(&values, &vec![0.0; questions]).and_then(|found| found.p_asymptotic).unwrap_or(1.0)
    };
    let (mut low, mut high) = (0, baseline);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if p(middle) < 0.05 { high = middle } else { low = middle }
    }
    (low as f64 + 0.5) / baseline as f64
}

/// The mean and the standard deviation, with `n - freedom` in the variance.
fn moments(values: &[f64], freedom: f64) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - freedom)).sqrt())
}

/// The normal score of a drop of `drop` with this standard error.
fn score(drop: f64, error: f64, df: f64) -> f64 {
    hill_score(drop / error, df).unwrap_or(SILENT)
}
