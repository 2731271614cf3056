//! `evalctl resume` and `evalctl retry-errors`

mod files;

use eval_core::{
    Again, Dataset, Group, Leases as _, Run, RunId, RunKind, RunQuery, RunSpec, RunStatus, Store, StoreError,
};
use eval_store::DieselStore;
use serde_json::json;

use super::run::{dataset, finish, narrow, recalled, reporter};
use crate::args::{Asking, Endpoint, Format, Global, Profile, ResumeArgs, Selecting};
use crate::compose::{self, Again as Stored, Asked, Before, Recalls};
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::Console;
use crate::{command, findings, progress, refs, report, stop};

/// Goes on with runs that have not finished.
pub(crate) async fn resume(console: &Console, global: &Global, args: ResumeArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let runs = {
        let store = compose::existing_store(&settings).await?;
        match &args.run {
            Some(reference) => vec![unfinished(&store, &settings, refs::resolve(&store, reference).await?).await?],
            None => latest_unfinished(&store, &settings).await?,
        }
    };
    go_on(console, global, args, &runs, Again::Missing).await
}

/// Repeats the failed and unscored questions of a run.
pub(crate) async fn retry_errors(console: &Console, global: &Global, args: ResumeArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let run = {
        let store = compose::existing_store(&settings).await?;
        match &args.run {
            Some(reference) => {
                let run = refs::resolve(&store, reference).await?;
                refuse_running(&store, &run).await?;
                Some(run)
            }
            None => latest_with_errors(&store).await?,
        }
    };
    match run {
        Some(run) if run.can_resume() => Err(unasked(&settings, &run)),
        Some(run) if errors(&run) > 0 => go_on(console, global, args, &[run], Again::Errors).await,
        run => nothing_to_retry(console, run.as_ref()),
    }
}

fn nothing_to_retry(console: &Console, run: Option<&Run>) -> Outcome {
    console.note(match run {
        Some(run) => format!("run {}: no question failed, and all were scored", run.id.short()),
        None => "no finished run has failed or unscored questions".to_owned(),
    });
    if console.format == Format::Json {
        console.json(&json!({"schema": "evalctl.run/1", "runs": run.as_slice()}))?;
    }
    Ok(Exit::Done)
}

fn unasked(settings: &Settings, run: &Run) -> Failure {
    let (id, status) = (run.id.short(), run.status);
    let [first, then] = ["resume", "retry-errors"].map(|verb| command::asking(settings, &format!("{verb} {id}")));
    Failure::usage(format!("run {id} is {status}: not all its questions were asked"))
        .hint(format!("first {first}, then {then}"))
}

/// How many questions of a run failed or could not be scored.
fn errors(run: &Run) -> u64 {
    let counts = run.summary.as_ref().map(|summary| summary.counts).unwrap_or_default();
    counts.failed + counts.unscored
}

async fn unfinished(store: &DieselStore, settings: &Settings, run: Run) -> Result<Run, Failure> {
    refuse_running(store, &run).await?;
    if run.can_resume() {
        return Ok(run);
    }
    let id = run.id.short();
    let retry = command::asking(settings, &format!("retry-errors {id}"));
    Err(Failure::usage(format!("run {id} has finished: nothing is left to ask"))
        .hint(format!("its failed and unscored questions are repeated by {retry}")))
}

/// A run that somebody works on is refused before anybody is called. One that only says so, for instance in a file that
/// was imported, is nobody's.
async fn refuse_running(store: &DieselStore, run: &Run) -> Result<(), Failure> {
    if run.status != RunStatus::Running {
        return Ok(());
    }
    let Some(lease) = store.lease(run.id).await? else { return Ok(()) };
    let who = StoreError::Held(Box::new(lease));
    Err(Failure::usage(format!("run {} is running: {who}", run.id.short()))
        .hint("wait for its end, or stop that process first"))
}

/// The newest run that is wanted.
async fn newest(store: &dyn Store, wanted: impl Fn(&Run) -> bool) -> Result<Option<Run>, Failure> {
    let mut query = RunQuery::default();
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else { return Ok(None) };
        query.before = Some(last.id);
        if let Some(found) = page.into_iter().find(&wanted) {
            return Ok(Some(found));
        }
    }
}

async fn latest_with_errors(store: &dyn Store) -> Result<Option<Run>, Failure> {
    newest(store, |run| !run.can_resume() && run.spec.is_some() && errors(run) > 0).await
}

/// The latest run that has not finished and that nobody works on, with those of its group.
async fn latest_unfinished(store: &dyn Store, settings: &Settings) -> Result<Vec<Run>, Failure> {
    let open = |run: &Run| run.can_resume() && run.status != RunStatus::Running && run.spec.is_some();
    let Some(found) = newest(store, open).await? else {
        return Err(Failure::usage("every run has finished, or goes on: nothing is left to resume")
            .hint(format!("{} lists them", command::command(settings, "runs"))));
    };
    let Some(group) = found.group else { return Ok(vec![found]) };
    let mut of_group = RunQuery::default();
    (of_group.group, of_group.limit) = (Some(group), 1000);
    let is_alike = |run: &Run| (run.kind, run.of) == (found.kind, found.of);
    Ok(store.list_runs(&of_group).await?.into_iter().filter(|run| open(run) && is_alike(run)).rev().collect())
}

async fn go_on(console: &Console, global: &Global, args: ResumeArgs, runs: &[Run], again: Again) -> Outcome {
    let Some(first) = runs.first() else { return Err(Failure::usage("no run to go on with")) };
    let spec = first.spec.as_ref().ok_or_else(|| not_ours(first))?;
    refuse_asking(first, spec, &args)?;
    let settings = Settings::load(global, typed(&args, runs, first, spec)?)?;
    let (stored, dataset) = match first.of {
        Some(of) => stored(&settings, first, of, spec).await.map(|(stored, dataset)| (Some(stored), dataset))?,
        None => (None, dataset_of(first, spec, &settings)?),
    };
    compose::check_judges(&dataset)?;
    let name = (first.name != first.model).then(|| first.name.clone());
    let recalls = Recalls::open(&settings, &args.taping)?;
    let before = Some(before(runs, first, spec, again));
    let asked = Asked { name, before, again: stored, recalls: recalls.clone(), ..Asked::default() };
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
    let open = stop::Open::default();
    let mut reporter = reporter(console, progress::display(console), &open);
    let group = Group::new(composed.evaluators);
    let results = group.resume_until(&ids, again, &dataset, &mut *reporter, stop::requested(&settings, &open)).await;
    drop(reporter);
    let ended = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    findings::ended(console, &composed.store, &ended).await;
    let recalled = recalled(&*composed.store, &ended).await?;
    let exit = finish(console, &settings, compose::close_store(composed.store), &ended)?;
    recalled.iter().for_each(|line| console.note(line));
    recalls.warn(console);
    Ok(exit)
}

/// What was replayed so far is not asked from here on because nobody said otherwise.
fn refuse_asking(run: &Run, spec: &RunSpec, args: &ResumeArgs) -> Result<(), Failure> {
    let replayed = run.kind == RunKind::Recall && spec.base_url.is_none();
    match replayed && args.taping.replay.is_none() && args.endpoint.base_url.is_none() {
        false => Ok(()),
        true => Err(Failure::usage(format!("run {} was replayed from a cassette", run.id.short()))
            .hint("go on with --replay DIR, or name an endpoint with --base-url")),
    }
}

fn not_ours(run: &Run) -> Failure {
    Failure::usage(format!("run {} does not say how it was set up, so it cannot be built again", run.id.short()))
        .hint("only runs that `evalctl run` began can go on; start a new one")
}

/// What the run says of itself, to be compared with what the settings say now.
fn before(runs: &[Run], run: &Run, spec: &RunSpec, again: Again) -> Before {
    let verb = if again == Again::Errors { "retry-errors" } else { "resume" };
    let asks = runs.iter().find(|run| !run.model.starts_with("column:"));
    Before {
        run: run.id.short(),
        command: if runs.len() > 1 { verb.to_owned() } else { format!("{verb} {}", run.id.short()) },
        base_url: spec.base_url.clone(),
        runs: runs.iter().map(|run| (run.id, run.model.clone())).collect(),
        prompt: asks.map(|run| run.provenance.prompt.clone()),
    }
}

/// The answers that the run judges again.
async fn stored(settings: &Settings, run: &Run, of: RunId, spec: &RunSpec) -> Result<(Stored, Dataset), Failure> {
    let store = compose::existing_store(settings).await?;
    let gone = |error| match error {
        StoreError::NotFound(gone) => {
            let (run, gone) = (run.id.short(), gone.short());
            Failure::usage(format!("run {run} judges the answers of run {gone}, which is not in the database any more"))
        }
        other => other.into(),
    };
    let source = store.get_run(of).await.map_err(gone)?;
    let against = match spec.against {
        Some(against) => Some(store.get_run(against).await.map_err(gone)?),
        None => None,
    };
    Stored::of(&store, run.kind, source, against).await
}

/// The data set of the run. The demo asks the questions that ship with the program.
fn dataset_of(run: &Run, spec: &RunSpec, settings: &Settings) -> Result<Dataset, Failure> {
    match spec.dataset.as_str() {
        "" if run.dataset.name == Dataset::golden().name() => narrow(Dataset::golden(), &selecting(run)),
        "" => Err(not_ours(run)),
        _ => dataset(settings, &selecting(run)),
    }
}

/// The settings of the run. What the command line says of endpoint and pace wins; the endpoint is never the run's.
fn typed(args: &ResumeArgs, runs: &[Run], run: &Run, spec: &RunSpec) -> Result<Typed, Failure> {
    let path = |what, file: &Option<String>| file.as_deref().map(|file| files::find(spec, what, file)).transpose();
    let param = |(name, value): (&str, &serde_json::Value)| (name.to_owned(), value.to_string());
    let known = |profile: &String| <Profile as clap::ValueEnum>::from_str(profile, true).ok();
    let dataset = Some(&spec.dataset).filter(|file| !file.is_empty()).cloned();
    let typed = &args.endpoint;
    Ok(Typed {
        dataset: path("data set", &dataset)?,
        models: runs.iter().map(|run| run.model.clone()).collect(),
        judges: spec.judges.clone(),
        asking: Asking {
            prompt: path("prompt", &spec.prompt)?,
            system: path("system message", &spec.system)?,
            rubric: path("rubric", &spec.rubric)?,
            params: run.params.iter().map(param).collect(),
            epochs: Some(run.epochs),
            threshold: Some(run.threshold),
        },
        endpoint: Endpoint {
            base_url: typed.base_url.clone(),
            profile: typed.profile.or_else(|| spec.profile.as_ref().and_then(known)),
            timeout: typed.timeout.or(spec.timeout_s),
            max_attempts: typed.max_attempts.or(spec.max_attempts),
            rpm: typed.rpm.or(spec.rpm),
            tpm: typed.tpm.or(spec.tpm),
            patience: typed.patience.or(spec.patience_s),
        },
        caching: args.caching.clone(),
        concurrency: args.concurrency.or(spec.concurrency),
        json_out: None,
        spill: args.spill.clone(),
        drain: args.drain,
        prices: args.costing.prices.clone(),
        caps: args.costing.caps().or(spec.caps),
        anchors: None,
        of_run: of_run(args),
    })
}

/// The settings that are the run's and that nobody typed.
fn of_run(args: &ResumeArgs) -> Vec<&'static str> {
    let typed = [
        ("--profile", args.endpoint.profile.is_some()),
        ("--timeout", args.endpoint.timeout.is_some()),
        ("--max-attempts", args.endpoint.max_attempts.is_some()),
        ("--rpm", args.endpoint.rpm.is_some()),
        ("--tpm", args.endpoint.tpm.is_some()),
        ("--patience", args.endpoint.patience.is_some()),
        ("--concurrency", args.concurrency.is_some()),
    ];
    let untyped = typed.into_iter().filter(|(_, typed)| !typed).map(|(flag, _)| flag);
    let always =
        ["DATASET", "--model", "--judge", "--prompt", "--system", "--rubric", "--param", "--epochs", "--threshold"];
    always.into_iter().chain(untyped).collect()
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
