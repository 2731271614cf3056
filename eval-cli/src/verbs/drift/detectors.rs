//! Detectors by the names that a user gives them.

use clap::ValueEnum as _;
use eval_drift::BestRunThreshold;
use eval_drift::findings::{self, Detector};

use crate::args::Detector as Name;
use crate::failure::Failure;

/// The detectors of these names; those of quality and operations when there is none.
pub(super) fn chosen(names: &[Name], threshold: Option<f64>) -> Result<Vec<Detector>, Failure> {
    if threshold.is_some() && !names.contains(&Name::BestRun) {
        return Err(Failure::usage("--threshold is the margin of `--detector best-run`")
            .hint("the other detectors have no margin; what calls somebody: --alert --min-drop POINTS"));
    }
    let points = threshold.unwrap_or(BestRunThreshold::POINTS);
    let best_run = BestRunThreshold::new(points);
    let best_run =
        best_run.ok_or_else(|| Failure::usage(format!("--threshold {points}: expected points from 0 to 100")))?;
    let names: Vec<_> = names.iter().filter_map(|name| name.to_possible_value()).collect();
    let unknown = || Failure::usage("a detector of this name is not known");
    findings::named(names.iter().map(|name| name.get_name()), best_run).ok_or_else(unknown)
}
