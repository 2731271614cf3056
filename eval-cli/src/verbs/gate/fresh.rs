//! A gate that asks first.

use eval_core::{Dataset, DatasetRef, Group, Run, RunStatus};
use eval_drift::stored;
use eval_drift::{Gate, RunScores};

use super::super::run::{frozen, judge_frozen, reporter};
use super::{Before, Decided, Undecided, finish};
use crate::args::{GateArgs, Global, Selecting};
use crate::compose::{self, Asked, OpenStore, Recalls};
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, did_you_mean};
use crate::output::{Console, clean};
use crate::{findings, progress, raise, refs, report, stop};

/// Asks, decides, and asks again where the policy wants it.
pub(super) async fn gate(console: &Console, global: &Global, args: &GateArgs, gate: &Gate) -> Outcome {
    compose::refuse_used(&args.fresh.taping)?;
    let mut asking = Asking { console, global, args, gate, recalls: Recalls::default() };
    let settings = asking.settings(args.fresh.models.clone())?;
    asking.recalls = Recalls::tape(&settings, &args.fresh.taping)?;
    if (args.fresh.all_models || settings.models.value.len() > 1) && args.vs.starts_with("@latest") {
        return Err(Failure::usage(format!("`{}` is one run, and several models are asked", args.vs))
            .hint("each has a baseline of its own with --vs @baseline, branch:NAME, tag:KEY=VALUE or window:1"));
    }
    let dataset = asking.dataset(&settings)?;
    let (runs, store) = asking.ask(&settings, &dataset, args.fresh.all_models, true).await?;
    let (mut decided, mut undecided) = (Vec::new(), Vec::new());
    for run in runs {
        match asking.decide(&dataset, run, &store).await? {
            Ok(found) => decided.push(found),
            Err(found) => undecided.push(found),
        }
    }
    for found in &undecided {
        tell(console, &settings, found);
    }
    if let Some(file) = store.spilled() {
        let file = clean(&file.to_string_lossy());
        console.warn(format!("not all results are in the database; they are saved in {file}: evalctl import {file}"));
    }
    asking.recalls.warn(console);
    finish(console, args, &decided, &undecided)
}

struct Asking<'a> {
    console: &'a Console,
    global: &'a Global,
    args: &'a GateArgs,
    gate: &'a Gate,
    /// One for all looks: a cassette goes on where the last look left it.
    recalls: Recalls,
}

impl Asking<'_> {
    fn settings(&self, models: Vec<String>) -> Result<Settings, Failure> {
        let fresh = &self.args.fresh;
        let typed = Typed {
            dataset: fresh.dataset.clone(),
            models,
            judges: fresh.judges.clone(),
            asking: fresh.asking.clone(),
            endpoint: fresh.endpoint.clone(),
            ..Typed::default()
        };
        Settings::load(self.global, typed)
    }

    fn dataset(&self, settings: &Settings) -> Result<Dataset, Failure> {
        let fresh = &self.args.fresh;
        let selecting = Selecting {
            limit: fresh.limit,
            draw: fresh.draw,
            seed: fresh.seed.unwrap_or_default(),
            dataset_name: fresh.dataset_name.clone(),
            ..Selecting::default()
        };
        let dataset = super::super::run::dataset(settings, &selecting)?;
        compose::check_judges(&dataset)?;
        self.check_categories(&dataset)?;
        Ok(dataset)
    }

    /// Refuses limits of categories that the data set does not have.
    fn check_categories(&self, dataset: &Dataset) -> Result<(), Failure> {
        let known: Vec<&str> = dataset.categories().keys().map(String::as_str).collect();
        let limited = self.args.limits.categories.iter().map(|(name, _)| name.as_str());
        match limited.into_iter().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => {
                let failure = Failure::usage(format!("{} has no category `{}`", clean(dataset.name()), clean(name)));
                let all = || format!("it has {}", clean(&known.join(", ")));
                Err(failure.hint(
                    did_you_mean(name, known.iter().copied())
                        .map_or_else(all, |meant| format!("did you mean `{}`?", clean(meant))),
                ))
            }
        }
    }

    /// A run of each model. Before the `first`, a baseline that makes no sense is refused, so that nothing is paid for.
    async fn ask(
        &self,
        settings: &Settings,
        dataset: &Dataset,
        all: bool,
        first: bool,
    ) -> Result<(Vec<Run>, OpenStore), Failure> {
        let (console, fresh) = (self.console, &self.args.fresh);
        let tags = fresh.tags.iter().cloned().chain([self.gate.tag()]).collect();
        let frozen = frozen(settings, dataset).await?;
        let anchors = frozen.as_ref().map(|frozen| frozen.set.clone());
        let (name, recalls) = (fresh.name.clone(), self.recalls.clone());
        let asked = Asked { all, name, tags, anchors, recalls, ..Asked::default() };
        let composed = compose::evaluators(console, settings, dataset, &asked).await?;
        if first {
            let nobody = Run::new("", DatasetRef::new("", "", 0), 0);
            refs::baseline(&*composed.store, &nobody, &self.args.vs).await?;
        }
        let open = stop::Open::default();
        let mut reporter = reporter(console, progress::display(console), &open);
        let group = Group::new(composed.evaluators);
        if let Some((judging, frozen)) = composed.anchors.zip(frozen) {
            let stopped = stop::requested(settings, &open);
            let judging = judging.in_group(group.id());
            if let Err(cut) = judge_frozen(console, judging, &frozen, &mut *reporter, stopped).await? {
                return Ok((vec![cut], composed.store));
            }
        }
        let stopped = stop::requested(settings, &open);
        let results = group.run_until(dataset, &mut *reporter, stopped).await;
        drop(reporter);
        let runs = results.into_iter().collect::<Result<Vec<_>, _>>()?;
        findings::ended(console, &composed.store, &runs).await;
        Ok((runs, composed.store))
    }

    /// Decides on a run, and asks its model again where the policy wants it.
    async fn decide(
        &self,
        dataset: &Dataset,
        mut run: Run,
        store: &OpenStore,
    ) -> Result<Result<Decided, Undecided>, Failure> {
        if let Some(found) = unfinished(&run) {
            return Ok(Err(found));
        }
        let before = Before::of(&**store, &run, self.args, &before_this(&self.args.vs)).await?;
        let mut evaluations = stored::evaluations(&**store, &run).await?;
        let mut report = before.decide(self.gate, 1, RunScores::of(&run, &evaluations));
        while report.wants_rerun() {
            let (look, looks, name) = (report.look, self.gate.looks(), report::label(&run));
            self.console.note(format!("look {look} of {looks} at {name}: undecided, asking again"));
            let settings = self.settings(vec![run.model.clone()])?;
            let (again, store) = self.ask(&settings, dataset, false, false).await?;
            for again in again {
                if let Some(found) = unfinished(&again) {
                    return Ok(Err(found));
                }
                evaluations.extend(stored::evaluations(&*store, &again).await?);
                run.planned += again.planned;
            }
            report = before.decide(self.gate, look + 1, RunScores::of(&run, &evaluations));
        }
        Ok(Ok(before.decided(run, report)))
    }
}

/// A run that did not finish is not decided on.
fn unfinished(run: &Run) -> Option<Undecided> {
    let stopped = run.stop.as_ref().filter(|stop| stop.kind.is_some());
    let (why, exit) = match (run.status, stopped) {
        (RunStatus::Capped, Some(stop)) => (format!("a cap was reached: {}", stop.message), Exit::Capped),
        (_, Some(stop)) => (format!("stopped early: {}", stop.message), Exit::Provider),
        (RunStatus::Finished, None) => return None,
        (RunStatus::Cancelled, None) => ("the run is cancelled".to_owned(), Exit::Interrupted),
        (status, None) => (format!("the run is {status}"), Exit::Inconclusive),
    };
    Some(Undecided { run: run.clone(), why, exit })
}

fn tell(console: &Console, settings: &Settings, found: &Undecided) {
    let (run, why) = (&found.run, clean(&found.why));
    let raised = raise::option(std::slice::from_ref(run), &settings.caps.value);
    let go_on = stop::resume(settings, &[run.id], &raised);
    match found.exit {
        Exit::Provider => {
            let message = format!("{} {why}", report::label(run));
            console.fail(&Failure::provider(message).hint(format!("to go on: {go_on}")));
        }
        _ => console.note(format!("nothing is decided on {}: {why}; to go on: {go_on}", report::label(run))),
    }
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
