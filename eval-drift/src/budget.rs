//! One budget of false alarms for all streams beside quality.

use std::collections::BTreeMap;

use eval_core::{Correction, DriftReport, Family, RunId, Status};

use crate::{MonitorSettings, OperationsMonitor};

/// Lets the streams beside quality (errors, latency, tokens, …) of each run share one budget of false alarms: *Worse* takes
/// the stream's own evidence and the *mean* evidence of all of them to reach 500. A stream that has the one without the
/// other becomes [`Status::Watch`]. The mean stands in [`Evidence::shared`](eval_core::Evidence::shared), and the family
/// in the report says whether its own alarm holds.
///
/// A weighted mean of e-detectors with fixed weights is an e-detector (Shin, Ramdas and Rinaldo 2023, arXiv 2203.03532,
/// section 4): `mean M_t - t` is a supermartingale however the streams depend on each other, so the mean number of runs
/// between two false alarms of *any* of them is at least 500. On the evidence of each by itself nine streams would have
/// nine such budgets. The streams counted are those that were measured in the era; a stream with evidence `M` alone has to
/// reach 500 times their number, which costs `ln 9` of evidence: a run or two.
///
/// Only reports of [`OperationsMonitor`] are looked at, those of the same run together. To repeat it changes nothing.
///
/// ```
/// use eval_core::{DriftDetector, History, Measure, RunId, Status, Timestamp, Window, WindowCounts};
/// use eval_drift::OperationsMonitor;
/// let run = |failed: u64| {
///     let mut counts = WindowCounts::default();
///     (counts.planned, counts.scored, counts.failed) = (200, 200 - failed, failed);
///     Window::new(RunId::new(), Timestamp::UNIX_EPOCH, vec![]).counts(counts)
/// };
/// let history = History::new([[2; 20].as_slice(), &[10]].concat().into_iter().map(run).collect());
/// let alone = OperationsMonitor::new(Measure::Errors).unwrap().detect(&history);
/// let shared = &OperationsMonitor::watch(&history)[0];
/// assert_eq!((alone.status, shared.status), (Status::Worse, Status::Watch));
/// ```
pub fn share_budget(reports: &mut [DriftReport]) {
    let mut runs: BTreeMap<RunId, Vec<usize>> = BTreeMap::new();
    for (at, report) in reports.iter().enumerate() {
        let is_one = report.method.name == OperationsMonitor::NAME && report.evidence.m.is_some();
        if let Some(run) = report.run.filter(|_| is_one) {
            runs.entry(run).or_default().push(at);
        }
    }
    runs.into_values().for_each(|streams| share(reports, &streams));
}

fn share(reports: &mut [DriftReport], streams: &[usize]) {
    let alarm = MonitorSettings::default().alarm;
    let n = streams.len() as f64;
    let mean: f64 = streams.iter().filter_map(|at| reports[*at].evidence.m).map(|m| m / n).sum();
    for at in streams {
        let report = &mut reports[*at];
        report.evidence.shared = Some(mean.min(f64::MAX));
        let mut family = Family::new("streams beside quality", streams.len(), Correction::SharedBudget, 1.0 / alarm);
        let is_alarm = matches!(report.status, Status::Worse | Status::Watch) && report.evidence.m >= Some(alarm);
        if is_alarm {
            report.status = if mean >= alarm { Status::Worse } else { Status::Watch };
            family = family.holds(mean >= alarm);
        }
        report.families.retain(|family| family.correction != Correction::SharedBudget);
        report.families.push(family);
    }
}
