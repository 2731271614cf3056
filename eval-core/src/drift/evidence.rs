//! How strong the evidence is.

use serde::{Deserialize, Serialize};

/// The evidence behind a finding, by the method's own measure. What a method does not have is `None`, what is there is
/// finite.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Evidence {
    /// Evidence that built up from run to run: in histories without a change it reaches this once in so many runs or more
    /// rarely.
    pub m: Option<f64>,
    /// The evidence from which the finding is [`Status::Watch`](crate::Status::Watch).
    pub watch: Option<f64>,
    /// The evidence from which it is an alarm: the mean number of runs between two false alarms is at least this.
    pub threshold: Option<f64>,
    /// The mean evidence of all streams that share one budget of false alarms: an alarm takes `m` and this to reach the
    /// threshold. `None` for what has a budget of its own.
    pub shared: Option<f64>,
    /// What `m` is for a change to the better; for information.
    pub m_better: Option<f64>,
    /// What each stream brings; together they are `m`.
    pub streams: Vec<StreamEvidence>,
    /// The one-sided probability of a drop at least so large if nothing changed, by which the finding was made.
    pub p: Option<f64>,
    /// The same, corrected for the family of tests that it belongs to.
    pub q: Option<f64>,
    /// Tests and distances of this one comparison, for information.
    pub tests: Vec<TestResult>,
}

impl Evidence {
    /// Evidence that built up over runs, with the thresholds of watch and alarm. What is not finite is left out.
    pub fn accumulated(m: f64, watch: f64, threshold: f64) -> Self {
        let finite = |value: f64| value.is_finite().then_some(value);
        Self { m: finite(m), watch: finite(watch), threshold: finite(threshold), ..Self::default() }
    }

    /// The same with one more test.
    pub fn test(mut self, test: TestResult) -> Self {
        self.tests.push(test);
        self
    }
}

/// What one stream brings to the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StreamEvidence {
    /// `mean`, `sentinel` or `category:NAME`.
    pub stream: String,
    /// What it weighs, from 0 to 1.
    pub weight: f64,
    /// Its own evidence, before it is weighed.
    pub m: f64,
}

impl StreamEvidence {
    /// A stream; evidence that is not finite counts as none.
    pub fn new(stream: impl Into<String>, weight: f64, m: f64) -> Self {
        let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
        Self { stream: stream.into(), weight: finite(weight), m: finite(m) }
    }
}

/// A test, or a measure of distance that has no p.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TestResult {
    /// The method and what it asks, for instance `paired t, drop`.
    pub name: String,
    /// Its statistic.
    pub statistic: Option<f64>,
    /// The probability of a result at least as extreme if nothing changed.
    pub p: Option<f64>,
}

impl TestResult {
    /// A test. What is not finite is left out.
    pub fn new(name: impl Into<String>, statistic: Option<f64>, p: Option<f64>) -> Self {
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        Self { name: name.into(), statistic: finite(statistic), p: finite(p) }
    }
}

/// How several tests were corrected for being several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Correction {
    /// Holm: the probability of any false finding. For decisions.
    Holm,
    /// Benjamini and Hochberg: the expected share of false findings. For lists.
    BenjaminiHochberg,
    /// Benjamini and Hochberg with e-values, valid however the streams depend on each other.
    EBenjaminiHochberg,
    /// One budget of false alarms for several streams: the mean of their evidence has to reach the threshold, valid however
    /// they depend on each other. The level is the false alarms a run that all of them together may raise.
    SharedBudget,
}

/// Tests that were corrected together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Family {
    /// What is in it, for instance `shocks of all models`.
    pub of: String,
    /// How many tests.
    pub tests: u64,
    /// How they were corrected.
    pub correction: Correction,
    /// The level that is kept.
    pub level: f64,
    /// Whether this report's own finding holds after the correction; `None` where it has none in this family.
    pub holds: Option<bool>,
}

impl Family {
    /// A family of tests.
    pub fn new(of: impl Into<String>, tests: usize, correction: Correction, level: f64) -> Self {
        Self { of: of.into(), tests: tests as u64, correction, level, holds: None }
    }

    /// The same, seen from a report whose own finding holds in it or does not.
    pub fn holds(mut self, holds: bool) -> Self {
        self.holds = Some(holds);
        self
    }
}
