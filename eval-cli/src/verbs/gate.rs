//! `evalctl gate`

mod document;
mod fresh;
mod github;
mod markdown;
mod publish;
mod reproduce;

use eval_core::{Against, Run, RunKind};
use eval_drift::stored;
use eval_drift::{Gate, GateReport, Policy, RunScores, StoredBaseline};

use crate::args::{GateArgs, Global, OnInconclusive};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Console, clean};
use crate::refs;
use publish::Published;

/// What was decided about one run.
struct Decided {
    run: Run,
    report: GateReport,
    /// The command that makes the baseline, where there is none.
    missing: Option<String>,
}

impl Decided {
    fn exit(&self) -> Exit {
        match self.report.exit_code() {
            0 => Exit::Done,
            1 => Exit::Failed,
            _ => Exit::Inconclusive,
        }
    }
}

/// A run that did not finish: nothing is decided about it.
struct Undecided {
    run: Run,
    /// What it stopped by, in words.
    why: String,
    exit: Exit,
}

/// Decides whether runs may pass. What is printed and the exit code come from the same reports.
pub(crate) async fn gate(console: &Console, global: &Global, args: GateArgs) -> Outcome {
    publish::check_files(&args.outputs)?;
    let gate = gate_of(&args)?;
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
    refuse_recalled(args, [&run])?;
    let before = Before::of(&store, &run, args, &args.vs).await?;
    let scores = stored::scores(&store, &run).await?;
    let report = before.decide(gate, 1, scores);
    finish(console, args, &[before.decided(run, report)], &[])
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

/// What a run is held against.
struct Before {
    baseline: Against,
    stored: StoredBaseline,
}

impl Before {
    async fn of<S: eval_core::Reports + eval_core::Baselines>(
        store: &S,
        run: &Run,
        args: &GateArgs,
        reference: &str,
    ) -> Result<Self, Failure> {
        let baseline = refs::baseline(store, run, reference).await?;
        refuse_recalled(args, baseline.runs())?;
        let stored = StoredBaseline::of(store, run, baseline.runs()).await?;
        Ok(Self { baseline, stored })
    }

    fn decide(&self, gate: &Gate, look: u32, run: RunScores) -> GateReport {
        let mut report = self.stored.decide(gate, look, run);
        if let Some(missing) = self.baseline.missing() {
            let command = refs::to_make(missing);
            report.warnings.extend([missing.to_string(), format!("to make a baseline: {command}")]);
        }
        report
    }

    fn decided(&self, run: Run, report: GateReport) -> Decided {
        let missing = self.baseline.missing().map(refs::to_make);
        Decided { run, report, missing }
    }
}

/// What is printed, and the exit code.
fn finish(console: &Console, args: &GateArgs, decided: &[Decided], undecided: &[Undecided]) -> Outcome {
    let exit = worst(decided.iter().map(Decided::exit).chain(undecided.iter().map(|found| found.exit)));
    if !decided.is_empty() {
        Published { args, decided, undecided, exit }.tell(console)?;
    }
    let commands: std::collections::BTreeSet<_> = decided.iter().filter_map(|found| found.missing.as_ref()).collect();
    for command in commands {
        console.note(format!("to make a baseline: {}", clean(command)));
    }
    Ok(exit)
}

/// The exit code that counts where several runs are decided on: what was shown to be bad comes first.
fn worst(exits: impl Iterator<Item = Exit>) -> Exit {
    let order = [Exit::Done, Exit::Inconclusive, Exit::Capped, Exit::Provider, Exit::Failed, Exit::Interrupted];
    exits.max_by_key(|exit| order.iter().position(|other| other == exit)).unwrap_or(Exit::Inconclusive)
}

/// The limits that were typed.
fn gate_of(args: &GateArgs) -> Result<Gate, Failure> {
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
