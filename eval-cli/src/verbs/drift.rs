//! `evalctl drift`

mod detectors;
mod document;
mod mark;
mod words;

use eval_core::{Cause, DriftReport, MarkKind, Measure, Status};

use crate::args::{DriftArgs, DriftVerb, Global, Looking};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::findings::{self, Found};
use crate::output::Console;

pub(crate) use document::Document;

/// Says what moved, or takes what a person says to it.
pub(crate) async fn drift(console: &Console, global: &Global, args: DriftArgs) -> Outcome {
    match args.verb {
        None => look(console, global, &args.looking).await,
        Some(DriftVerb::Accept(args)) => mark::mark(console, global, MarkKind::Accepted, args).await,
        Some(DriftVerb::Mask(args)) => mark::mark(console, global, MarkKind::Masked, args).await,
    }
}

async fn look(console: &Console, global: &Global, looking: &Looking) -> Outcome {
    let detectors = detectors::chosen(&looking.detectors, looking.threshold)?;
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::writable_store(&settings).await?;
    let found = findings::look(&store, &looking.models, looking.dataset.as_deref(), &detectors).await?;
    let alarms = Alarms { least: if looking.alert { looking.min_drop } else { 0.0 } };
    let exit = alarms.exit(&found);
    if console.is_machine() {
        console.json(&Document::new(&found, alarms, looking.alert, exit))?;
        return Ok(exit);
    }
    let url = global.database_url.as_deref().map(|url| format!(" --database-url {}", compose::public_url(url)));
    show(console, &found, &url.unwrap_or_default(), |report| !looking.alert || alarms.is_one(report))?;
    if !looking.alert && exit == Exit::Inconclusive {
        console.note("nothing could be judged yet: exit code 3");
    }
    Ok(exit)
}

/// Prints those findings that are wanted, worst first, and which of them were corrected together. `database` is what a
/// command needs to find the same runs.
pub(crate) fn show(
    console: &Console,
    found: &[Found],
    database: &str,
    wanted: impl Fn(&DriftReport) -> bool,
) -> Result<(), crate::failure::Failure> {
    let all = found.iter().flat_map(|found| found.reports.iter().map(move |report| (found, report)));
    let mut shown: Vec<_> = all.filter(|(_, report)| wanted(report) && speaks(report)).collect();
    shown.sort_by_key(|(_, report)| (report.status, report.measure));
    for (found, report) in &shown {
        console.print(words::finding(console, found, report, database))?;
    }
    let silent = found.iter().flat_map(|found| &found.reports).filter(|report| wanted(report)).count() - shown.len();
    if silent > 0 {
        console.note(format!("nothing to say of {silent} others: errors, latency, tokens, cost and the like"));
    }
    for family in words::families(found).filter(|_| !shown.is_empty()) {
        console.note(family);
    }
    Ok(())
}

/// Whether a person wants to read it: always of the scores; of what runs beside them only when it moved.
fn speaks(report: &DriftReport) -> bool {
    let quiet = matches!(report.status, Status::Steady | Status::Warming | Status::NotComparable | Status::Partial);
    report.measure.is_score() || !quiet || !report.evidence.tests.is_empty()
}

/// What counts as an alarm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alarms {
    /// The smallest change that does, in points or percent.
    pub(crate) least: f64,
}

impl Alarms {
    pub(crate) fn is_one(self, report: &DriftReport) -> bool {
        report.pages(self.least)
    }

    /// What is printed and this code come from the same findings.
    pub(crate) fn exit(self, found: &[Found]) -> Exit {
        let all = || found.iter().flat_map(|found| &found.reports);
        if all().any(|report| self.is_one(report)) {
            return Exit::Failed;
        }
        let scores = all().any(|report| report.measure == Measure::Quality);
        let asked = |report: &&DriftReport| !scores || report.measure == Measure::Quality;
        let judged =
            |report: &DriftReport| report.status.is_conclusive() && !matches!(report.cause, Some(Cause::Judge));
        if all().filter(asked).any(judged) { Exit::Done } else { Exit::Inconclusive }
    }
}
