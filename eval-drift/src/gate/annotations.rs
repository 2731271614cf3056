//! The report as annotations of GitHub.

use super::Policy;
use super::report::{Check, CheckOutcome, Decision, GateReport, Inconclusive};
use crate::neutral::{cut, workflow_message, workflow_property};

/// GitHub shows so many annotations of a kind for a step.
const MOST: usize = 10;
/// The longest message.
const LONGEST: usize = 1_000;

/// The report as workflow commands of GitHub, one a line: the decision first, then each check that is not passed, ten in
/// all at most. Texts of the data set are [neutral](crate::neutral::workflow_message).
pub fn annotations(report: &GateReport) -> String {
    let decided = command(kind(report), &report.decision.to_string(), &report.headline);
    let open = report.checks.iter().filter(|check| check.outcome != CheckOutcome::Pass);
    let checks = open.map(|check| {
        let kind = if check.outcome == CheckOutcome::Fail { "error" } else { "warning" };
        command(kind, &title(check), &check.words)
    });
    std::iter::once(decided).chain(checks).take(MOST).map(|line| line + "\n").collect()
}

fn kind(report: &GateReport) -> &'static str {
    match report.decision {
        Decision::Pass => "notice",
        Decision::Inconclusive(Inconclusive::Underpowered) if report.gate.on_inconclusive == Policy::Warn => "warning",
        _ => "error",
    }
}

fn title(check: &Check) -> String {
    format!("{} {}", cut(&check.name, 80), check.limit_text())
}

fn command(kind: &str, title: &str, message: &str) -> String {
    let title = workflow_property(&format!("gate: {title}"));
    format!("::{kind} title={title}::{}", workflow_message(&cut(message, LONGEST)))
}
