//! `evalctl rescore`

use eval_core::{Run, RunKind, RunStatus, Store, StoreError};

use super::run::{finish, reporter};
use crate::args::{Asking, Global, RescoreArgs};
use crate::compose::{self, Again, Asked};
use crate::config::{Settings, Typed};
use crate::failure::{Failure, Outcome};
use crate::output::{Console, clean, counted};
use crate::{command, progress, refs, report, stop};

/// Judges the stored answers of a run again, in a run of its own.
pub(crate) async fn rescore(console: &Console, global: &Global, args: RescoreArgs) -> Outcome {
    let settings = Settings::load(global, typed(&args))?;
    if settings.judges.value.is_empty() {
        return Err(Failure::usage("no judge").hint("name the one that judges again: --judge NAME"));
    }
    let compares = settings.judges.value.iter().any(|judge| judge.starts_with("pairwise"));
    if args.against.is_some() && !compares {
        return Err(Failure::usage("--against is for a judge that compares two answers")
            .hint("--judge pairwise, or pairwise:GRADER"));
    }
    let (again, dataset) = {
        let store = compose::existing_store(&settings).await?;
        let run = first(&store, refs::resolve(&store, &args.run).await?).await?;
        refuse_unfinished(&settings, &run)?;
        let against = match &args.against {
            Some(other) => Some(refs::resolve(&store, other).await?),
            None => None,
        };
        if against.as_ref().is_some_and(|other| other.id == run.id) {
            return Err(Failure::usage(format!("run {} against itself: every pair would be a tie", run.id.short())));
        }
        Again::of(&store, RunKind::Rescore, run, against).await?
    };
    let told = told(&again.run);
    let asked = Asked { tags: args.tags, again: Some(again), ..Asked::default() };
    let composed = compose::evaluators(console, &settings, &dataset, &asked).await?;
    let evaluator = composed.evaluators.into_iter().next().ok_or_else(|| Failure::usage("nothing to judge"))?;
    console.note(told);
    let open = stop::Open::default();
    let mut reporter = reporter(console, progress::display(console), &open);
    let stop = stop::requested(&settings, &open);
    let run = evaluator.run_until(&dataset, &mut *reporter, stop).await?;
    drop(reporter);
    let exit = finish(console, &settings, compose::close_store(composed.store), std::slice::from_ref(&run))?;
    if let (Some(of), RunStatus::Finished, false) = (run.of, run.status, console.is_machine()) {
        let compare = format!("compare {} {}", of.short(), run.id.short());
        console.note(format!("next: {}", command::command(&settings, &compare)));
    }
    Ok(exit)
}

/// The run in which the answers stand first: a rescore has those of another.
async fn first(store: &dyn Store, run: Run) -> Result<Run, Failure> {
    match (run.kind, run.of) {
        (RunKind::Rescore, Some(of)) => match store.get_run(of).await {
            Err(StoreError::NotFound(_)) => Ok(run),
            found => Ok(found?),
        },
        _ => Ok(run),
    }
}

fn typed(args: &RescoreArgs) -> Typed {
    Typed {
        judges: args.judges.clone(),
        asking: Asking { rubric: args.rubric.clone(), ..Asking::default() },
        endpoint: args.endpoint.clone(),
        concurrency: args.concurrency,
        spill: args.spill.clone(),
        drain: args.drain,
        ..Typed::default()
    }
}

/// Of a run that did not finish nobody knows what the other answers would have been.
fn refuse_unfinished(settings: &Settings, run: &Run) -> Result<(), Failure> {
    if run.status == RunStatus::Finished {
        return Ok(());
    }
    let (id, status) = (run.id.short(), run.status);
    let resume = command::asking(settings, &format!("resume {id}"));
    Err(Failure::usage(format!("run {id} is {status}: not all of its answers are there"))
        .hint(format!("first {resume}")))
}

fn told(run: &Run) -> String {
    let (answers, id, of) = (counted(run.planned, "answer"), run.id.short(), report::label(run));
    format!("judging {answers} of run {id} ({of}) again, so far judged by {}", clean(&run.provenance.judge))
}
