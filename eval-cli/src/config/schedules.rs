//! The tables `[schedules.NAME]` of the configuration file.

use std::collections::BTreeMap;
use std::time::Duration;

use eval_core::server::JobRequest;
use eval_core::{Params, RunSpec, Selection};
use eval_server::{Cron, Missed, Schedule};
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::ConfigFile;
use super::webhooks::Name;
use crate::failure::{Failure, chain};

/// The schedules by name.
pub(crate) type ScheduleTables = BTreeMap<Name, Spanned<ScheduleTable>>;

/// A job that comes by the clock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleTable {
    cron: Spanned<String>,
    #[serde(default = "utc")]
    zone: String,
    models: Spanned<Vec<String>>,
    dataset: String,
    #[serde(default)]
    judges: Vec<String>,
    limit: Option<u64>,
    #[serde(default)]
    categories: Vec<String>,
    epochs: Option<Spanned<u32>>,
    threshold: Option<Spanned<f64>>,
    #[serde(default)]
    params: BTreeMap<String, Value>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// The name in histories.
    name: Option<String>,
    #[serde(default)]
    missed: MissedRule,
    missed_hours: Option<Spanned<f64>>,
}

/// The longest ago that a missed time may be run: a month. A schedule of every minute is walked through as far.
const MOST_HOURS: f64 = 744.0;

fn utc() -> String {
    "UTC".into()
}

/// What becomes of times at which no server was there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MissedRule {
    #[default]
    Once,
    Skip,
}

/// Checks what can be checked without a server.
pub(crate) fn schedules(tables: &ScheduleTables, file: &ConfigFile) -> Result<Vec<Schedule>, Failure> {
    tables.iter().map(|(name, table)| schedule(&name.0, table.get_ref(), file)).collect()
}

fn schedule(name: &str, table: &ScheduleTable, file: &ConfigFile) -> Result<Schedule, Failure> {
    let cron = Cron::parse(table.cron.get_ref(), &table.zone);
    let cron = cron.map_err(|error| file.refuse(&table.cron, chain(&error)))?;
    if table.models.get_ref().is_empty() {
        return Err(file.refuse(&table.models, "a schedule needs at least one model"));
    }
    if let Some(epochs) = table.epochs.as_ref().filter(|epochs| *epochs.get_ref() == 0) {
        return Err(file.refuse(epochs, "epochs is 0: expected at least 1"));
    }
    if let Some(threshold) = table.threshold.as_ref().filter(|it| !(0.0..=1.0).contains(it.get_ref())) {
        return Err(file.refuse(threshold, "expected a score from 0 to 1"));
    }
    let limit = match &table.missed_hours {
        None => Missed::LIMIT,
        Some(hours) if *hours.get_ref() > 0.0 && *hours.get_ref() <= MOST_HOURS => {
            Duration::from_secs_f64(hours.get_ref() * 3600.0)
        }
        Some(hours) => return Err(file.refuse(hours, format!("expected hours, more than 0 and at most {MOST_HOURS}"))),
    };
    let missed = match table.missed {
        MissedRule::Once => Missed::Once(limit),
        MissedRule::Skip => Missed::Skip,
    };
    Ok(Schedule::new(name, cron, request(table)).missed(missed))
}

fn request(table: &ScheduleTable) -> JobRequest {
    let mut spec = RunSpec::new(&*table.dataset);
    spec.judges.clone_from(&table.judges);
    let mut request = JobRequest::new(table.models.get_ref().iter(), spec);
    if table.limit.is_some() || !table.categories.is_empty() {
        let mut selection = Selection::default();
        (selection.limit, selection.categories) = (table.limit, table.categories.clone());
        request.selection = Some(selection);
    }
    request.name.clone_from(&table.name);
    request.epochs = table.epochs.as_ref().map_or(1, |epochs| *epochs.get_ref());
    request.threshold = table.threshold.as_ref().map(|threshold| *threshold.get_ref());
    let params = table.params.iter();
    request.params = params.fold(Params::new(), |all, (name, value)| all.with(name, value.clone()));
    request.tags.clone_from(&table.tags);
    request
}
