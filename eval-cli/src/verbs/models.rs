//! `evalctl models`

use eval_core::{LeaderboardEntry, Reports as _, Run};
use eval_drift::{Ranking, SettingApart};
use serde_json::json;

use crate::args::{Global, ModelsArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table, clean, interval, latency, percent, total_money};
use crate::report::label;

/// The leaderboard: the latest whole run of each name on one data set.
pub(crate) async fn models(console: &Console, global: &Global, args: ModelsArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::existing_store(&settings).await?;
    let entries = store.leaderboard(args.dataset.as_deref()).await?;
    let ranking = Ranking::of(&entries);
    let apart: Vec<_> = entries.iter().zip(&ranking.places).filter(|(_, place)| !place.apart.is_empty()).collect();
    if console.is_machine() {
        let dataset = entries.first().map(|entry| &entry.run.dataset.name);
        let apart: Vec<_> =
            apart.iter().map(|(_, place)| json!({"run": place.run, "differences": place.apart})).collect();
        console.json(&json!({
            "schema": "evalctl.models/1", "dataset": dataset, "models": entries, "not_comparable": apart,
        }))?;
        return Ok(Exit::Done);
    }
    let Some(first) = entries.first() else {
        return Err(nothing(args.dataset.as_deref()));
    };
    let (unreliable, ranked): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.unreliable);
    console.note(format!("{}: the latest whole run of each model", clean(&first.run.dataset.name)));
    let (ranked, others): (Vec<_>, Vec<_>) =
        ranked.into_iter().partition(|entry| ranking.place(entry.run.id).is_some_and(|place| place.is_measure));
    if ranked.len() + others.len() > 0 {
        console.print(board(&ranking, &ranked, &others).render(console.width))?;
    }
    for entry in &unreliable {
        console.print(unreliable_line(entry))?;
    }
    for (entry, place) in &apart {
        console.print(apart_line(&entry.run, &place.apart))?;
    }
    if ranked.len() > 1 {
        console.note("Models that share a rank cannot be told apart by these intervals.");
    }
    if !apart.is_empty() {
        console
            .note("Ranked are only runs that were asked and graded alike; the others would need a run of their own.");
    }
    if different_data(&entries) {
        console.note("These runs did not all ask the same version of the data set: compare with care.");
    }
    Ok(Exit::Done)
}

fn apart_line(run: &Run, found: &[SettingApart]) -> String {
    let found: Vec<_> = found.iter().map(|found| clean(&found.to_string())).collect();
    format!("  not comparable  {}: {}; run {}", label(run), found.join(", "), run.id.short())
}

/// The ranked, and below them those that have no rank among these.
fn board(ranking: &Ranking, ranked: &[&LeaderboardEntry], others: &[&LeaderboardEntry]) -> Table {
    let mut table = Table::new([
        ("rank", Align::Right),
        ("model", Align::Left),
        ("accuracy", Align::Right),
        ("95% interval", Align::Right),
        ("p50", Align::Right),
        ("p95", Align::Right),
        ("cost", Align::Right),
        ("questions", Align::Right),
        ("failed", Align::Right),
        ("run", Align::Right),
    ]);
    for entry in ranked.iter().chain(others) {
        let (run, summary) = (&entry.run, entry.run.summary.as_ref());
        let times = summary.and_then(|summary| summary.latency);
        table.row([
            rank(ranking, entry),
            label(run),
            percent(run.score().map(|score| score.mean)),
            interval(run.score()),
            latency(times.map(|times| times.p50_ms)),
            latency(times.map(|times| times.p95_ms)),
            summary.map_or_else(|| "–".into(), |summary| total_money(&summary.cost)),
            run.score().map_or(0, |score| score.n).to_string(),
            summary.map_or(0, |summary| summary.counts.failed).to_string(),
            run.id.short(),
        ]);
    }
    table
}

/// The ranks that a model could have: `1–3`.
fn rank(ranking: &Ranking, entry: &LeaderboardEntry) -> String {
    match ranking.place(entry.run.id).and_then(|place| place.ranks) {
        None => "–".to_owned(),
        Some((first, last)) if first == last => first.to_string(),
        Some((first, last)) => format!("{first}–{last}"),
    }
}

/// A model that does not answer has no quality to rank: its share of failures is what there is to say.
fn unreliable_line(entry: &LeaderboardEntry) -> String {
    let (run, counts) = (&entry.run, entry.run.summary.as_ref().map(|summary| summary.counts).unwrap_or_default());
    let answered = match run.score() {
        Some(score) => format!("{} right where it answered ({})", percent(Some(score.mean)), score.n),
        None => "no answer could be scored".into(),
    };
    let failed =
        format!("{} of {} questions failed ({})", counts.failed, counts.total(), percent(counts.failed_share()));
    format!("  unreliable  {}: {failed}; {answered}; run {}", label(run), run.id.short())
}

fn different_data(entries: &[LeaderboardEntry]) -> bool {
    let mut prints = entries.iter().map(|entry| &entry.run.dataset.fingerprint);
    let first = prints.next();
    prints.any(|print| Some(print) != first)
}

fn nothing(dataset: Option<&str>) -> Failure {
    let over = dataset.map(|name| format!(" over `{name}`")).unwrap_or_default();
    Failure::usage(format!("there is no whole, finished run{over} yet"))
        .hint("runs over a part (--limit, --category, --draw) do not count; start with `evalctl demo` or `evalctl run`")
}
