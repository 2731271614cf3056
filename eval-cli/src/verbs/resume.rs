//! `evalctl resume` and `evalctl retry-errors`

use eval_core::{Again, Group, Run, RunId, RunQuery, RunSpec, RunStatus, Store};

use super::dataset::check_judges;
use super::run::{dataset, finish, reporter};
use crate::args::{Asking, Endpoint, Global, Profile, ResumeArgs, Selecting};
use crate::compose::{self, Asked};
use crate::config::{Settings, Typed};
use crate::failure::{Failure, Outcome};
use crate::output::Console;
use crate::{progress, refs, report, stop};

/// Goes on with runs that have not finished.
pub(crate) async fn resume(console: &Console, global: &Global, args: ResumeArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let runs = {
        let store = compose::existing_store(&settings).await?;
        match &args.run {
            Some(reference) => vec![unfinished(refs::resolve(&store, reference).await?)?],
            None => latest_unfinished(&store).await?,
        }
    };
    go_on(console, global, args, &runs, Again::Missing).await
}

/// Repeats the failed and unscored questions of a run.
pub(crate) async fn retry_errors(console: &Console, global: &Global, args: ResumeArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let run = {
        let store = compose::existing_store(&settings).await?;
        refs::resolve(&store, args.run.as_deref().unwrap_or("@latest")).await?
    };
    if run.can_resume() {
        let (id, status) = (run.id.short(), run.status);
        return Err(Failure::usage(format!("run {id} is {status}: not all its questions were asked"))
            .hint(format!("first evalctl resume {id}, then evalctl retry-errors {id}")));
    }
    let counts = run.summary.as_ref().map(|summary| summary.counts).unwrap_or_default();
    if counts.failed + counts.unscored == 0 {
        console.note(format!("run {}: no question failed, and all were scored", run.id.short()));
        return Ok(crate::exit::Exit::Done);
    }
    go_on(console, global, args, &[run], Again::Errors).await
}

fn unfinished(run: Run) -> Result<Run, Failure> {
    let id = run.id.short();
    match run.can_resume() {
        true => Ok(run),
        false => Err(Failure::usage(format!("run {id} has finished: nothing is left to ask"))
            .hint(format!("its failed and unscored questions are repeated by evalctl retry-errors {id}"))),
    }
}

/// The latest run that has not finished and that nobody works on, with those of its group.
async fn latest_unfinished(store: &dyn Store) -> Result<Vec<Run>, Failure> {
    let open = |run: &Run| run.can_resume() && run.status != RunStatus::Running && run.spec.is_some();
    let mut query = RunQuery::default();
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else {
            return Err(Failure::usage("every run has finished, or goes on: nothing is left to resume")
                .hint("`evalctl runs` lists them"));
        };
        query.before = Some(last.id);
        let Some(found) = page.into_iter().find(open) else { continue };
        let Some(group) = found.group else { return Ok(vec![found]) };
        let mut of_group = RunQuery::default();
        (of_group.group, of_group.limit) = (Some(group), 1000);
        return Ok(store.list_runs(&of_group).await?.into_iter().filter(open).rev().collect());
    }
}

async fn go_on(console: &Console, global: &Global, args: ResumeArgs, runs: &[Run], again: Again) -> Outcome {
    let Some(first) = runs.first() else { return Err(Failure::usage("no run to go on with")) };
    let spec = first.spec.as_ref().ok_or_else(|| not_ours(first))?;
    let settings = Settings::load(global, typed(&args, runs, first, spec))?;
    let dataset = dataset(&settings, &selecting(first))?;
    check_judges(&dataset)?;
    let name = (first.name != first.model).then(|| first.name.clone());
    let asked = Asked { all: false, name, tags: Vec::new() };
    let composed = compose::evaluators(console, &settings, &dataset, &asked).await?;
    for run in runs {
        let label = report::label(run);
        console.note(format!(
            "going on with run {} ({label}, begun {})",
            run.id.short(),
            run.started.strftime("%F %R UTC")
        ));
    }
    let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
    let mut reporter = reporter(console, progress::display(console));
    let group = Group::new(composed.evaluators);
    let results =
        group.resume_until(&ids, again, &dataset, &mut *reporter, stop::requested(settings.drain_s.value)).await;
    drop(reporter);
    let ended = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    finish(console, &settings, compose::close_store(composed.store), &ended)
}

fn not_ours(run: &Run) -> Failure {
    Failure::usage(format!("run {} does not say how it was set up, so it cannot be built again", run.id.short()))
        .hint("only runs that `evalctl run` began can go on; start a new one")
}

/// The settings of the run, as if they were typed again. What the command line says of endpoint and pace wins.
fn typed(args: &ResumeArgs, runs: &[Run], run: &Run, spec: &RunSpec) -> Typed {
    let path = |file: &Option<String>| file.as_deref().map(Into::into);
    let param = |(name, value): (&str, &serde_json::Value)| (name.to_owned(), value.to_string());
    let (typed, known) =
        (&args.endpoint, |profile: &String| <Profile as clap::ValueEnum>::from_str(profile, true).ok());
    Typed {
        dataset: Some(spec.dataset.as_str().into()),
        models: runs.iter().map(|run| run.model.clone()).collect(),
        judges: spec.judges.clone(),
        asking: Asking {
            prompt: path(&spec.prompt),
            system: path(&spec.system),
            rubric: path(&spec.rubric),
            params: run.params.iter().map(param).collect(),
            epochs: Some(run.epochs),
            threshold: Some(run.threshold),
        },
        endpoint: Endpoint {
            base_url: typed.base_url.clone().or_else(|| spec.base_url.clone()),
            profile: typed.profile.or_else(|| spec.profile.as_ref().and_then(known)),
            timeout: typed.timeout.or(spec.timeout_s),
            max_attempts: typed.max_attempts.or(spec.max_attempts),
        },
        concurrency: args.concurrency.or(spec.concurrency),
        json_out: None,
        spill: args.spill.clone(),
        drain: args.drain,
    }
}

fn selecting(run: &Run) -> Selecting {
    let selection = &run.dataset.selection;
    Selecting {
        limit: selection.limit,
        categories: selection.categories.clone(),
        draw: selection.draw.map(|draw| draw.size),
        seed: selection.draw.map_or(0, |draw| draw.seed),
        dataset_name: Some(run.dataset.name.clone()),
    }
}
