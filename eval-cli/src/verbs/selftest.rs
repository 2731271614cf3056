//! `evalctl selftest`

use eval_core::Run;
use eval_drift::neutral::{cut, line, markdown as neutral};
use eval_drift::stored;
use eval_drift::{Injection, Rate, RunScores, SelfTest, SelfTestReport, SelfTestScenario};
use serde_json::json;

use crate::args::{Format, Global, SelfTestArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::{Align, BOLD, Console, Table, percent};
use crate::scores;

/// Stored runs that are resampled at most.
const RUNS: usize = 90;
/// Histories of those who ask for no number, times questions: so that it ends within seconds.
const ANSWERS: usize = 10_000;

/// Injects known drops into stored answers, and counts what is found.
pub(crate) async fn selftest(console: &Console, global: &Global, args: SelfTestArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::existing_store(&settings).await?;
    let (name, dataset) = (args.model.as_deref(), args.dataset.as_deref());
    let Some(run) = stored::newest(&store, name, dataset).await? else {
        return Err(scores::nothing(&store, name, dataset).await?);
    };
    let stored = stored::scores_of_all(&store, &stored::alike(&store, &run, RUNS).await?).await?;
    let test = SelfTest::new().histories(args.histories.unwrap_or_else(|| histories(&stored))).seed(args.seed);
    console.note(format!(
        "simulating {} histories of {} runs for each injection, seed {}; this takes up to a minute",
        test.histories,
        test.before + test.after,
        test.seed
    ));
    let report = test.run(&stored)?;
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.selftest/1", "name": run.name, "dataset": run.dataset.name, "report": report,
        }))?;
    } else if console.format == Format::Md {
        console.print(markdown(&run, &report).trim_end())?;
    } else {
        console.print(shown(console, &run, &report))?;
    }
    Ok(Exit::Done)
}

/// Fewer for many questions.
fn histories(stored: &[RunScores]) -> u32 {
    let questions = stored.last().map_or(1, |run| run.questions.len().max(1));
    (ANSWERS / questions).clamp(20, 100) as u32
}

fn shown(console: &Console, run: &Run, report: &SelfTestReport) -> String {
    let mut lines = vec![format!("{BOLD}self-test{BOLD:#} of {}", whose(run, report)), format!("  {}", of(report))];
    lines.push(format!("\n{}", table(report).render(console.width)));
    lines.extend(remarks(report).map(|remark| format!("  {remark}")));
    lines.join("\n")
}

fn markdown(run: &Run, report: &SelfTestReport) -> String {
    let head = format!("### self-test of {}\n\n{}\n\n", neutral(&whose(run, report)), neutral(&of(report)));
    let remarks: String = remarks(report).map(|remark| format!("- {}\n", neutral(&remark))).collect();
    head + &table(report).markdown() + "\n" + &remarks
}

fn whose(run: &Run, report: &SelfTestReport) -> String {
    line(&format!("{} on {}, seed {}", run.name, run.dataset.name, report.test.seed))
}

fn of(report: &SelfTestReport) -> String {
    format!(
        "{} stored runs, {} questions, accuracy {:.1}%, runs move by {:.1} points as a whole",
        report.runs, report.questions, report.accuracy, report.run_noise
    )
}

fn remarks(report: &SelfTestReport) -> impl Iterator<Item = String> {
    let test = &report.test;
    let how = format!(
        "n = {} histories and gates for each line, with 95 % intervals; {} runs before the change and {} after",
        test.histories, test.before, test.after
    );
    let read =
        "the line `nothing` shows false alarms; a gate that fails there, or passes a drop of its margin, is wrong";
    let warnings = report.warnings.iter().map(|why| format!("note: {}", line(why)));
    [how, read.to_owned()].into_iter().chain(warnings)
}

fn table(report: &SelfTestReport) -> Table {
    let mut table = Table::new([
        ("injected", Align::Left),
        ("alarm", Align::Right),
        ("watch", Align::Right),
        ("runs to alarm", Align::Right),
        ("gate fails", Align::Right),
        ("gate passes", Align::Right),
    ]);
    report.scenarios.iter().for_each(|scenario| table.row(row(scenario)));
    table
}

fn row(scenario: &SelfTestScenario) -> [String; 6] {
    [
        injected(&scenario.injection),
        rate(&scenario.alarms),
        rate(&scenario.watches),
        match scenario.injection {
            Injection::Nothing => "–".to_owned(),
            _ => scenario.runs_to_alarm.map_or_else(|| "–".to_owned(), |runs| runs.to_string()),
        },
        rate(&scenario.fails),
        rate(&scenario.passes),
    ]
}

fn injected(injection: &Injection) -> String {
    match injection {
        Injection::Nothing => "nothing".to_owned(),
        Injection::Drop { points } => format!("drop of {points} points"),
        Injection::Category { name, points } => format!("{} down {points} points", line(&cut(name, 30))),
        Injection::Break { percent } => format!("{percent}% of questions break"),
        _ => "something else".to_owned(),
    }
}

/// `12.0% (6.0–19.8)`
fn rate(rate: &Rate) -> String {
    let interval = rate.low.zip(rate.high).map(|(low, high)| format!(" ({:.1}–{:.1})", low * 100.0, high * 100.0));
    percent(rate.share()) + &interval.unwrap_or_default()
}
