//! `evalctl gate`

mod fresh;
mod github;

use eval_core::{Run, RunKind, Store};
use eval_drift::{Gate, GateReport, Markdown, Policy, RunScores, junit, text};
use serde_json::json;

use crate::args::{Format, GateArgs, Global, OnInconclusive};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Console, clean};
use crate::refs::{self, Found};
use crate::scores;

/// Decides whether a run may pass. What is printed and the exit code come from one report.
pub(crate) async fn gate(console: &Console, global: &Global, args: GateArgs) -> Outcome {
    let gate = limits(&args)?;
    match &args.run {
        Some(run) => stored(console, global, &args, (&gate, run)).await,
        None => fresh::gate(console, global, &args, &gate).await,
    }
}

/// Decides on a run that is there.
async fn stored(console: &Console, global: &Global, args: &GateArgs, (gate, run): (&Gate, &str)) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::existing_store(&settings).await?;
    let run = refs::resolve(&store, run).await?;
    let baseline = refs::baseline(&store, &run, &args.vs).await?;
    refuse_recalled(args, std::iter::once(&run).chain(baseline.runs()))?;
    let before = before(&store, &baseline).await?;
    let report = decide(gate, 1, &scores::of(&store, &run).await?, &before, &baseline);
    finish(console, args, &run, &report, &baseline)
}

/// Old answers say nothing of how a model answers now: nobody decides by them who did not ask for that.
fn refuse_recalled<'a>(args: &GateArgs, runs: impl IntoIterator<Item = &'a Run>) -> Result<(), Failure> {
    if args.allow_cached || args.fresh.taping.replay.is_some() {
        return Ok(());
    }
    match runs.into_iter().find(|run| run.kind == RunKind::Recall) {
        None => Ok(()),
        Some(run) => Err(Failure::usage(format!("run {} has answers out of a cache or a cassette", run.id.short()))
            .hint("they are older than the run; --allow-cached decides all the same")),
    }
}

/// The scores of a baseline; none where there is none.
async fn before(store: &dyn Store, baseline: &Found) -> Result<Vec<RunScores>, Failure> {
    match baseline {
        Found::Runs(runs) => scores::of_all(store, runs).await,
        Found::Missing { .. } => Ok(Vec::new()),
    }
}

/// What is printed, and the exit code.
fn finish(console: &Console, args: &GateArgs, run: &Run, report: &GateReport, baseline: &Found) -> Outcome {
    publish(console, args, run, report)?;
    if let Found::Missing { command, .. } = baseline {
        console.note(format!("to make a baseline: {}", clean(command)));
    }
    Ok(exit(report))
}

/// The limits that were typed.
fn limits(args: &GateArgs) -> Result<Gate, Failure> {
    let limits = &args.limits;
    let mut gate = Gate::new().margin(limits.margin).min_accuracy(limits.min_accuracy).max_cost(limits.max_cost);
    gate = gate.max_p95_ms(limits.max_p95).max_error_share(limits.max_error_share);
    for (name, points) in &limits.categories {
        gate = gate.category(name, points.unwrap_or(limits.margin));
    }
    gate = gate.errors_as_failures(limits.errors_as_failures).on_inconclusive(match limits.on_inconclusive {
        OnInconclusive::Warn => Policy::Warn,
        OnInconclusive::Fail => Policy::Fail,
        OnInconclusive::Rerun => Policy::Rerun,
    });
    match gate.problem() {
        Some(problem) => Err(Failure::usage(problem)),
        None => Ok(gate),
    }
}

fn decide(gate: &Gate, look: u32, run: &RunScores, before: &[RunScores], baseline: &Found) -> GateReport {
    let mut report = gate.look(look, run, before);
    if let Found::Missing { why, command } = baseline {
        report.warnings.extend([why.clone(), format!("to make a baseline: {command}")]);
    }
    report
}

/// Prints the report as it is wanted, and tells GitHub where we are run by it.
fn publish(console: &Console, args: &GateArgs, run: &Run, report: &GateReport) -> Result<(), Failure> {
    let markdown = Markdown::new().reproduce(command(args, run));
    match console.format {
        Format::Json | Format::Jsonl => console.json(&json!({
            "schema": "evalctl.gate/1", "run": run.id, "exit_code": report.exit_code(), "report": report,
        }))?,
        Format::Md => console.print(markdown.render(report).trim_end())?,
        Format::Junit => console.print(junit(report).trim_end())?,
        _ => console.print(text(report).trim_end())?,
    }
    github::tell(console, run, report, (!args.no_summary).then(|| markdown.marked(false)))
}

/// The command that decides again, whichever run is the latest by then.
fn command(args: &GateArgs, run: &Run) -> String {
    let limits = &args.limits;
    let mut words =
        vec![format!("evalctl gate {} --vs {} --margin {}", run.id.short(), quoted(&args.vs), limits.margin)];
    words.extend(limits.min_accuracy.map(|percent| format!("--min-accuracy {percent}")));
    words.extend(limits.max_cost.map(|cost| format!("--max-cost {}", cost.usd())));
    words.extend(limits.max_p95.map(|ms| format!("--max-p95 {ms}ms")));
    words.push(format!("--max-error-share {}", limits.max_error_share));
    words.extend(limits.categories.iter().map(|(name, points)| {
        format!("--category {}", quoted(&format!("{name}={}", points.unwrap_or(limits.margin))))
    }));
    words.extend(args.allow_cached.then(|| "--allow-cached".to_owned()));
    words.extend(limits.errors_as_failures.then(|| "--errors-as-failures".to_owned()));
    words.push(match limits.on_inconclusive {
        OnInconclusive::Warn => "--on-inconclusive warn".to_owned(),
        OnInconclusive::Fail => "--on-inconclusive fail".to_owned(),
        OnInconclusive::Rerun => "--on-inconclusive rerun".to_owned(),
    });
    words.join(" ")
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@~:=._-/".contains(&byte);
    if word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn exit(report: &GateReport) -> Exit {
    match report.exit_code() {
        0 => Exit::Done,
        1 => Exit::Failed,
        _ => Exit::Inconclusive,
    }
}
