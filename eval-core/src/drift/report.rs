//! What a detector found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    CategoryFinding, Cause, ConditionChange, Detectable, Effect, Evidence, Family, HistoryKey, Measure, Method, Onset,
    Quantities, QuestionCounts, QuestionFinding, Settle, Severity, Span, Status, Window, WindowCounts,
};
use crate::{RunId, drift::Point};

/// What a detector found: plain data, in points and percent, with no number in it that is not finite.
///
/// Its JSON Schema is `docs/drift-report.schema.json`. [`headline`](Self::headline) and [`notes`](Self::notes) say it in
/// words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DriftReport {
    /// How it was found.
    pub method: Method,
    /// The history; `None` where it was not said.
    pub key: Option<HistoryKey>,
    /// The run looked at; `None` when there is none.
    pub run: Option<RunId>,
    /// When that run began (UTC).
    pub at: Option<Timestamp>,
    /// What is watched.
    pub measure: Measure,
    /// The finding.
    pub status: Status,
    /// Why nothing was concluded, where that is so.
    pub why: Option<String>,
    /// How many runs there are and how many it takes, while there are too few.
    pub warming: Option<Warming>,
    /// How large a drop is; `None` for what is no drop.
    pub severity: Option<Severity>,
    /// The runs compared against.
    pub baseline: Option<Span>,
    /// The runs looked at: those since the change, else the last one.
    pub current: Option<Span>,
    /// Current minus baseline.
    pub effect: Option<Effect>,
    /// What a quantity was like in the run looked at; `None` for what is no quantity.
    #[serde(default)]
    pub quantities: Option<Quantities>,
    /// How strong the evidence is.
    pub evidence: Evidence,
    /// Since when.
    pub since: Option<Onset>,
    /// How far the level varies from run to run while nothing changes, in points, as a standard deviation.
    pub sigma: Option<f64>,
    /// How many times the variance between runs is that of single questions: above 1 something moves whole runs.
    pub dispersion: Option<f64>,
    /// Questions compared.
    pub n: u64,
    /// The part of the baseline's questions that the run scored, from 0 to 1.
    pub coverage: Option<f64>,
    /// How the run's evaluations ended: what is missing, and why.
    pub counts: Option<WindowCounts>,
    /// By category, sorted by name.
    pub categories: Vec<CategoryFinding>,
    /// How many questions moved.
    pub questions: QuestionCounts,
    /// The questions that regressed, the largest contribution first.
    pub regressed: Vec<QuestionFinding>,
    /// The questions that improved, the largest contribution first.
    pub improved: Vec<QuestionFinding>,
    /// What could be found, and how soon.
    pub detectable: Option<Detectable>,
    /// What would settle it.
    pub settle: Option<Settle>,
    /// What moved: model or judge.
    pub cause: Option<Cause>,
    /// By how much the judge moved on frozen answers over the same runs.
    pub judge: Option<Effect>,
    /// What is left for the model when the judge's change is taken off.
    pub model: Option<Effect>,
    /// What changed in the conditions of the runs, and when, oldest first.
    pub changes: Vec<ConditionChange>,
    /// Which tests were corrected together, and how.
    pub families: Vec<Family>,
    /// What weakens the finding.
    pub warnings: Vec<String>,
}

/// How far a detector is from saying anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Warming {
    /// How many there are.
    pub have: u32,
    /// How many it takes.
    pub need: u32,
}

impl Warming {
    /// So many of so many.
    pub const fn new(have: u32, need: u32) -> Self {
        Self { have, need }
    }
}

impl DriftReport {
    /// A report that says no more than its status.
    pub fn new(method: Method, measure: Measure, status: Status) -> Self {
        Self {
            method,
            key: None,
            run: None,
            at: None,
            measure,
            status,
            why: None,
            warming: None,
            severity: None,
            baseline: None,
            current: None,
            effect: None,
            quantities: None,
            evidence: Evidence::default(),
            since: None,
            sigma: None,
            dispersion: None,
            n: 0,
            coverage: None,
            counts: None,
            categories: Vec::new(),
            questions: QuestionCounts::default(),
            regressed: Vec::new(),
            improved: Vec::new(),
            detectable: None,
            settle: None,
            cause: None,
            judge: None,
            model: None,
            changes: Vec::new(),
            families: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The same report about this run of a history.
    pub fn about(mut self, key: Option<&HistoryKey>, window: &Window) -> Self {
        let point = Point::from(window);
        (self.key, self.run, self.at) = (key.cloned(), Some(point.run), Some(point.at));
        self.counts = window.counts;
        self
    }

    /// The same report, ending without a conclusion for this reason.
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// Whether a person should be called: an alarm whose drop is at least this many points (percent, for what is watched
    /// beside the scores). 1 unless the user says otherwise; it changes nothing in the evidence. A transient outlier and a
    /// change of the judge call nobody.
    pub fn pages(&self, min_effect: f64) -> bool {
        let moved = matches!(self.cause, None | Some(Cause::Model | Cause::Both | Cause::Unclear));
        let large = self.effect.is_none_or(|effect| effect.change.abs() >= min_effect)
            || self
                .categories
                .iter()
                .filter_map(|found| found.effect)
                .any(|effect| effect.change <= -min_effect.max(15.0));
        self.status == Status::Worse && moved && large
    }
}
