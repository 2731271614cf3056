//! The report of several runs as Markdown: one table, then as many reports as there is room for.

use eval_core::Run;
use eval_drift::{CheckOutcome, Markdown, neutral};

use super::publish::Published;
use super::{Decided, reproduce};

/// The largest size of a comment of GitHub, with some air.
const MOST_BYTES: usize = 65_000;
/// The longest name that is shown.
const LONGEST: usize = 100;

/// One run has its report; several have a table of decisions first. What is not passed comes first.
pub(super) fn markdown(published: &Published<'_>, marked: bool) -> String {
    if let ([only], []) = (published.decided, published.undecided) {
        return of(published, only).marked(marked).render(&only.report);
    }
    let mut text = String::new();
    if let Some(first) = published.decided.first().filter(|_| marked) {
        text += &(Markdown::mark(&first.report.dataset.name) + "\n");
    }
    text += &format!("### {}\n\n{}", neutral::markdown(&published.headline()), table(published));
    let mut order: Vec<&Decided> = published.decided.iter().collect();
    order.sort_by_key(|found| found.report.decision == eval_drift::Decision::Pass);
    let mut left_out = 0;
    for found in order {
        let room = MOST_BYTES.saturating_sub(text.len() + 200);
        let report = of(published, found).marked(false).most_bytes(room).render(&found.report);
        match report.len() <= room {
            true => text += &format!("\n{report}"),
            false => left_out += 1,
        }
    }
    if left_out > 0 {
        text += &format!("\n{left_out} reports are left out: there is no room for them here.\n");
    }
    text
}

fn of(published: &Published<'_>, found: &Decided) -> Markdown {
    Markdown::new().reproduce(reproduce::command(published.args, &found.run))
}

fn table(published: &Published<'_>) -> String {
    let mut table = "| Model | Decision | Drop | Interval | Run |\n|---|---|--:|--:|---|\n".to_owned();
    for found in published.decided {
        let drop = found.report.checks.iter().find(|check| check.name == "max drop");
        let (measured, interval) =
            drop.map_or_else(Default::default, |drop| (drop.measured_text(), drop.interval_text()));
        let failed = found.report.checks.iter().any(|check| check.outcome == CheckOutcome::Fail);
        let decision = found.report.decision;
        let decision = if failed { format!("**{decision}**") } else { decision.to_string() };
        table +=
            &format!("| {} | {decision} | {measured} | {interval} | {} |\n", name(&found.run), found.run.id.short());
    }
    for found in published.undecided {
        let why = neutral::markdown(&neutral::cut(&found.why, 2 * LONGEST));
        table += &format!("| {} | **nothing decided**: {why} | | | {} |\n", name(&found.run), found.run.id.short());
    }
    table
}

fn name(run: &Run) -> String {
    neutral::markdown(&neutral::cut(&run.name, LONGEST))
}
