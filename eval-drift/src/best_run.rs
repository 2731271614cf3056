//! The rule that most dashboards begin with.

use eval_core::{DriftDetector, DriftError, DriftReport, History, Severity, Window};

use crate::pairs::split;

/// The latest mean against the best run ever: **unsound by construction**, kept for comparison only.
///
/// It flags the latest run as [`Severity::Worse`] when its mean lies more than a fixed number of points under the
/// highest mean of all earlier runs, and says [`Severity::Steady`] otherwise. Do not decide anything by it:
///
/// - It compares with the *maximum of noisy runs*. The best of many equal runs is the luckiest one, so a model that
///   never changed looks worse than its history, and the more so the longer the history grows.
/// - It knows no variance: the same margin is far too narrow for 50 questions and too wide for 5,000.
/// - It does not pair questions: a run that was asked easier ones is the better one.
/// - One lucky run poisons all that follow.
///
/// In simulation, with 50 questions and the default of 3 points, it raised 74 flags in 90 runs *with nothing wrong*.
/// [`PairedTest`](crate::PairedTest) answers the same question with evidence.
///
/// # Errors of `detect`
/// - [`DriftError::TooFew`] with fewer than 2 runs, or when the latest run or all earlier ones have no scored question;
/// - [`DriftError::NotComparable`] when a score is not a number from 0 to 1.
///
/// ```
/// use eval_core::{DriftDetector, History, RunId, SampleKey, SampleScore, Severity, Timestamp, Window};
/// use eval_drift::BestRunThreshold;
///
/// let score = |score| SampleScore::new(SampleKey::new("q1", "f00d"), "math", score);
/// let run = |mean| Window::new(RunId::new(), Timestamp::UNIX_EPOCH, vec![score(mean)]);
/// let history = History::new(vec![run(0.80), run(0.84), run(0.80)]);
/// let report = BestRunThreshold::default().detect(&history).unwrap();
/// assert_eq!(report.severity, Severity::Worse, "a flag, although the latest run equals the first");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestRunThreshold {
    points: f64,
}

impl BestRunThreshold {
    /// The margin when none is given, in points.
    pub const POINTS: f64 = 3.0;

    /// The rule with this margin in points; `None` unless it is a number from 0 to 100.
    pub fn new(points: f64) -> Option<Self> {
        (0.0..=100.0).contains(&points).then_some(Self { points })
    }
}

impl Default for BestRunThreshold {
    fn default() -> Self {
        Self { points: Self::POINTS }
    }
}

/// The rounding of a mean, in points: a drop of exactly the margin is no flag.
const SLACK: f64 = 1e-9;

impl DriftDetector for BestRunThreshold {
    fn name(&self) -> &str {
        "best-run"
    }

    fn detect(&self, history: &History) -> Result<DriftReport, DriftError> {
        let (current, earlier) = split(history)?;
        let best = earlier.iter().filter_map(Window::mean).max_by(f64::total_cmp);
        let latest = current.mean().ok_or(TOO_FEW)?;
        let effect = (latest - best.ok_or(TOO_FEW)?) * 100.0;
        let flagged = effect < -self.points - SLACK;
        let severity = if flagged { Severity::Worse } else { Severity::Steady };
        let evidence = self.evidence(effect, earlier.len(), flagged);
        Ok(DriftReport::new(self.name(), severity, current.scores.len() as u64, evidence).effect(effect, None))
    }
}

const TOO_FEW: DriftError = DriftError::TooFew { unit: "scored questions", found: 0, needed: 1 };

impl BestRunThreshold {
    fn evidence(&self, effect: f64, runs: usize, flagged: bool) -> String {
        let points = self.points;
        let reading = if flagged { "a flag" } else { "no flag" };
        format!(
            "{effect:+.1} points against the best of {runs} earlier {word}, margin {points}: {reading}; this rule compares \
             with the luckiest run and has no measure of evidence, so it proves nothing either way",
            word = if runs == 1 { "run" } else { "runs" },
        )
    }
}
