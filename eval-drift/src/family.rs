//! Several reports at once: across models, categories and measures.

use eval_core::{Correction, DriftReport, Family, Measure, Status};

use crate::categories::DECIDED;
use crate::questions::correct_with;
use crate::{PairedTest, benjamini_hochberg, e_benjamini_hochberg, holm, share_budget};

/// The expected share of false findings among shocks and among monitors.
const LEVEL: f64 = 0.05;

/// Corrects reports that are looked at together, those of all models and measures, for how many they are. Each report says
/// which of its families was corrected, how, and whether its own finding holds.
///
/// - *Shocks*: Benjamini and Hochberg on the p of each [`PairedTest`]. A shock whose corrected p exceeds .05 becomes
///   [`Status::Watch`].
/// - *Monitors*: Benjamini and Hochberg with the e-values `M / t` of all that have evidence from run to run, valid however
///   they depend on each other. It changes no status: the promise of an alarm, so many runs between two false ones, is
///   made for each monitor. It says which alarms hold even when one asks for at most 5 % false ones among all that is
///   called at this moment, which is much stricter.
/// - *Streams beside quality*: one [budget](crate::share_budget) for all of a run. An alarm that the mean evidence does not
///   bear out becomes [`Status::Watch`].
/// - *Categories*: Holm on the p of all categories of the monitors of quality, for decisions.
///
/// ```
/// let mut reports = vec![];
/// eval_drift::correct_family(&mut reports);
/// assert!(reports.is_empty());
/// ```
pub fn correct_family(reports: &mut [DriftReport]) {
    share_budget(reports);
    shocks(reports);
    monitors(reports);
    categories(reports);
}

fn shocks(reports: &mut [DriftReport]) {
    let is_one = |report: &DriftReport| report.method.name == PairedTest::NAME && report.status.is_conclusive();
    let p = |report: &DriftReport| report.evidence.p.filter(|_| is_one(report));
    let p: Vec<Option<f64>> = reports.iter().map(p).collect();
    let tests = p.iter().flatten().count();
    let corrected = correct_with(&p, benjamini_hochberg);
    for (report, q) in reports.iter_mut().zip(corrected) {
        let Some(q) = q else { continue };
        report.evidence.q = Some(q);
        let mut family = Family::new("shocks of all histories", tests, Correction::BenjaminiHochberg, LEVEL);
        if report.status == Status::Shock {
            family = family.holds(q <= LEVEL);
            if q > LEVEL {
                report.status = Status::Watch;
            }
        }
        report.families.push(family);
    }
}

fn monitors(reports: &mut [DriftReport]) {
    let e = |report: &DriftReport| {
        let runs = f64::from(report.baseline?.runs + report.current?.runs);
        let m = report.evidence.m.filter(|_| report.status.is_conclusive())?;
        (runs > 0.0).then(|| m / runs)
    };
    let known: Vec<(usize, f64)> =
        reports.iter().enumerate().filter_map(|(at, report)| Some((at, e(report)?))).collect();
    let values: Vec<f64> = known.iter().map(|(_, e)| *e).collect();
    let held = e_benjamini_hochberg(&values, LEVEL).unwrap_or_default();
    for (place, (at, _)) in known.iter().enumerate() {
        let of = "monitors of all histories and measures";
        let mut family = Family::new(of, known.len(), Correction::EBenjaminiHochberg, LEVEL);
        if reports[*at].status == Status::Worse {
            family = family.holds(held.contains(&place));
        }
        reports[*at].families.push(family);
    }
}

fn categories(reports: &mut [DriftReport]) {
    let is_one = |report: &DriftReport| report.measure == Measure::Quality && report.evidence.m.is_some();
    let all = reports.iter().filter(|report| is_one(report)).flat_map(|report| &report.categories);
    let p: Vec<Option<f64>> = all.map(|finding| finding.p).collect();
    let tests = p.iter().flatten().count();
    let mut corrected = correct_with(&p, holm).into_iter();
    for report in reports.iter_mut().filter(|report| is_one(report)) {
        for finding in &mut report.categories {
            finding.p_holm = corrected.next().flatten();
        }
        let is_own = |family: &Family| family.correction == Correction::Holm;
        report.families.retain(|family| !is_own(family));
        if tests > 0 {
            report.families.push(Family::new("categories of all histories", tests, Correction::Holm, DECIDED));
        }
    }
}
