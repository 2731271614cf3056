//! A gate that asks first.

use eval_core::{Dataset, DatasetRef, Evaluation, Group, Run, RunStatus};
use eval_drift::{Gate, GateReport, RunScores};

use super::super::dataset::check_judges;
use super::super::run::reporter;
use super::{before, decide, finish, refuse_recalled};
use crate::args::{GateArgs, Global, Selecting};
use crate::compose::{self, Asked, OpenStore, Recalls};
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Console, clean};
use crate::refs::{self, Found};
use crate::{progress, report, scores, stop};

/// Asks, decides, and asks again where the policy wants it.
pub(super) async fn gate(console: &Console, global: &Global, args: &GateArgs, gate: &Gate) -> Outcome {
    let fresh = &args.fresh;
    let typed = Typed {
        dataset: fresh.dataset.clone(),
        models: fresh.model.iter().cloned().collect(),
        judges: fresh.judges.clone(),
        asking: fresh.asking.clone(),
        endpoint: fresh.endpoint.clone(),
        ..Typed::default()
    };
    let settings = Settings::load(global, typed)?;
    let (limit, dataset_name) = (fresh.limit, fresh.dataset_name.clone());
    let dataset = super::super::run::dataset(&settings, &Selecting { limit, dataset_name, ..Selecting::default() })?;
    check_judges(&dataset)?;
    if settings.models.value.len() > 1 {
        return Err(Failure::usage("a gate decides on one model, and several are set").hint("choose one with -m"));
    }
    compose::refuse_used(&fresh.taping)?;
    let recalls = Recalls::tape(&settings, &fresh.taping)?;
    let asking = Asking { console, settings: &settings, dataset: &dataset, args, recalls: recalls.clone() };
    let (mut run, mut evaluations, store) = asking.ask(true).await?;
    let whole = |run: &Run| matches!(run.status, RunStatus::Finished);
    if !whole(&run) {
        return interrupted(console, &settings, &run);
    }
    let baseline = refs::baseline(&*store, &run, &before_this(&args.vs)).await?;
    refuse_recalled(args, baseline.runs())?;
    let earlier = before(&*store, &baseline).await?;
    let mut report = decide(gate, 1, &RunScores::of(&run, &evaluations), &earlier, &baseline);
    while report.wants_rerun() {
        console.note(format!("look {} of {}: undecided, asking again", report.look, gate.looks()));
        let (again, more, _) = asking.ask(false).await?;
        if !whole(&again) {
            return interrupted(console, &settings, &again);
        }
        evaluations.extend(more);
        run.planned += again.planned;
        report = look_again(gate, &report, &RunScores::of(&run, &evaluations), &earlier, &baseline);
    }
    if let Some(file) = store.spilled() {
        let file = clean(&file.to_string_lossy());
        console.warn(format!("not all results are in the database; they are saved in {file}: evalctl import {file}"));
    }
    recalls.warn(console);
    finish(console, args, &run, &report, &baseline)
}

fn look_again(gate: &Gate, last: &GateReport, run: &RunScores, before: &[RunScores], baseline: &Found) -> GateReport {
    decide(gate, last.look + 1, run, before, baseline)
}

struct Asking<'a> {
    console: &'a Console,
    settings: &'a Settings,
    dataset: &'a Dataset,
    args: &'a GateArgs,
    recalls: Recalls,
}

impl Asking<'_> {
    /// One run. Before the `first`, a baseline that makes no sense is refused, so that nothing is paid for.
    async fn ask(&self, first: bool) -> Result<(Run, Vec<Evaluation>, OpenStore), Failure> {
        let (console, settings, fresh) = (self.console, self.settings, &self.args.fresh);
        let asked = Asked {
            name: fresh.name.clone(),
            tags: fresh.tags.clone(),
            recalls: self.recalls.clone(),
            ..Asked::default()
        };
        let composed = compose::evaluators(console, settings, self.dataset, &asked).await?;
        if first {
            let nobody = Run::new("", DatasetRef::new("", "", 0), 0);
            refs::baseline(&*composed.store, &nobody, &self.args.vs).await?;
        }
        let open = stop::Open::default();
        let mut reporter = reporter(console, progress::display(console), &open);
        let stopped = stop::requested(settings, &open);
        let results = Group::new(composed.evaluators).run_until(self.dataset, &mut *reporter, stopped).await;
        drop(reporter);
        let run = results.into_iter().next().ok_or_else(|| Failure::usage("no model"))??;
        if let Some(stop) = run.stop.as_ref().filter(|stop| stop.kind.is_some()) {
            let message = format!("{} stopped early: {}", report::label(&run), clean(&stop.message));
            return Err(Failure::provider(message).hint(format!("to go on: {}", stop::resume(settings, &[run.id]))));
        }
        let evaluations = scores::evaluations(&*composed.store, &run).await?;
        Ok((run, evaluations, composed.store))
    }
}

/// A run that did not finish is not decided on.
fn interrupted(console: &Console, settings: &Settings, run: &Run) -> Outcome {
    let (id, go_on) = (run.id.short(), stop::resume(settings, &[run.id]));
    console.note(format!("nothing is decided: the run {id} is {}; to go on: {go_on}", run.status));
    Ok(if run.status == RunStatus::Cancelled { Exit::Interrupted } else { Exit::Inconclusive })
}

/// The latest run is this one by now; who typed it meant the one before.
fn before_this(reference: &str) -> String {
    let back = match reference.strip_prefix("@latest") {
        Some("") => Some(0),
        Some(rest) => rest.strip_prefix('~').and_then(|back| back.parse::<usize>().ok()),
        None => None,
    };
    back.map_or_else(|| reference.to_owned(), |back| format!("@latest~{}", back.saturating_add(1)))
}
