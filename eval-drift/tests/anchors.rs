//! Whether the model moved or the judge.

mod common;

use common::Model;
use eval_core::{Cause, DriftDetector, History, Measure, Status, Window};
use eval_drift::{JudgeAnchors, QualityMonitor};

const SEED: u64 = 20_261_125;

/// 40 runs of 200 questions with 100 anchors; from the 30th on the model and the judge take off so many points.
fn history(model: f64, judge: f64) -> History {
    let (mut asked, mut frozen) = (Model::new(200, SEED), Model::new(100, SEED + 1));
    let run = |at: usize| {
        let changed = f64::from(u8::from(at >= 30));
        let window: Window = asked.run((model + judge) * changed);
        window.anchors(frozen.scores(judge * changed, |_| true))
    };
    History::new((0..40).map(run).collect())
}

#[test]
fn a_stricter_judge_is_no_change_of_the_model() {
    let report = QualityMonitor::default().detect(&history(0.0, 15.0));
    assert_eq!((report.status, report.cause), (Status::NotComparable, Some(Cause::Judge)), "{report:?}");
    assert_eq!(report.why.as_deref(), Some("judge changed: model change not identified"));
    assert_eq!(
        report.headline().split(" since ").next(),
        Some("quality cannot be compared: judge changed: model change not identified")
    );
    assert!(report.judge.unwrap().high < Some(0.0) && report.model.unwrap().high > Some(0.0));
    assert!(report.warnings.concat().contains("the judge moved"));
    assert!(!report.pages(0.0));
    let anchors = JudgeAnchors::default().detect(&history(0.0, 15.0));
    assert_eq!((anchors.status, anchors.measure), (Status::Worse, Measure::Anchors));
}

#[test]
fn a_model_that_moved_under_the_same_judge_is_told_so() {
    let report = QualityMonitor::default().detect(&history(15.0, 0.0));
    assert_eq!((report.status, report.cause), (Status::Worse, Some(Cause::Model)));
    assert_eq!(JudgeAnchors::default().detect(&history(15.0, 0.0)).status, Status::Steady);
    assert!(report.pages(1.0));
}

#[test]
fn both_may_move() {
    let report = QualityMonitor::default().detect(&history(20.0, 15.0));
    assert_eq!((report.status, report.cause), (Status::Worse, Some(Cause::Both)));
}

#[test]
fn without_anchors_the_report_says_that_the_judge_was_not_looked_at() {
    let report = QualityMonitor::default().detect(&Model::new(200, SEED).history(40, 15.0, 30));
    assert_eq!((report.status, report.cause), (Status::Worse, None));
    assert!(report.warnings.concat().contains("the judge may have moved instead"), "{:?}", report.warnings);
    assert_eq!(JudgeAnchors::default().detect(&Model::new(9, SEED).history(9, 0.0, 0)).status, Status::Warming);
}
