//! What `evalctl drift --json` prints.

use eval_core::{DriftReport, RunId};
use eval_drift::findings::{Earlier, Found, Level};
use schemars::JsonSchema;
use serde::Serialize;

use super::Seen;
use crate::exit::Exit;

/// What was found in the histories that were looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Document<'a> {
    /// `evalctl.drift/1`
    schema: &'static str,
    /// Whether anything is an alarm.
    alarm: bool,
    /// The exit code: 0, 1 or 3.
    exit_code: u8,
    /// One for each name and data set.
    histories: Vec<HistoryFound<'a>>,
}

/// The runs of one name on one data set.
#[derive(Debug, Serialize, JsonSchema)]
struct HistoryFound<'a> {
    /// The name.
    name: &'a str,
    /// The data set.
    dataset: &'a str,
    /// The newest run.
    run: RunId,
    /// The mean score of each run, oldest first.
    levels: &'a [Level],
    /// The history that ended when the user changed something, where this one is too short yet.
    earlier: Option<&'a Earlier>,
    /// What was found, by detector and measure.
    findings: Vec<Finding<'a>>,
}

/// What one detector found.
#[derive(Debug, Serialize, JsonSchema)]
struct Finding<'a> {
    /// Whether it is an alarm: worse, not by the judge alone, and at least as large as was asked for.
    alarm: bool,
    /// The finding in a sentence.
    headline: String,
    /// What else a person should know.
    notes: Vec<String>,
    /// The finding.
    report: &'a DriftReport,
}

impl<'a> Document<'a> {
    /// All that was found, or the alarms only.
    pub(super) fn new(seen: &Seen<'a>, exit: Exit) -> Self {
        let finding = |report: &'a DriftReport| Finding {
            alarm: seen.alarms.is_one(report),
            headline: report.headline(),
            notes: report.notes(),
            report,
        };
        let history = |found: &'a Found| HistoryFound {
            name: &found.run.name,
            dataset: &found.run.dataset.name,
            run: found.run.id,
            levels: &found.levels,
            earlier: found.earlier.as_ref(),
            findings: found.reports.iter().filter(|report| seen.shows(report)).map(finding).collect(),
        };
        let histories = seen.found.iter().map(history);
        let histories = histories.filter(|history| !seen.only_alarms || !history.findings.is_empty());
        let (schema, alarm) = ("evalctl.drift/1", exit == Exit::Failed);
        Self { schema, alarm, exit_code: exit as u8, histories: histories.collect() }
    }
}
