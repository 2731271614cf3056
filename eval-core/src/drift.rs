//! What compares runs with runs.

mod history;

use serde::{Deserialize, Serialize};

pub use history::{History, HistoryBuilder, SampleKey, SampleScore, Window};

use crate::DriftError;

/// How a finding ends, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// The model moved down: an alarm.
    Worse,
    /// It may have: not yet enough evidence.
    Watch,
    /// The model moved up.
    Better,
    /// Nothing that the evidence supports.
    Steady,
    /// Too few runs to say.
    Warming,
}

/// What a detector found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DriftReport {
    /// The detector's name.
    pub detector: String,
    /// The finding.
    pub severity: Severity,
    /// Current minus baseline, in points (hundredths of the score); negative is worse.
    pub effect: Option<f64>,
    /// The 95 % interval of the effect, in points; `None` when the method gives none.
    pub interval: Option<(f64, f64)>,
    /// Questions that entered the comparison.
    pub n: u64,
    /// Why, in words, with the method's own measure of evidence.
    pub evidence: String,
}

impl DriftReport {
    /// A report without an interval.
    pub fn new(detector: impl Into<String>, severity: Severity, n: u64, evidence: impl Into<String>) -> Self {
        Self { detector: detector.into(), severity, effect: None, interval: None, n, evidence: evidence.into() }
    }

    /// The same report with an effect and its interval, in points.
    pub fn effect(mut self, points: f64, interval: Option<(f64, f64)>) -> Self {
        self.effect = Some(points);
        self.interval = interval;
        self
    }
}

/// What compares the current run with the runs before it: numbers in, a report out. It keeps no state.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait DriftDetector: Send + Sync + 'static {
    /// The name in reports.
    fn name(&self) -> &str;

    /// Compares.
    ///
    /// # Errors
    /// [`DriftError`] when there is too little data or when the runs do not measure the same thing.
    fn detect(&self, history: &History) -> Result<DriftReport, DriftError>;
}
