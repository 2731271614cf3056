//! Whether the judge moved.

use eval_core::{Cause, DriftDetector, DriftReport, History, Measure, Method, Status};

use crate::era::Era;
use crate::monitor::Difference;
use crate::quality::{finding, in_points, method, scores_of};
use crate::replay::Replay;
use crate::{MonitorSettings, Shift, StreamKind, attribute};

/// With fewer anchors a judge that moved is rarely told from a model that did.
const FEW: usize = 50;

/// Whether the judge drifted, by frozen answers that it grades anew in each run: no change of the model can move them.
///
/// The scores of the anchors are watched by a [`QualityMonitor`](crate::QualityMonitor) of their own, so the evidence has the same scale and
/// promise. *Worse* means that the judge got stricter, *Better* that it got more lenient: in either case the scores of
/// the model moved with it. The report has the measure [`Measure::Anchors`]. At least 50 anchors, spread over the grades,
/// are wanted; runs without anchors are left out.
///
/// ```
/// use eval_core::{DriftDetector, History, Measure, Method, Status};
/// let report = eval_drift::JudgeAnchors::default().detect(&History::default());
/// assert_eq!((report.measure, report.status), (Measure::Anchors, Status::Warming));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct JudgeAnchors {
    settings: MonitorSettings,
}

impl JudgeAnchors {
    /// The name in reports.
    pub const NAME: &str = "judge-anchors";

    /// A detector with other settings than the default ones.
    pub const fn with(settings: MonitorSettings) -> Self {
        Self { settings }
    }
}

impl DriftDetector for JudgeAnchors {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn method(&self) -> Method {
        method(Self::NAME, &self.settings)
    }

    fn detect(&self, history: &History) -> DriftReport {
        let mut era = Era::of(history);
        era.windows.retain(|window| !window.anchors.is_empty());
        let mut report = finding(&era, &self.settings, self.method(), Measure::Anchors);
        let anchors = era.current().map_or(0, |window| window.anchors.len());
        if (1..FEW).contains(&anchors) {
            report.warnings.push(format!("only {anchors} anchors: {FEW} or more tell a change of the judge apart"));
        }
        report
    }
}

/// Says whether model or judge brought a change of the quality since a run, by difference in differences. Where it was
/// the judge, nothing can be said of the model.
pub(crate) fn attribute_to(
    report: &mut DriftReport,
    era: &Era<'_>,
    settings: &MonitorSettings,
    change: Option<(usize, Difference)>,
) {
    let has_anchors = era.windows.iter().any(|window| !window.anchors.is_empty());
    if !has_anchors {
        if change.is_some() {
            report.warnings.push("no frozen answers are judged again: the judge may have moved instead".into());
        }
        return;
    }
    let Ok(anchors) = Replay::of(&era.windows, *settings, scores_of(Measure::Anchors)) else {
        report.warnings.push("an anchor has a score that is none: the judge was not looked at".into());
        return;
    };
    let moved = |evidence: f64| evidence >= settings.alarm;
    if anchors.last().is_some_and(|reading| moved(reading.evidence) || moved(reading.improvement)) {
        report.warnings.push("the judge moved: it grades frozen answers otherwise than before".into());
    }
    if let Some((since, quality)) = change {
        compare(report, &anchors, since, quality);
    }
}

fn compare(report: &mut DriftReport, anchors: &Replay, since: usize, quality: Difference) {
    let Some(judge) = anchors.shift(StreamKind::Mean, since) else { return };
    let shift = |difference: Difference| Shift::new(difference.delta, difference.standard_error);
    let Some(found) = attribute(shift(quality), shift(judge)) else { return };
    let df = quality.df.min(judge.df);
    let model = Difference { delta: found.model.change, standard_error: found.model.standard_error, df };
    (report.judge, report.model) = (in_points(judge), in_points(model));
    report.cause = Some(found.cause);
    if found.cause == Cause::Judge {
        report.status = Status::NotComparable;
        (report.severity, report.settle) = (None, None);
        report.why = Some("judge changed: model change not identified".into());
    }
}
