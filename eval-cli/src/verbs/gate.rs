//! `evalctl gate`

mod document;
mod fresh;
mod github;
mod limits;
mod markdown;
mod publish;
mod reproduce;

use eval_core::{Run, RunKind, Store};
use eval_drift::{Gate, GateReport, Policy, RunScores};

use crate::args::{GateArgs, Global, OnInconclusive};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Console, clean};
use crate::refs::{self, Found};
use crate::scores;
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
    let scores = scores::of(&store, &run).await?;
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
    baseline: Found,
    scores: Vec<RunScores>,
    /// Why the judge is thought to have moved since.
    judge_moved: Option<String>,
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
        let scores = Self::scores(store, &baseline).await?;
        let judge_moved = Self::judge_moved(store, run, &baseline).await?;
        Ok(Self { baseline, scores, judge_moved })
    }

    /// The scores of a baseline, with the limits by which its runs were decided on; none where there is none.
    async fn scores(store: &dyn Store, baseline: &Found) -> Result<Vec<RunScores>, Failure> {
        let Found::Runs(runs) = baseline else { return Ok(Vec::new()) };
        let mut found = scores::of_all(store, runs).await?;
        found.iter_mut().zip(runs).for_each(|(scores, run)| limits::recall(scores, run));
        Ok(found)
    }

    /// What the frozen answers say that were judged beside the runs.
    async fn judge_moved<S: eval_core::Reports>(
        store: &S,
        run: &Run,
        baseline: &Found,
    ) -> Result<Option<String>, Failure> {
        let now = store.anchors(run).await?;
        let Found::Runs(runs) = baseline else { return Ok(None) };
        let mut before = Vec::new();
        for run in runs.iter().filter(|_| !now.is_empty()) {
            before.push(store.anchors(run).await?);
        }
        Ok(eval_drift::judge_moved(&now, &before))
    }

    fn decide(&self, gate: &Gate, look: u32, mut run: RunScores) -> GateReport {
        limits::beside(&mut run, gate, &self.scores);
        run.judge_moved.clone_from(&self.judge_moved);
        let mut report = gate.look(look, &run, &self.scores);
        report.warnings.splice(0..0, limits::changed(&report));
        if let Found::Missing { why, command } = &self.baseline {
            report.warnings.extend([why.clone(), format!("to make a baseline: {command}")]);
        }
        report
    }

    fn decided(&self, run: Run, report: GateReport) -> Decided {
        let missing = match &self.baseline {
            Found::Missing { command, .. } => Some(command.clone()),
            Found::Runs(_) => None,
        };
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
