//! Detectors by the names that a user gives them.

use eval_core::Measure;
use eval_drift::findings::{self, Detector};
use eval_drift::{
    AdwinChart, BestRunThreshold, ChangePoint, CusumChart, Distance, Distribution, EwmaChart, JudgeAnchors,
    OperationsMonitor, PageHinkleyChart, PairedTest, QualityMonitor,
};

use crate::args::Detector as Name;
use crate::failure::Failure;

/// What has a distribution worth a look.
const SHAPES: [Measure; 4] = [Measure::Latency, Measure::CompletionTokens, Measure::Cost, Measure::AnswerLength];

/// The detectors of these names; those of quality and operations when there is none.
pub(super) fn chosen(names: &[Name], threshold: Option<f64>) -> Result<Vec<Detector>, Failure> {
    if threshold.is_some() && !names.contains(&Name::BestRun) {
        return Err(Failure::usage("--threshold is the margin of `--detector best-run`")
            .hint("the other detectors have no margin; what calls somebody: --alert --min-drop POINTS"));
    }
    if names.is_empty() {
        return Ok(findings::usual());
    }
    let mut chosen = Vec::new();
    for (_, name) in names.iter().enumerate().filter(|(at, name)| !names[..*at].contains(name)) {
        chosen.extend(named(*name, threshold)?);
    }
    Ok(chosen)
}

fn named(name: Name, threshold: Option<f64>) -> Result<Vec<Detector>, Failure> {
    Ok(match name {
        Name::Quality => one(QualityMonitor::default()),
        Name::Operations => OperationsMonitor::all().into_iter().flat_map(one).collect(),
        Name::Anchors => one(JudgeAnchors::default()),
        Name::Paired => one(PairedTest::default()),
        Name::Distribution => SHAPES.into_iter().flat_map(shape).flat_map(one).collect(),
        Name::Cusum => one(CusumChart),
        Name::Ewma => one(EwmaChart),
        Name::PageHinkley => one(PageHinkleyChart),
        Name::Adwin => one(AdwinChart),
        Name::ChangePoint => one(ChangePoint),
        Name::BestRun => {
            let points = threshold.unwrap_or(BestRunThreshold::POINTS);
            let rule = BestRunThreshold::new(points);
            one(rule.ok_or_else(|| Failure::usage(format!("--threshold {points}: expected points from 0 to 100")))?)
        }
    })
}

fn shape(measure: Measure) -> Option<Distribution> {
    Distribution::new(Distance::KolmogorovSmirnov, measure)
}

fn one(detector: impl eval_core::DriftDetector) -> Vec<Detector> {
    vec![Box::new(detector)]
}
