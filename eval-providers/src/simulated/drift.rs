//! Changes of a simulated model on a day.

use eval_core::Timestamp;

/// What changes on a day, for good.
///
/// ```
/// use eval_providers::Drift;
/// let swap = Drift::from("2026-11-09T00:00:00Z".parse().unwrap()).points(-8.0).fingerprint("fp_9e07");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Drift {
    /// From when on.
    pub from: Timestamp,
    /// By how much the accuracy moves, in points: -8 turns 85 of 100 into 77. Default 0.
    pub points: f64,
    /// Only in this category. Default: in all.
    pub category: Option<String>,
    /// By what the latency is multiplied. Default 1.
    pub latency_factor: f64,
    /// The fingerprint from then on. Default: unchanged, as with a change that nobody is told of.
    pub fingerprint: Option<String>,
}

impl Drift {
    /// A change on this day that changes nothing yet.
    pub fn from(from: Timestamp) -> Self {
        Self {
            from,
            points: 0.0,
            category: None,
            latency_factor: 1.0,
            fingerprint: None,
        }
    }

    /// Moves the accuracy by so many points.
    pub fn points(mut self, points: f64) -> Self {
        self.points = points;
        self
    }

    /// Concerns this category only.
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Multiplies the latency.
    pub fn latency(mut self, factor: f64) -> Self {
        self.latency_factor = factor;
        self
    }

    /// Shows another fingerprint.
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.fingerprint = Some(fingerprint.into());
        self
    }

    pub(super) fn concerns(&self, category: &str) -> bool {
        self.category
            .as_deref()
            .is_none_or(|wanted| wanted == category)
    }
}
