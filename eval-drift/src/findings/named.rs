//! Detectors by the names that a user gives them.

use eval_core::{DriftDetector, Measure};

use super::{Detector, usual};
use crate::{
    AdwinChart, BestRunThreshold, ChangePoint, CusumChart, Distance, Distribution, EwmaChart, JudgeAnchors,
    OperationsMonitor, PageHinkleyChart, PairedTest, QualityMonitor,
};

/// What detectors are called, quality and operations first: together they are the [`usual`] ones.
pub const NAMES: [&str; 11] = [
    "quality",
    "operations",
    "anchors",
    "paired",
    "distribution",
    "cusum",
    "ewma",
    "page-hinkley",
    "adwin",
    "change-point",
    "best-run",
];

/// What has a distribution worth a look.
const SHAPES: [Measure; 4] = [Measure::Latency, Measure::CompletionTokens, Measure::Cost, Measure::AnswerLength];

/// The detectors of these names, each once; the [`usual`] ones when there is none. `None` for a name that is not one of
/// [`NAMES`].
pub fn named<'a>(names: impl IntoIterator<Item = &'a str>, best_run: BestRunThreshold) -> Option<Vec<Detector>> {
    let (mut chosen, mut seen) = (Vec::new(), Vec::new());
    for name in names {
        if !seen.contains(&name) {
            chosen.extend(of_name(name, best_run)?);
            seen.push(name);
        }
    }
    Some(if chosen.is_empty() { usual() } else { chosen })
}

fn of_name(name: &str, best_run: BestRunThreshold) -> Option<Vec<Detector>> {
    Some(match name {
        "quality" => one(QualityMonitor::default()),
        "operations" => OperationsMonitor::all().into_iter().flat_map(one).collect(),
        "anchors" => one(JudgeAnchors::default()),
        "paired" => one(PairedTest::default()),
        "distribution" => SHAPES.into_iter().flat_map(shape).flat_map(one).collect(),
        "cusum" => one(CusumChart),
        "ewma" => one(EwmaChart),
        "page-hinkley" => one(PageHinkleyChart),
        "adwin" => one(AdwinChart),
        "change-point" => one(ChangePoint),
        "best-run" => one(best_run),
        _ => return None,
    })
}

fn shape(measure: Measure) -> Option<Distribution> {
    Distribution::new(Distance::KolmogorovSmirnov, measure)
}

fn one(detector: impl DriftDetector) -> Vec<Detector> {
    vec![Box::new(detector)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_and_nothing_else_is() {
        let of = |names: &[&str]| named(names.iter().copied(), BestRunThreshold::default()).map(|found| found.len());
        assert!(NAMES.iter().all(|name| of(&[name]).is_some_and(|found| found > 0)));
        assert_eq!((of(&["Quality"]), of(&[""])), (None, None));
        assert_eq!(of(&["quality", "quality"]), Some(1));
        assert_eq!(of(&[]), of(&["quality", "operations"]));
    }
}
