//! `evalctl runs`

use std::collections::BTreeMap;

use eval_core::{Interim, Reports, Run, RunId, RunKind, RunQuery, RunStatus, Store as _};
use serde_json::json;

use crate::args::{Format, Global, RunsArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table, clean, interval, latency, percent};
use crate::refs;
use crate::report::{self, label};

/// Runs, newest first.
pub(crate) async fn runs(console: &Console, global: &Global, args: RunsArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::existing_store(&settings).await?;
    let mut query = RunQuery::default();
    query.model = args.model;
    query.dataset = args.dataset;
    query.tag = args.tag;
    (query.status, query.kind) = (args.status, args.kind);
    (query.since, query.until) = (args.when.since, args.when.until);
    query.before = refs::cursor(&store, args.when.before.as_deref()).await?;
    query.limit = args.limit;
    let mut every = RunQuery::default();
    every.limit = query.limit;
    let runs = store.list_runs(&query).await?;
    let open = interim(&store, &runs).await?;
    match console.format {
        // A line a run, for who reads them one by one.
        Format::Jsonl => runs.iter().try_for_each(|run| console.print(serde_json::to_string(run)?))?,
        Format::Json => console.json(&json!({"schema": "evalctl.runs/1", "runs": runs, "interim": open}))?,
        _ if runs.is_empty() => console.note(match args.limit {
            0 => "-n 0 lists no runs",
            _ if query == every => "no runs yet; start with `evalctl demo` or `evalctl run`",
            _ => "no such runs",
        }),
        _ => {
            console.print(table(&runs, &open).render(console.width))?;
            if let Some(last) = runs.last().filter(|_| runs.len() == args.limit) {
                console.note(format!("older ones: --before {}", last.id.short()));
            }
        }
    }
    Ok(Exit::Done)
}

/// What is stored of those runs that have no summary.
async fn interim(store: &dyn Reports, runs: &[Run]) -> Result<BTreeMap<RunId, Interim>, Failure> {
    let mut found = BTreeMap::new();
    for run in runs {
        found.extend(report::interim(store, run).await?.map(|interim| (run.id, interim)));
    }
    Ok(found)
}

fn table(runs: &[Run], open: &BTreeMap<RunId, Interim>) -> Table {
    let mut table = Table::new([
        ("run", Align::Left),
        ("started (UTC)", Align::Left),
        ("model", Align::Left),
        ("dataset", Align::Left),
        ("accuracy", Align::Right),
        ("95% interval", Align::Right),
        ("asked", Align::Right),
        ("took", Align::Right),
        ("commit", Align::Left),
        ("status", Align::Left),
    ]);
    for run in runs {
        let ended = run.summary.as_ref().map(|summary| summary.counts);
        let so_far = open.get(&run.id);
        let ended = ended.or_else(|| so_far.map(|interim| interim.counts)).unwrap_or_default().total();
        table.row([
            run.id.short(),
            run.started.strftime("%Y-%m-%d %H:%M").to_string(),
            purpose(run),
            format!("{}{}", clean(&run.dataset.name), if run.dataset.selection.is_all() { "" } else { " (part)" }),
            match so_far.and_then(|interim| interim.mean) {
                Some(mean) => format!("so far {}", percent(Some(mean))),
                None => percent(run.score().map(|score| score.mean)),
            },
            interval(run.score()),
            asked(ended, run.planned),
            latency(run.wall_ms().map(|ms| ms as f64)),
            commit(run),
            if run.status == RunStatus::Finished { String::new() } else { run.status.to_string() },
        ]);
    }
    table
}

/// The name of a run, and what it is for where no model was asked.
fn purpose(run: &Run) -> String {
    match (run.kind, run.of) {
        (RunKind::Evaluation, _) => label(run),
        (kind, Some(of)) => format!("{} ({kind} of {})", label(run), of.short()),
        (kind, None) => format!("{} ({kind})", label(run)),
    }
}

fn asked(ended: u64, planned: u64) -> String {
    if ended == planned { ended.to_string() } else { format!("{ended}/{planned}") }
}

/// The first digits of the commit, with a `+` when the folder had changes.
pub(crate) fn commit(run: &Run) -> String {
    let provenance = &run.provenance;
    let commit = provenance.git_commit.as_deref().map(|commit| commit.get(..7).unwrap_or(commit));
    let dirty = if provenance.git_dirty == Some(true) { "+" } else { "" };
    commit.map_or_else(String::new, |commit| format!("{commit}{dirty}"))
}
