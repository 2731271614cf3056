//! The table at the end of a run and of the leaderboard.

use eval_core::{Interim, LeaderboardEntry, Reports, Run, RunKind, RunStatus};

use crate::failure::Failure;
use crate::output::{Align, Console, Table, clean, counted, interval, latency, percent, total_money};

/// What runs have in common with a line of the leaderboard: every mean with its n and its interval.
pub(crate) fn results(console: &Console, runs: &[&Run]) -> String {
    let mut table = Table::new([
        ("model", Align::Left),
        ("accuracy", Align::Right),
        ("95% interval", Align::Right),
        ("passed", Align::Right),
        ("p50", Align::Right),
        ("p95", Align::Right),
        ("cost", Align::Right),
        ("judge cost", Align::Right),
        ("questions", Align::Right),
        ("run", Align::Right),
        ("", Align::Left),
    ]);
    for run in runs {
        let mut cells = vec![label(run)];
        cells.extend(figures(run));
        cells.extend([run.id.short(), remarks(run)]);
        table.row(cells);
    }
    table.render(console.width)
}

/// How a judge graded frozen answers, beside how they were graded when they were frozen.
pub(crate) fn anchors(judged: &Run, set: &Run) -> String {
    let level = |run: &Run| percent(run.score().map(|score| score.mean));
    let (count, judge) = (judged.planned, clean(&judged.provenance.judge));
    let then = match judged.provenance.judge_hash == set.provenance.judge_hash {
        true => format!("{} when they were frozen", level(set)),
        false => format!("frozen with another judge, {}", clean(&set.provenance.judge)),
    };
    format!("anchors: {judge} gives {count} frozen answers {} ({then}); run {}", level(judged), judged.id.short())
}

/// What is stored of a run that goes on or was cut off, and so has no summary.
pub(crate) async fn interim(store: &dyn Reports, run: &Run) -> Result<Option<Interim>, Failure> {
    match run.summary {
        Some(_) => Ok(None),
        None => Ok(Some(store.interim(run.id).await?)),
    }
}

/// The name of a run; a simulated one says so.
pub(crate) fn label(run: &Run) -> String {
    let name = clean(&run.name);
    if run.provenance.simulated && !name.contains("simulated") { format!("{name} (simulated)") } else { name }
}

/// How many costs of a run are missing in its sums; `None` when none is.
pub(crate) fn unpriced(run: &Run) -> Option<String> {
    let summary = run.summary.as_ref()?;
    let missing =
        |what: &str, unknown: u64| (unknown > 0).then(|| format!("{} without a known cost", counted(unknown, what)));
    let parts = [missing("answer", summary.cost.unknown), missing("verdict", summary.judge_cost.unknown)];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty())
        .then(|| format!("unpriced: {} has {} (`evalctl prices list MODEL`)", label(run), parts.join(" and ")))
}

fn figures(run: &Run) -> [String; 8] {
    let summary = run.summary.as_ref();
    let score = run.score();
    let times = summary.and_then(|summary| summary.latency);
    [
        percent(score.map(|score| score.mean)),
        interval(score),
        percent(summary.and_then(|summary| summary.pass_rate).map(|rate| rate.mean)),
        latency(times.map(|times| times.p50_ms)),
        latency(times.map(|times| times.p95_ms)),
        summary.map_or_else(|| "–".into(), |summary| total_money(&summary.cost)),
        summary.map_or_else(|| "–".into(), |summary| total_money(&summary.judge_cost)),
        score.map_or(0, |score| score.n).to_string(),
    ]
}

fn remarks(run: &Run) -> String {
    let mut remarks = Vec::new();
    if run.status != RunStatus::Finished {
        remarks.push(run.status.to_string());
    }
    if run.kind == RunKind::Recall {
        remarks.push("answers given before".to_owned());
    }
    if let Some(summary) = &run.summary {
        let counts = &summary.counts;
        if counts.failed > 0 {
            let share = percent(counts.failed_share());
            let word = if LeaderboardEntry::new((*run).clone()).unreliable { "UNRELIABLE: " } else { "" };
            remarks.push(format!("{word}{} failed ({share})", counts.failed));
        }
        if counts.unscored > 0 {
            let word = if counts.scored == 0 { "NOTHING SCORED: " } else { "" };
            remarks.push(format!("{word}{} unscored", counts.unscored));
        }
    }
    remarks.join(", ")
}

/// The categories of one run.
pub(crate) fn categories(console: &Console, run: &Run) -> Option<String> {
    let summary = run.summary.as_ref()?;
    let mut table = Table::new([
        ("category", Align::Left),
        ("accuracy", Align::Right),
        ("95% interval", Align::Right),
        ("questions", Align::Right),
        ("unscored", Align::Right),
        ("failed", Align::Right),
    ]);
    for (name, category) in &summary.categories {
        let score = category.score.as_ref();
        table.row([
            clean(name),
            percent(score.map(|score| score.mean)),
            interval(score),
            score.map_or(0, |score| score.n).to_string(),
            category.counts.unscored.to_string(),
            category.counts.failed.to_string(),
        ]);
    }
    Some(table.render(console.width))
}
