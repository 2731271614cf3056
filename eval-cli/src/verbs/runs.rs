//! `evalctl runs`

use eval_core::{Run, RunQuery, RunStatus, Store as _};
use serde_json::json;

use crate::args::{Global, RunsArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::{Align, Console, Table, clean, interval, latency, percent};
use crate::refs;
use crate::report::label;

/// Runs, newest first.
pub(crate) async fn runs(console: &Console, global: &Global, args: RunsArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::existing_store(&settings).await?;
    let mut query = RunQuery::default();
    query.model = args.model;
    query.dataset = args.dataset;
    query.tag = args.tag;
    query.status = args.status;
    (query.since, query.until) = (args.when.since, args.when.until);
    query.before = refs::cursor(&store, args.when.before.as_deref()).await?;
    query.limit = args.limit;
    let mut every = RunQuery::default();
    every.limit = query.limit;
    let runs = store.list_runs(&query).await?;
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.runs/1", "runs": runs}))?;
    } else if runs.is_empty() {
        console.note(if query == every {
            "no runs yet; start with `evalctl demo` or `evalctl run`"
        } else {
            "no such runs"
        });
    } else {
        console.print(table(&runs).render(console.width))?;
        if let Some(last) = runs.last().filter(|_| runs.len() == args.limit) {
            console.note(format!("older ones: --before {}", last.id.short()));
        }
    }
    Ok(Exit::Done)
}

fn table(runs: &[Run]) -> Table {
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
        // A run that was cut off has no summary, and so nobody has counted.
        let ended = run.summary.as_ref().map(|summary| summary.counts.total());
        table.row([
            run.id.short(),
            run.started.strftime("%Y-%m-%d %H:%M").to_string(),
            label(run),
            format!("{}{}", clean(&run.dataset.name), if run.dataset.selection.is_all() { "" } else { " (part)" }),
            percent(run.score().map(|score| score.mean)),
            interval(run.score()),
            asked(ended, run.planned),
            latency(run.wall_ms().map(|ms| ms as f64)),
            commit(run),
            if run.status == RunStatus::Finished { String::new() } else { run.status.to_string() },
        ]);
    }
    table
}

fn asked(ended: Option<u64>, planned: u64) -> String {
    match ended {
        Some(ended) if ended == planned => ended.to_string(),
        Some(ended) => format!("{ended}/{planned}"),
        None => format!("–/{planned}"),
    }
}

/// The first digits of the commit, with a `+` when the folder had changes.
pub(crate) fn commit(run: &Run) -> String {
    let provenance = &run.provenance;
    let commit = provenance.git_commit.as_deref().map(|commit| commit.get(..7).unwrap_or(commit));
    let dirty = if provenance.git_dirty == Some(true) { "+" } else { "" };
    commit.map_or_else(String::new, |commit| format!("{commit}{dirty}"))
}
