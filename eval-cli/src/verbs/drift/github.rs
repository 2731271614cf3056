//! What GitHub is told when it runs us.

use eval_core::{DriftReport, Status};
use eval_drift::findings::Found;
use eval_drift::neutral::{cut, workflow_message, workflow_property};

use super::{Seen, has_moved, markdown, spoken};
use crate::exit::Exit;
use crate::github;
use crate::output::Console;

/// GitHub shows so many annotations of a kind for a step.
const MOST: usize = 10;
/// The longest message.
const LONGEST: usize = 1_000;

/// Annotations of what moved, and the summary of the step, where GitHub's variables are set.
pub(super) fn tell(console: &Console, seen: &Seen<'_>, exit: Exit, summary: bool) {
    let shown = spoken(seen.found, |report| seen.shows(report));
    let moved = shown.into_iter().filter(|(_, report)| has_moved(report));
    github::annotate(moved.take(MOST).map(|(found, report)| annotation(seen, found, report)));
    let is_worth_it = !seen.only_alarms || exit == Exit::Failed;
    if summary && is_worth_it {
        github::append(console, github::SUMMARY, &markdown::of(seen, exit));
    }
}

fn annotation(seen: &Seen<'_>, found: &Found, report: &DriftReport) -> String {
    let kind = match report.status {
        _ if seen.alarms.is_one(report) => "error",
        Status::Better => "notice",
        _ => "warning",
    };
    let title = format!("drift: {} on {}", cut(&found.run.name, 80), cut(&found.run.dataset.name, 80));
    let message = workflow_message(&cut(&report.headline(), LONGEST));
    format!("::{kind} title={}::{message}", workflow_property(&title))
}
