//! How much something moved, since when, and what could have been seen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Window;
use crate::{IntervalMethod, RunId};

/// In what a change is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Points: hundredths of a score or of a share, as a difference.
    Points,
    /// Percent of what it was.
    Percent,
}

/// What an interval speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// These very questions, asked again.
    Conditional,
    /// All questions of which these are a sample.
    SuperPopulation,
}

/// By how much the current window differs from the baseline. Every number in it is finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Effect {
    /// Current minus baseline. For scores below 0 is worse, for all else above 0.
    pub change: f64,
    /// The lower end of the interval; `None` when the method gives none.
    pub low: Option<f64>,
    /// The upper end of the interval.
    pub high: Option<f64>,
    /// The level of the interval, such as 0.95.
    pub level: f64,
    /// How the interval was computed.
    pub method: Option<IntervalMethod>,
    /// What the interval speaks of.
    pub kind: EffectKind,
    /// In what it is counted.
    pub unit: Unit,
}

impl Effect {
    /// The level of intervals unless said otherwise.
    pub const LEVEL: f64 = 0.95;

    /// A change in points with its 95 % interval by Student's t about these very questions. `None` when the change is not finite; an
    /// interval that is not finite is left out.
    pub fn points(change: f64, interval: Option<(f64, f64)>) -> Option<Self> {
        let interval = interval.filter(|(low, high)| low.is_finite() && high.is_finite());
        let (low, high) = interval.unzip();
        let method = interval.map(|_| IntervalMethod::StudentT);
        let (level, kind, unit) = (Self::LEVEL, EffectKind::Conditional, Unit::Points);
        change.is_finite().then_some(Self { change, low, high, level, method, kind, unit })
    }

    /// The same effect, speaking of all questions of which these are a sample.
    pub fn of_super_population(mut self) -> Self {
        self.kind = EffectKind::SuperPopulation;
        self
    }

    /// The same effect, whose interval was computed in another way.
    pub fn by(mut self, method: IntervalMethod) -> Self {
        self.method = self.method.map(|_| method);
        self
    }

    /// The same effect in percent of what it was.
    pub fn in_percent(mut self) -> Self {
        self.unit = Unit::Percent;
        self
    }

    /// The interval; `None` when the method gives none.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }
}

/// Runs that stand together as a baseline or as what is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Span {
    /// The first run.
    pub from: Point,
    /// The last run.
    pub to: Point,
    /// Runs, without those that are masked or count for nothing.
    pub runs: u32,
    /// The mean of what is watched, in its unit (scores and shares in percent); `None` when nothing was measured.
    pub mean: Option<f64>,
    /// The values that entered the mean: questions times runs.
    pub n: u64,
}

impl Span {
    /// The span from one run to another, without a mean.
    pub fn new(from: Point, to: Point, runs: u32) -> Self {
        Self { from, to, runs, mean: None, n: 0 }
    }

    /// The same span with the mean over `n` values; left out when it is not finite or of nothing.
    pub fn mean(mut self, mean: f64, n: u64) -> Self {
        (self.mean, self.n) = ((n > 0 && mean.is_finite()).then_some(mean), n);
        self
    }
}

/// A run and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Point {
    /// The run.
    pub run: RunId,
    /// When it began (UTC).
    pub at: Timestamp,
}

impl Point {
    /// A run at its time.
    pub fn new(run: RunId, at: Timestamp) -> Self {
        Self { run, at }
    }
}

impl From<&Window> for Point {
    fn from(window: &Window) -> Self {
        Self::new(window.run, window.at)
    }
}

/// Since when a level differs, with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Onset {
    /// Most likely the first run of the new level.
    pub since: Point,
    /// The earliest run that could as well be the first.
    pub earliest: Point,
    /// The latest run that could as well be the first.
    pub latest: Point,
    /// Runs since then, the current one included.
    pub runs: u32,
}

impl Onset {
    /// An onset that is known for certain to be this run.
    pub fn new(since: Point, runs: u32) -> Self {
        Self { since, earliest: since, latest: since, runs }
    }

    /// The same with its uncertainty.
    pub fn between(mut self, earliest: Point, latest: Point) -> Self {
        (self.earliest, self.latest) = (earliest, latest);
        self
    }
}

/// The smallest drop that is expected to be found within so many runs, in points. `None` where it is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Detectable {
    /// Within the next run.
    pub in_1: Option<f64>,
    /// Within 7 runs.
    pub in_7: Option<f64>,
    /// Within 30 runs.
    pub in_30: Option<f64>,
}

impl Detectable {
    /// What this function gives for 1, 7 and 30 runs, in points. What is not finite is left out.
    pub fn by(points: impl Fn(u32) -> Option<f64>) -> Self {
        let finite = |runs: u32| points(runs).filter(|points| points.is_finite());
        Self { in_1: finite(1), in_7: finite(7), in_30: finite(30) }
    }
}

/// What would settle whether a change of the size seen is real: either of them is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Settle {
    /// About so many more runs.
    pub runs: Option<u32>,
    /// About so many questions in all, in one run.
    pub questions: Option<u64>,
}

impl Settle {
    /// Runs, questions, or both.
    pub const fn new(runs: Option<u32>, questions: Option<u64>) -> Self {
        Self { runs, questions }
    }
}
