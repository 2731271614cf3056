//! `evalctl history`

use eval_core::{HistoryQuery, Params, Reports, Run, RunQuery, RunStatus};
use serde_json::json;

use super::runs::commit;
use crate::args::{Global, HistoryArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, did_you_mean};
use crate::output::{Align, Console, Table, clean, interval, percent};
use crate::refs;

/// The whole, finished runs of a name on one data set, newest first.
pub(crate) async fn history(console: &Console, global: &Global, args: HistoryArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::existing_store(&settings).await?;
    let dataset = match args.dataset {
        Some(dataset) => dataset,
        None => newest_dataset(&store, &args.model).await?,
    };
    let mut query = HistoryQuery::new(&args.model, &dataset);
    (query.since, query.until) = (args.when.since, args.when.until);
    query.before = refs::cursor(&store, args.when.before.as_deref()).await?;
    // One run more than is shown, for the change of the oldest one.
    query.limit = args.limit.saturating_add(1);
    let runs = store.history(&query).await?;
    let points: Vec<Point<'_>> = points(&runs).into_iter().take(args.limit).collect();
    if console.is_machine() {
        let runs = points.iter().map(|point| json!({"run": point.run, "change_points": point.change}));
        let runs: Vec<_> = runs.collect();
        console.json(&json!({
            "schema": "evalctl.history/1", "name": args.model, "dataset": dataset, "runs": runs,
        }))?;
        return Ok(Exit::Done);
    }
    if points.is_empty() {
        return none(console, &store, &query, args.limit).await;
    }
    console.note(format!("{} on {}: whole runs, newest first", clean(&args.model), clean(&dataset)));
    console.print(table(&points).render(console.width))?;
    remarks(console, &points);
    if runs.len() > points.len()
        && let Some(last) = points.last()
    {
        console.note(format!("older ones: --before {}", last.run.id.short()));
    }
    Ok(Exit::Done)
}

/// Whether the name has no runs at all, or only none on this page.
async fn none(console: &Console, store: &dyn Reports, query: &HistoryQuery, limit: usize) -> Outcome {
    let mut every = HistoryQuery::new(&query.name, &query.dataset);
    every.limit = 1;
    let (name, dataset) = (clean(&query.name), clean(&query.dataset));
    match store.history(&every).await?.first() {
        None => return Err(nothing(store, &query.name, Some(&query.dataset)).await?),
        Some(_) if limit == 0 => console.note("-n 0 lists no runs"),
        Some(newest) => console.note(format!(
            "no run of `{name}` on `{dataset}` began in that time; the newest is {} ({})",
            newest.id.short(),
            newest.started.strftime("%F %R UTC")
        )),
    }
    Ok(Exit::Done)
}

/// A run, and what became of the mean since the run before.
struct Point<'a> {
    run: &'a Run,
    /// In points; `None` where there is no run before, where one of the two has no score, or where the two were not
    /// made alike.
    change: Option<f64>,
    /// Whether model, prompt, parameters or judge are others than in the run before.
    remade: bool,
    /// Whether the data set is another version than in the run before.
    edited: bool,
}

fn points(runs: &[Run]) -> Vec<Point<'_>> {
    let before = runs.iter().skip(1).map(Some).chain([None]);
    runs.iter().zip(before).map(|(run, before)| point(run, before)).collect()
}

fn point<'a>(run: &'a Run, before: Option<&Run>) -> Point<'a> {
    let mean = |run: &Run| run.score().map(|score| score.mean);
    let remade = before.is_some_and(|before| how(before) != how(run));
    let edited = before.is_some_and(|before| before.dataset.fingerprint != run.dataset.fingerprint);
    let change = before.filter(|_| !remade).and_then(|before| Some((mean(run)? - mean(before)?) * 100.0));
    Point { run, change, remade, edited }
}

/// What a user decides about a run. What the provider changed by itself is just what a history is to show.
fn how(run: &Run) -> (&str, &Params, &str, &str) {
    (&run.model, &run.params, &run.provenance.prompt, &run.provenance.judge_hash)
}

fn table(points: &[Point<'_>]) -> Table {
    let mut table = Table::new([
        ("run", Align::Left),
        ("started (UTC)", Align::Left),
        ("accuracy", Align::Right),
        ("95% interval", Align::Right),
        ("n", Align::Right),
        ("change", Align::Right),
        ("scored", Align::Right),
        ("unscored", Align::Right),
        ("failed", Align::Right),
        ("commit", Align::Left),
    ]);
    for point in points {
        let (run, score) = (point.run, point.run.score());
        let counts = run.summary.as_ref().map(|summary| summary.counts).unwrap_or_default();
        table.row([
            run.id.short(),
            run.started.strftime("%Y-%m-%d %H:%M").to_string(),
            percent(score.map(|score| score.mean)),
            interval(score),
            score.map_or(0, |score| score.n).to_string(),
            change(point),
            counts.scored.to_string(),
            counts.unscored.to_string(),
            counts.failed.to_string(),
            commit(run),
        ]);
    }
    table
}

/// With a mark where the two runs did not ask the same questions.
fn change(point: &Point<'_>) -> String {
    match point.change {
        None => "–".into(),
        Some(points) => format!("{points:+.1}{}", if point.edited { "*" } else { "" }),
    }
}

fn remarks(console: &Console, points: &[Point<'_>]) {
    console.note("change: points against the run before; the intervals say how much of it may be luck");
    if points.iter().any(|point| point.edited && point.change.is_some()) {
        console.note("* the data set is another version than in the run before");
    }
    if points.iter().any(|point| point.remade) {
        console.note("no change is given where model, prompt, parameters or judge are others than in the run before");
    }
}

/// The data set of the newest whole run of a name.
async fn newest_dataset(store: &dyn Reports, name: &str) -> Result<String, Failure> {
    let mut query = RunQuery::default();
    query.model = Some(name.to_owned());
    query.status = Some(RunStatus::Finished);
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else { return Err(nothing(store, name, None).await?) };
        query.before = Some(last.id);
        if let Some(run) = page.into_iter().find(|run| run.is_comparable() && run.name == name) {
            return Ok(run.dataset.name);
        }
    }
}

/// Why there is nothing to show, with the name that was probably meant.
async fn nothing(store: &dyn Reports, name: &str, dataset: Option<&str>) -> Result<Failure, Failure> {
    let known = store.leaderboard(dataset).await?;
    let on = dataset.map(|dataset| format!(" on `{dataset}`")).unwrap_or_default();
    let failure = Failure::usage(format!("there is no whole, finished run of `{name}`{on}"));
    let names = known.iter().map(|entry| entry.run.name.as_str()).filter(|known| *known != name);
    Ok(match did_you_mean(name, names) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint("`evalctl models` lists the names; runs over a part (--limit, --category) do not count"),
    })
}
