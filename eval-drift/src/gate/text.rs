//! The report for a terminal.

use super::report::{Check, CheckOutcome, Decision, GateReport, Inconclusive};
use super::words::count;
use super::{Policy, SettingChange};
use crate::neutral::{cut, line};

/// The longest text of a data set that is shown.
const LONGEST: usize = 200;
/// Warnings and settings that are listed at most.
const MOST: usize = 20;

/// The report as plain text, for a terminal or a log. Texts of the data set are [neutral](crate::neutral::line).
///
/// ```text
/// gate  7f3a12 (gamma-pro) against 5c1001 (gamma-pro), 500 shared questions
///   FAIL  max drop 2.0        -4.6 points, 90% interval -7.0 to -2.2 lies wholly beyond -2.0
///   ok    min accuracy 80%    86.2%, 90% interval 83.4% to 88.6%: within the limit
/// FAILED: 1 of 2 checks. Exit 1.
/// ```
pub fn text(report: &GateReport) -> String {
    let mut lines = vec![format!("gate  {}, {}", title(report), count(report.shared, "shared question"))];
    let width = report.checks.iter().map(|check| name(check).chars().count()).max().unwrap_or(0);
    lines.extend(report.checks.iter().map(|check| {
        format!("  {:<4}  {:<width$}  {}", mark(check.outcome), name(check), line(&cut(&check.words, 2 * LONGEST)))
    }));
    lines.extend(report.obstacles.iter().take(MOST).map(|why| format!("  n/a   {}", line(&cut(why, 2 * LONGEST)))));
    if report.shared > 0 {
        lines.push(format!("  {}", report.changes));
    }
    lines.extend(report.differs.iter().take(MOST).map(|found| format!("  differs: {}", line(&difference(found)))));
    lines.extend(report.warnings.iter().take(MOST).map(|warning| format!("  note: {}", line(&cut(warning, LONGEST)))));
    lines.push(format!("  decided by: {}", line(&basis(report))));
    lines.push(last(report));
    lines.join("\n") + "\n"
}

fn title(report: &GateReport) -> String {
    let baseline = match report.baseline.as_slice() {
        [] => "no baseline".to_owned(),
        [one] => one.clone(),
        [first, .., latest] => format!("{} runs, {first} to {latest}", report.baseline.len()),
    };
    line(&format!("{} against {}", cut(&report.candidate, LONGEST), cut(&baseline, LONGEST)))
}

/// The name of a check with its limit.
fn name(check: &Check) -> String {
    line(&format!("{} {}", cut(&check.name, 60), check.limit_text()))
}

pub(super) fn mark(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Pass => "ok",
        CheckOutcome::Fail => "FAIL",
        CheckOutcome::Underpowered => "?",
        CheckOutcome::NotComputable => "n/a",
    }
}

pub(super) fn difference(found: &SettingChange) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "none".to_owned(), |text| cut(text, 80));
    format!("{} {} -> {}", cut(&found.setting, 80), value(&found.before), value(&found.now))
}

/// What the decision rests on: data set, judge, limits. Whoever changes one of them changes this line.
pub(super) fn basis(report: &GateReport) -> String {
    let gate = &report.gate;
    let policy = match gate.on_inconclusive {
        Policy::Warn => "warn",
        Policy::Fail => "fail",
        Policy::Rerun => "rerun",
    };
    let judge = if report.judge.is_empty() { "unknown" } else { &report.judge };
    let limits =
        report.checks.iter().take(MOST).map(|check| format!("{} {}", cut(&check.name, 60), check.limit_text()));
    let limits: Vec<String> = limits.collect();
    format!(
        "data set {} ({}), judge {} ({}), {}, alpha {}, run noise {}, inconclusive: {policy}, failures {}",
        cut(&report.dataset.name, 80),
        cut(&report.dataset.fingerprint, 80),
        cut(judge, 80),
        cut(&report.judge_hash, 80),
        if limits.is_empty() { "no limit".to_owned() } else { limits.join(", ") },
        gate.alpha,
        gate.run_noise,
        if gate.errors_as_failures { "count as wrong" } else { "are left out" },
    )
}

/// What follows, in one line.
pub(super) fn last(report: &GateReport) -> String {
    let exit = report.exit_code();
    let checks = count(report.checks.len() as u64, "check");
    match report.decision {
        Decision::Pass => format!("PASSED: {checks}. Exit {exit}."),
        Decision::Fail => {
            format!("FAILED: {} of {checks}. Exit {exit}.", report.ended(CheckOutcome::Fail).count())
        }
        Decision::Inconclusive(Inconclusive::NotComputable) => {
            format!("CANNOT DECIDE: this is never a pass. Exit {exit}.")
        }
        Decision::Inconclusive(Inconclusive::Underpowered) => {
            let open = report.ended(CheckOutcome::Underpowered).count();
            let follows = match report.gate.on_inconclusive {
                Policy::Warn => "let through by the policy warn, which proves nothing",
                Policy::Rerun if report.wants_rerun() => "to be asked again with more epochs",
                _ => "not let through",
            };
            format!("UNDECIDED: {open} of {checks} underpowered; {follows}. Exit {exit}.")
        }
    }
}
