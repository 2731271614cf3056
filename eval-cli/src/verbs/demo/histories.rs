//! Thirty simulated days of three models, one of which drifts on a known day.

use std::sync::Arc;

use eval_core::{
    Dataset, DriftDetector as _, EvaluationQuery, Evaluator, HistoryQuery, InMemory, Measure, Reports as _, Run, RunId,
    Status, Store as _, Timestamp,
};
use eval_drift::BestRunThreshold;
use eval_drift::findings::{Shown, Watched, usual};
use eval_providers::{Drift, Simulated, SimulatedBuilder};
use eval_store::DieselStore;

use crate::config::Settings;
use crate::failure::Failure;
use crate::findings;
use crate::output::{Console, one_line};
use crate::verbs::drift::show;

const DAYS: i64 = 30;
const DAY_S: i64 = 86_400;
/// 25 October 2025, 06:00 UTC: always the same days, so that the demo shows the same each time.
const FIRST_S: i64 = 1_761_372_000;
/// The day, from 0, on which one of them changes: 9 November.
const CHANGES: i64 = 15;
const NAMES: [&str; 3] = ["simulated:sliding", "simulated:restless", "simulated:calm"];

/// Makes the histories where they are not there yet.
pub(super) async fn seed(store: &DieselStore, dataset: &Dataset) -> Result<(), Failure> {
    for (name, model) in models(dataset)? {
        let mut query = HistoryQuery::new(name, dataset.name());
        (query.limit, query.until) = (DAYS as usize, Some(day(DAYS)));
        if store.history(&query).await?.len() == DAYS as usize {
            continue;
        }
        for number in 0..DAYS {
            let at = day(number);
            run(store, dataset, name, model.clone().now(at).build(), at).await?;
        }
    }
    Ok(())
}

fn day(number: i64) -> Timestamp {
    Timestamp::from_second(FIRST_S + number * DAY_S).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn models(dataset: &Dataset) -> Result<[(&'static str, SimulatedBuilder); 3], Failure> {
    let mut key = Vec::new();
    for sample in dataset.samples()? {
        let sample = sample?;
        key.extend(sample.target.map(|target| (sample.id, sample.category, target)));
    }
    let swap = Drift::from(day(CHANGES)).points(-16.0).fingerprint("fp_9e07");
    let [sliding, restless, calm] = NAMES;
    let model = |name: &str, seed| Simulated::builder(name.trim_start_matches("simulated:"), seed);
    let sliding_model = model(sliding, 21).accuracy(0.9).fingerprint("fp_44a1").drift(swap);
    let restless_model = model(restless, 31).accuracy(0.78).luck(0.25).fingerprint("fp_71c0");
    let calm_model = model(calm, 23).accuracy(0.84).luck(0.03).fingerprint("fp_b52d");
    let models = [(sliding, sliding_model), (restless, restless_model), (calm, calm_model)];
    Ok(models.map(|(name, model)| (name, model.answers(key.clone()))))
}

/// A run of that day: asked now, dated then.
async fn run(
    store: &DieselStore,
    dataset: &Dataset,
    name: &str,
    model: Simulated,
    at: Timestamp,
) -> Result<(), Failure> {
    let memory = Arc::new(InMemory::new());
    let evaluator = Evaluator::builder(model, eval_judge::Exact::new()).model(name).simulated(true);
    let evaluator = evaluator.tag("demo", "true").store(memory.clone()).build()?;
    let mut run = evaluator.run(dataset, &mut ()).await?;
    let mut all = EvaluationQuery::default();
    all.limit = usize::try_from(run.planned).unwrap_or(usize::MAX);
    let mut rows = memory.evaluations(run.id, &all).await?;
    rows.iter_mut().for_each(|row| row.started = at);
    (run.id, run.started, run.finished) = (RunId::derived(at, ["demo", name, &at.to_string()]), at, Some(at));
    store.put_run(&run).await?;
    Ok(store.put_evaluations(run.id, &rows).await?)
}

/// Says what the monitor finds in them, and what the usual rule would have said.
pub(super) async fn tell(
    console: &Console,
    store: &DieselStore,
    dataset: &Dataset,
    settings: &Settings,
) -> Result<(), Failure> {
    let names = NAMES.map(str::to_owned);
    let runs = findings::newest(store, &names, Some(dataset.name())).await?;
    let watched = runs.into_iter().map(Watched::new).collect();
    let found = findings::look(store, watched, &usual(), Shown::default()).await?;
    console.note("");
    console.print(format!("{DAYS} simulated daily runs of three more models, one of which changed on 2025-11-09:"))?;
    show(console, settings, &found, |report| report.measure == Measure::Quality)?;
    for found in found.iter().filter(|found| found.reports.iter().all(|report| report.status != Status::Worse)) {
        console.print(left_alone(&found.run.name, flags(store, &found.run).await?))?;
    }
    Ok(())
}

/// In how many runs of a history the usual rule would have called somebody.
async fn flags(store: &DieselStore, run: &Run) -> Result<usize, Failure> {
    let mut history = store.windows(&HistoryQuery::of(run).details(true)).await?;
    let mut flags = 0;
    while history.windows.len() > 1 {
        flags += usize::from(BestRunThreshold::default().detect(&history).status == Status::Worse);
        history.windows.pop();
    }
    Ok(flags)
}

fn left_alone(name: &str, flags: usize) -> String {
    let name = one_line(name);
    format!("{name} never changed; the rule \"3 points below the best run\" flags {flags} of its {DAYS} runs")
}
