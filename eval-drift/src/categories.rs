//! Which categories moved.

use eval_core::{CategoryFinding, Correction, DriftReport, Family};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::monitor::Difference;
use crate::quality::in_points;
use crate::questions::{LEVEL, correct_with, corrected};
use crate::replay::Replay;
use crate::{StreamKind, holm};

/// The probability of any false finding among the categories.
pub(crate) const DECIDED: f64 = 0.05;

/// Puts what became of each category since a run into a report.
pub(crate) fn fill(report: &mut DriftReport, replay: &Replay, since: usize) {
    let mut counts = vec![0_u64; replay.names.len()];
    if let Some(row) = replay.rows.last() {
        let scored = row.iter().zip(&replay.categories).filter(|(score, _)| score.is_some());
        scored.for_each(|(_, category)| counts[*category as usize] += 1);
    }
    let finding = |(number, name): (u32, &std::sync::Arc<str>)| {
        let kind = StreamKind::Category(number);
        let mut finding = CategoryFinding::new(&**name, counts[number as usize]);
        let difference = replay.shift(kind, since);
        finding.effect = difference.and_then(in_points);
        finding.p = difference.and_then(|difference| drop_p(&difference));
        finding.m = replay.stream(kind).map(|stream| stream.evidence).filter(|m| m.is_finite());
        finding
    };
    put(report, (0..).zip(&replay.names).map(finding).collect());
}

/// Puts categories into a report, corrected for how many they are.
pub(crate) fn put(report: &mut DriftReport, mut found: Vec<CategoryFinding>) {
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let p: Vec<Option<f64>> = found.iter().map(|finding| finding.p).collect();
    let (decided, listed) = (correct_with(&p, holm), corrected(&p));
    for (finding, (p_holm, q)) in found.iter_mut().zip(decided.into_iter().zip(listed)) {
        (finding.p_holm, finding.q) = (p_holm, q);
    }
    let tests = p.iter().flatten().count();
    if tests > 1 {
        let of = "categories of this history";
        report.families.push(Family::new(of, tests, Correction::Holm, DECIDED));
        report.families.push(Family::new(of, tests, Correction::BenjaminiHochberg, LEVEL));
    }
    report.categories = found;
}

/// The one-sided probability of a drop at least so large.
pub(crate) fn drop_p(difference: &Difference) -> Option<f64> {
    let t = difference.delta / difference.standard_error;
    let student = StudentsT::new(0.0, 1.0, difference.df).ok().filter(|_| t.is_finite())?;
    Some(student.cdf(t))
}
