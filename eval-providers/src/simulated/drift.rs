//! Changes of a simulated model.

use eval_core::Timestamp;

/// What changes in a simulated model from a date on.
///
/// ```
/// use eval_providers::{Drift, Simulated};
/// let swap = Drift::from("2026-11-09T00:00:00Z".parse().unwrap()).points(-8.0).fingerprint("fp_9e07");
/// let model = Simulated::builder("sliding", 1).drift(swap).build();
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Drift {
    /// From when on.
    pub from: Timestamp,
    /// By how much the accuracy moves, in points: -8 turns 85 of 100 into 77.
    pub points: f64,
    /// The only category whose accuracy moves; `None`: all.
    pub category: Option<String>,
    /// By what the latency is multiplied.
    pub latency_factor: f64,
    /// The fingerprint from then on; `None`: unchanged, as with a change that nobody is told of.
    pub fingerprint: Option<String>,
}

impl Drift {
    /// A date from which on nothing changes yet.
    pub fn from(from: Timestamp) -> Self {
        Self { from, points: 0.0, category: None, latency_factor: 1.0, fingerprint: None }
    }

    /// Moves the accuracy by so many points. Default: 0.
    pub fn points(mut self, points: f64) -> Self {
        self.points = points;
        self
    }

    /// Moves the accuracy in this category only. Default: in all.
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Multiplies the latency. Default: 1.
    pub fn latency(mut self, factor: f64) -> Self {
        self.latency_factor = factor;
        self
    }

    /// Shows another fingerprint. Default: the one before.
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.fingerprint = Some(fingerprint.into());
        self
    }

    pub(super) fn concerns(&self, category: &str) -> bool {
        self.category.as_deref().is_none_or(|only| only == category)
    }
}
