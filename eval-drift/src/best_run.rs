//! The rule that most dashboards begin with.

use eval_core::{DriftDetector, DriftReport, Effect, History, Measure, Method, Point, Severity, Span, Status, Window};

use crate::era::Era;

/// The latest mean against the best run ever: **unsound by construction**, kept for comparison only.
///
/// It flags the latest run as [`Status::Worse`] when its mean lies more than a fixed number of points under the
/// highest mean of all earlier runs, and says [`Status::Steady`] otherwise. Do not decide anything by it:
///
/// - It compares with the *maximum of noisy runs*. The best of many equal runs is the luckiest one, so a model that
///   never changed looks worse than its history, and the more so the longer the history grows.
/// - It knows no variance: the same margin is far too narrow for 50 questions and too wide for 5,000.
/// - It does not pair questions: a run that was asked easier ones is the better one.
/// - One lucky run poisons all that follow.
///
/// [`PairedTest`](crate::PairedTest) answers the same question with evidence.
///
/// It flags in 74 of 90 runs at 50 questions, 58 at 200 and 15 at 1,000, and every report says so. Fewer than 2 runs are
/// [`Status::Warming`], a run without scores or of another judge, prompt or model is [`Status::NotComparable`].
///
/// ```
/// use eval_core::{DriftDetector, History, RunId, SampleKey, SampleScore, Status, Timestamp, Window};
/// use eval_drift::BestRunThreshold;
///
/// let score = |score| SampleScore::new(SampleKey::new("q1", "f00d"), "math", score);
/// let run = |mean| Window::new(RunId::new(), Timestamp::UNIX_EPOCH, vec![score(mean)]);
/// let history = History::new(vec![run(0.80), run(0.84), run(0.80)]);
/// let report = BestRunThreshold::default().detect(&history);
/// assert_eq!(report.status, Status::Worse, "a flag, although the latest run equals the first");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestRunThreshold {
    points: f64,
}

impl BestRunThreshold {
    /// The name in reports.
    pub const NAME: &str = "best-run";
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
        Self::NAME
    }

    fn method(&self) -> Method {
        Method::new(Self::NAME, 1).with("points", self.points)
    }

    fn detect(&self, history: &History) -> DriftReport {
        let era = Era::of(history);
        let method = self.method();
        let refused = era.alone(method.clone(), Measure::Quality);
        if let Some(report) = refused.or_else(|| era.bad_score(method.clone(), Measure::Quality)) {
            return report;
        }
        let mut report = era.report(method, Measure::Quality, Status::Steady);
        let earlier = era.windows.split_last().map_or(&[][..], |(_, earlier)| earlier);
        let best = earlier.iter().filter_map(|window| Some((*window, window.mean()?)));
        let best = best.max_by(|(_, a), (_, b)| a.total_cmp(b));
        let (Some((best, highest)), Some(current)) = (best, era.current()) else {
            report.status = Status::NotComparable;
            return report.because("nothing was scored in the earlier runs");
        };
        let Some(latest) = current.mean() else {
            report.status = Status::NotComparable;
            return report.because("nothing was scored in the current run");
        };
        let effect = (latest - highest) * 100.0;
        if effect < -self.points - SLACK {
            report.status = Status::Worse;
            report.severity = Severity::of(effect, None);
        }
        let span = |window: &Window, mean: f64| {
            let point = Point::from(window);
            Span::new(point, point, 1).mean(mean * 100.0, window.scores.len() as u64)
        };
        (report.baseline, report.current) = (Some(span(best, highest)), Some(span(current, latest)));
        (report.effect, report.n) = (Effect::points(effect, None), current.scores.len() as u64);
        report.warnings.push(self.warning(earlier.len()));
        report
    }
}

impl BestRunThreshold {
    fn warning(&self, runs: usize) -> String {
        format!(
            "compared with the luckiest of {runs} earlier runs by a fixed margin of {} points: no measure of evidence, and \
             in simulation (50 questions, 3 points) 74 flags in 90 runs with nothing wrong",
            self.points
        )
    }
}
