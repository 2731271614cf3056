//! Findings as JUnit XML.

use eval_core::{DriftReport, Status};
use eval_drift::findings::Found;
use eval_drift::neutral::{cut, xml};

use super::Seen;

/// The longest text that is written.
const LONGEST: usize = 500;

/// A suite for each history, a case for each finding: `<failure>` is an alarm, `<error>` a run without a score that could
/// be judged, `<skipped>` a history that is too short.
pub(super) fn of(seen: &Seen<'_>) -> String {
    let suites: String = seen.found.iter().map(|found| suite(seen, found)).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"evalctl drift\">\n{suites}</testsuites>\n")
}

fn suite(seen: &Seen<'_>, found: &Found) -> String {
    let cases: Vec<(&'static str, &DriftReport)> = found
        .reports
        .iter()
        .filter(|report| seen.shows(report))
        .map(|report| (element(seen, report), report))
        .collect();
    if cases.is_empty() {
        return String::new();
    }
    let name = safe(&format!("{} on {}", found.run.name, found.run.dataset.name));
    let count = |wanted: &str| cases.iter().filter(|(element, _)| *element == wanted).count();
    let (failures, errors, skipped) = (count("failure"), count("error"), count("skipped"));
    let body: String = cases.iter().map(|(element, report)| case(&name, element, report)).collect();
    format!(
        "<testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n\
         {body}</testsuite>\n",
        cases.len()
    )
}

fn element(seen: &Seen<'_>, report: &DriftReport) -> &'static str {
    match report.status {
        _ if seen.alarms.is_one(report) => "failure",
        Status::Partial | Status::NotComparable if report.measure.is_score() => "error",
        Status::Warming | Status::Partial | Status::NotComparable => "skipped",
        _ => "system-out",
    }
}

fn case(class: &str, element: &str, report: &DriftReport) -> String {
    let name = format!("{} by {}", report.measure, report.method.name);
    let (message, notes) = (safe(&report.headline()), safe(&report.notes().join("; ")));
    let body = match element {
        "system-out" => format!("<system-out>{message}</system-out>"),
        "failure" => format!("<failure message=\"{message}\">{notes}</failure>"),
        other => format!("<{other} message=\"{message}\"/>"),
    };
    format!("<testcase classname=\"{class}\" name=\"{}\">{body}</testcase>\n", safe(&name))
}

fn safe(text: &str) -> String {
    xml(&cut(text, LONGEST))
}
