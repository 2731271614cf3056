//! The gate: whether a run may pass, may not, or cannot be decided.

mod annotations;
mod changes;
mod comparable;
mod drop;
mod junit;
mod kept;
mod limits;
mod markdown;
mod needs;
mod report;
mod stored;
mod text;
mod words;

use std::collections::BTreeMap;

use eval_core::Money;

pub use annotations::annotations;
pub use changes::{Answers, CategoryChange, ChangeCounts, QuestionChange, SettingChange};
pub use junit::junit;
pub use markdown::Markdown;
pub use needs::Needs;
pub use report::{Bounds, Check, CheckOutcome, CheckUnit, Decision, GateReport, Inconclusive};
pub use stored::StoredBaseline;
pub use text::text;

pub(crate) use changes::{categories, differences_of_settings, question_changes};
pub(crate) use comparable::{Comparability, bad_score};

use crate::RunScores;

/// Looks that [`Policy::Rerun`] takes at most.
const LOOKS: u32 = 3;

/// What becomes of a run that is *underpowered*: not bad, but too small to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Policy {
    /// It is let through, exit code 0, and the report says so: the default.
    #[default]
    Warn,
    /// It is not let through, exit code 3.
    Fail,
    /// More epochs are asked and the gate looks again, at most three times, each at a third of alpha. Exit code 3 when
    /// it stays undecided.
    Rerun,
}

/// The limits that a run has to keep, and how sure the gate has to be.
///
/// Every limit has an interval, and the gate decides by the interval: what is not shown is not decided.
///
/// | limit | passes | fails | interval |
/// |---|---|---|---|
/// | drop | its lower end lies above `-margin`: a drop of the margin is ruled out | not passed and its upper end lies below 0: a drop is shown | [`PairedEffect`](crate::PairedEffect) |
/// | accuracy, error share, p95 | none of it lies beyond the limit | all of it lies beyond the limit | Wilson's or Student's; Wilson's; by ranks |
/// | cost | at most the limit | more than the limit | none: it is exact |
///
/// Else the check is *underpowered* and says how many questions or epochs it would take. What cannot be compared at all
/// (nothing scored, another judge, another data set, less than half of the questions shared, …) is *not computable*, and
/// never green.
///
/// # What it promises
/// With alpha .05: a run that is truly worse by the margin passes at most once in 20 (the drop), and one that did not
/// change fails at most once in 20 by its drop, and once in 20 by its categories together. In simulation (4,000 gates a
/// size, 10 to 1,000 questions, 1 and 3 epochs, a baseline of 7 runs) wrong fails were .00 to .04 and wrong passes .00 to
/// .06, but .07 with 50 questions asked once.
///
/// An exception: where not one answer failed, the error share passes however few answers there are.
///
/// ```
/// use eval_core::{DatasetRef, SampleKey};
/// use eval_drift::{Decision, Gate, QuestionScores, RunScores};
/// let run = |right: usize| {
///     let question = |at| {
///         let key = SampleKey::new(format!("q{at:03}").as_str(), "f00d");
///         QuestionScores::new(key, "math", vec![f64::from(at < right)])
///     };
///     RunScores::new("gamma-pro", DatasetRef::new("golden", "9f2c", 200)).questions((0..200).map(question).collect())
/// };
/// let gate = Gate::new();
/// let report = gate.decide(&run(150), &[run(180)]);
/// assert_eq!((report.decision, report.exit_code()), (Decision::Fail, 1));
/// assert_eq!(gate.decide(&run(180), &[run(180)]).decision, Decision::Pass);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Gate {
    /// The drop that must be ruled out, in points; default 3. `None`: no comparison with a baseline.
    pub margin: Option<f64>,
    /// The drop that must be ruled out in single categories, in points. Default: none.
    pub categories: BTreeMap<String, f64>,
    /// The lowest accuracy, in percent. Default: none.
    pub min_accuracy: Option<f64>,
    /// The highest cost of the run, in nano-dollars, answers and judges together. Default: none.
    pub max_cost: Option<Money>,
    /// The longest 95th percentile of latency, in milliseconds. Default: none.
    pub max_p95_ms: Option<f64>,
    /// The largest share of answers that failed, in percent; default 5. `None`: no limit.
    pub max_error_share: Option<f64>,
    /// The risk of a wrong pass and that of a wrong fail, each; default 0.05. Intervals have the confidence 1 - 2 alpha.
    pub alpha: f64,
    /// The noise that moves all questions of a run together, as a standard deviation in points; default 0.5.
    pub run_noise: f64,
    /// What becomes of an underpowered run; default [`Policy::Warn`].
    pub on_inconclusive: Policy,
    /// Whether questions that the model did not answer count as wrong, on both sides. Default: they are missing.
    pub errors_as_failures: bool,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            margin: Some(3.0),
            categories: BTreeMap::new(),
            min_accuracy: None,
            max_cost: None,
            max_p95_ms: None,
            max_error_share: Some(5.0),
            alpha: 0.05,
            run_noise: 0.5,
            on_inconclusive: Policy::Warn,
            errors_as_failures: false,
        }
    }
}

impl Gate {
    /// A gate with the defaults: a margin of 3 points, at most 5 % of answers failed.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same gate with this margin, in points; `None` for no comparison.
    pub fn margin(mut self, points: impl Into<Option<f64>>) -> Self {
        self.margin = points.into();
        self
    }

    /// The same gate with a margin for a category too, in points.
    pub fn category(mut self, name: impl Into<String>, points: f64) -> Self {
        self.categories.insert(name.into(), points);
        self
    }

    /// The same gate with this lowest accuracy, in percent.
    pub fn min_accuracy(mut self, percent: impl Into<Option<f64>>) -> Self {
        self.min_accuracy = percent.into();
        self
    }

    /// The same gate with this highest cost, in nano-dollars.
    pub fn max_cost(mut self, cost: impl Into<Option<Money>>) -> Self {
        self.max_cost = cost.into();
        self
    }

    /// The same gate with this longest 95th percentile of latency, in milliseconds.
    pub fn max_p95_ms(mut self, ms: impl Into<Option<f64>>) -> Self {
        self.max_p95_ms = ms.into();
        self
    }

    /// The same gate with this largest share of failed answers, in percent.
    pub fn max_error_share(mut self, percent: impl Into<Option<f64>>) -> Self {
        self.max_error_share = percent.into();
        self
    }

    /// The same gate with this policy.
    pub fn on_inconclusive(mut self, policy: Policy) -> Self {
        self.on_inconclusive = policy;
        self
    }

    /// The same gate, counting failed questions as wrong or not.
    pub fn errors_as_failures(mut self, count: bool) -> Self {
        self.errors_as_failures = count;
        self
    }

    /// What is wrong with the limits, for instance an accuracy of 0.8 percent; `None` when they make sense.
    ///
    /// ```
    /// use eval_drift::Gate;
    /// let problem = Gate::new().min_accuracy(0.8).problem().unwrap();
    /// assert_eq!(problem, "a min accuracy of 0.8 percent is hardly meant: 80?");
    /// ```
    pub fn problem(&self) -> Option<String> {
        limits::problem(self)
    }

    /// Decides on a run by the runs of its baseline, which are pooled: the first look.
    pub fn decide(&self, candidate: &RunScores, baseline: &[RunScores]) -> GateReport {
        self.look(1, candidate, baseline)
    }

    /// Decides at a further look, from 1, of which [`Policy::Rerun`] has three: between them the candidate gets more
    /// epochs, and each has a third of alpha. With another policy there is one look with all of alpha.
    pub fn look(&self, look: u32, candidate: &RunScores, baseline: &[RunScores]) -> GateReport {
        report::assemble(self, look, candidate, baseline)
    }

    /// The tag of a run that keeps these limits with it: a later run that is held against this one by other limits is told
    /// so.
    pub fn tag(&self) -> (String, String) {
        kept::tag(self)
    }

    /// Looks that the policy allows.
    pub fn looks(&self) -> u32 {
        if self.on_inconclusive == Policy::Rerun { LOOKS } else { 1 }
    }

    /// The alpha of one look.
    pub(crate) fn alpha_of_look(&self) -> f64 {
        self.alpha / f64::from(self.looks())
    }

    /// The confidence of the intervals that decide.
    pub(crate) fn level(&self) -> f64 {
        1.0 - 2.0 * self.alpha_of_look()
    }

    /// The noise of a run and of its baseline together, in the unit of the scores.
    pub(crate) fn noise(&self, baseline_runs: usize) -> f64 {
        self.run_noise / 100.0 * (1.0 + 1.0 / baseline_runs.max(1) as f64).sqrt()
    }

    /// Whether a baseline is needed.
    pub(crate) fn compares(&self) -> bool {
        self.margin.is_some() || !self.categories.is_empty()
    }
}
