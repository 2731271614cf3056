//! What the answers of one run were like, in figures.

use serde::{Deserialize, Serialize};

use super::Effect;

/// A quantity (latency, tokens, cost, length) in the run looked at, in its own unit: milliseconds, tokens, nano-dollars or
/// bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Quantities {
    /// The median over the questions.
    pub p50: f64,
    /// What 95 % of the questions stay below.
    pub p95: f64,
    /// What 99 % of the questions stay below.
    pub p99: f64,
    /// The typical change of a question against what was usual for it in the first runs of the era, in percent with its
    /// interval; `None` without a usual value.
    pub typical: Option<Effect>,
}

impl Quantities {
    /// The quantiles of a run; `None` unless all are finite.
    pub fn new(p50: f64, p95: f64, p99: f64) -> Option<Self> {
        [p50, p95, p99].iter().all(|value| value.is_finite()).then_some(Self { p50, p95, p99, typical: None })
    }

    /// The same with the typical change of a question.
    pub fn typical(mut self, change: Option<Effect>) -> Self {
        self.typical = change;
        self
    }
}
