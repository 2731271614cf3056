//! `evalctl drift`

mod detectors;
mod document;
mod github;
mod junit;
mod mark;
mod markdown;
mod words;

use eval_core::{Against, Cause, DriftReport, MarkKind, Measure, Run, Status};
use eval_drift::findings::{Found, Watched};
use eval_store::DieselStore;

use crate::args::{DriftArgs, DriftVerb, Format, Global, Looking};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::findings;
use crate::output::{Console, clean};
use crate::refs;

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
    let runs = findings::newest(&store, &looking.models, looking.dataset.as_deref()).await?;
    let watched = watched(console, &store, runs, looking.baseline.as_deref()).await?;
    let found = findings::look(&store, watched, &detectors, looking.window.unwrap_or_default()).await?;
    let least = looking.min_drop.unwrap_or(if looking.alert { 1.0 } else { 0.0 });
    let seen = Seen { found: &found, alarms: Alarms { least }, only_alarms: looking.alert };
    let exit = seen.alarms.exit(&found);
    match console.format {
        Format::Json | Format::Jsonl => console.json(&Document::new(&seen, exit))?,
        Format::Md => console.print(markdown::of(&seen, exit).trim_end())?,
        Format::Junit => console.print(junit::of(&seen).trim_end())?,
        _ => show(console, &settings, &found, |report| seen.shows(report))?,
    }
    github::tell(console, &seen, exit, !looking.no_summary);
    if !looking.alert && exit == Exit::Inconclusive {
        console.note("nothing could be judged yet: exit code 3");
    }
    Ok(exit)
}

/// Where each baseline begins. A history without the one that is asked for is left out, and said.
async fn watched(
    console: &Console,
    store: &DieselStore,
    runs: Vec<Run>,
    reference: Option<&str>,
) -> Result<Vec<Watched>, Failure> {
    let Some(reference) = reference else {
        return Ok(runs.into_iter().map(Watched::new).collect());
    };
    let mut watched = Vec::new();
    for run in runs {
        match refs::baseline(store, &run, reference).await? {
            Against::Missing(missing) => console.warn(format!("left out: {}", clean(&missing.to_string()))),
            found => watched.push(Watched::new(run).from(found.runs().first().map(|run| run.id))),
        }
    }
    if watched.is_empty() {
        return Err(Failure::usage(format!("no history has the baseline `{reference}`"))
            .hint("a run by its last six digits, or a blessed one: evalctl baseline list"));
    }
    Ok(watched)
}

/// Prints those findings that are wanted, worst first, and which of them were corrected together.
pub(crate) fn show(
    console: &Console,
    settings: &Settings,
    found: &[Found],
    wanted: impl Fn(&DriftReport) -> bool,
) -> Result<(), Failure> {
    let shown = spoken(found, &wanted);
    for (found, report) in &shown {
        console.print(words::finding(console, settings, found, report))?;
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

/// The findings that a person wants to read of those that are wanted, worst first.
fn spoken(found: &[Found], wanted: impl Fn(&DriftReport) -> bool) -> Vec<(&Found, &DriftReport)> {
    let all = found.iter().flat_map(|found| found.reports.iter().map(move |report| (found, report)));
    let mut shown: Vec<_> = all.filter(|(_, report)| wanted(report) && speaks(report)).collect();
    shown.sort_by_key(|(_, report)| (report.status, report.measure));
    shown
}

/// Whether a person wants to read it: always of the scores; of what runs beside them only when it moved.
fn speaks(report: &DriftReport) -> bool {
    let quiet = matches!(report.status, Status::Steady | Status::Warming | Status::NotComparable | Status::Partial);
    report.measure.is_score() || !quiet || !report.evidence.tests.is_empty()
}

/// Whether the runs were compared and it is not as before.
fn has_moved(report: &DriftReport) -> bool {
    report.status.is_conclusive() && report.status != Status::Steady
}

/// What was found, and which part of it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// All that was found.
    found: &'a [Found],
    /// What is an alarm.
    alarms: Alarms,
    /// Whether nothing else is told.
    only_alarms: bool,
}

impl Seen<'_> {
    fn shows(&self, report: &DriftReport) -> bool {
        !self.only_alarms || self.alarms.is_one(report)
    }
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
