//! Findings as Markdown, for a summary, an issue or a message.

use eval_core::DriftReport;
use eval_drift::findings::Found;
use eval_drift::neutral::{cut, markdown as neutral};

use super::{Seen, has_moved, spoken, words};
use crate::exit::Exit;
use crate::output::sparkline;

/// The longest text that is shown.
const LONGEST: usize = 300;
/// Findings that are told with their notes.
const MOST: usize = 20;

/// A table of all findings, and what there is to know of those that moved.
pub(super) fn of(seen: &Seen<'_>, exit: Exit) -> String {
    let shown = spoken(seen.found, |report| seen.shows(report));
    let verdict = match exit {
        Exit::Failed => "an alarm",
        Exit::Inconclusive => "nothing could be judged yet",
        _ => "nothing is worse",
    };
    let mut text = format!("### Drift: {verdict}\n");
    if !shown.is_empty() {
        text += "\n| | Model | Data set | What | Finding | Runs |\n|---|---|---|---|---|---|\n";
        text.extend(shown.iter().map(|(found, report)| row(found, report)));
    }
    let moved = shown.iter().filter(|(_, report)| has_moved(report));
    text.extend(moved.take(MOST).map(|(found, report)| details(found, report)));
    let families: Vec<String> = words::families(seen.found).filter(|_| !shown.is_empty()).collect();
    text.extend(families.iter().map(|family| format!("\n<sub>{}</sub>\n", neutral(family))));
    text
}

fn row(found: &Found, report: &DriftReport) -> String {
    let short = |text: &str| neutral(&cut(text, LONGEST));
    let levels: Vec<Option<f64>> = found.levels.iter().map(|level| level.percent).collect();
    let line = if report.measure.is_score() { sparkline(&levels, None, true) } else { String::new() };
    format!(
        "| **{}** | {} | {} | {} | {} | {line} |\n",
        words::label(report).0,
        short(&found.run.name),
        short(&found.run.dataset.name),
        report.measure,
        short(&report.headline()),
    )
}

fn details(found: &Found, report: &DriftReport) -> String {
    let [name, dataset] = [&found.run.name, &found.run.dataset.name].map(|text| neutral(&cut(text, LONGEST)));
    let notes = words::notes(report).into_iter().chain(words::regressed(report)).chain(words::earlier(found, report));
    let notes: String = notes.map(|note| format!("- {}\n", neutral(&cut(&note, 2 * LONGEST)))).collect();
    if notes.is_empty() { String::new() } else { format!("\n**{name} on {dataset}, {}**\n\n{notes}", report.measure) }
}
