//! `evalctl run`

mod plan;

use std::path::Path;

use eval_core::{
    Dataset, Draw, EvaluationQuery, Evaluator, Fanout, Group, JsonLines, Reporter, Reports, Run, RunKind, RunStatus,
    Selection,
};
use serde_json::json;

use crate::args::{Format, Global, RunArgs, Selecting};
use crate::compose::{self, Asked, Frozen, Recalls};
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::output::{Console, clean};
use crate::{command, findings, progress, raise, report, stop};

/// Checks everything that can be checked for nothing, then asks.
pub(crate) async fn run(console: &Console, global: &Global, args: RunArgs) -> Outcome {
    let mut settings = Settings::load(global, Typed::from(&args))?;
    if args.cheap_first {
        settings.judges.value = compose::cheap_first(&settings.judges.value)?;
    }
    let dataset = dataset(&settings, &args.selecting)?;
    compose::check_judges(&dataset)?;
    let frozen = frozen(&settings, &dataset).await?;
    let anchors = frozen.as_ref().map(|frozen| frozen.set.clone());
    let (all, name, tags) = (args.all_models, args.name.clone(), args.tags.clone());
    let asked = Asked { all, name, tags, anchors, ..Asked::default() };
    if args.dry_run {
        return plan::plan(console, &settings, &dataset, &asked).await;
    }
    compose::refuse_used(&args.taping)?;
    let recalls = Recalls::open(&settings, &args.taping)?;
    let asked = Asked { recalls: recalls.clone(), ..asked };
    let composed = compose::evaluators(console, &settings, &dataset, &asked).await?;
    dataset.notes().iter().for_each(|note| console.note(format!("note: {note}")));

    let group = Group::new(composed.evaluators);
    let open = stop::Open::default();
    let mut reporter = reporter(console, progress::display(console), &open);
    if let Some((judging, frozen)) = composed.anchors.zip(frozen) {
        let (judging, stop) = (judging.in_group(group.id()), stop::requested(&settings, &open));
        if let Err(cut) = judge_frozen(console, judging, &frozen, &mut *reporter, stop).await? {
            drop(reporter);
            let exit = told(console, &settings, compose::close_store(composed.store), std::slice::from_ref(&cut))?;
            // To go on with the frozen answers alone would never ask a model.
            let raised = raise::option(&[cut], &settings.caps.value);
            let with = if raised.is_empty() { raised } else { format!(", with{raised}") };
            console.note(format!("to go on: the same `evalctl run` again{with}"));
            return Ok(exit);
        }
    }
    let results = group.run_until(&dataset, &mut *reporter, stop::requested(&settings, &open)).await;
    drop(reporter);

    let mut runs = Vec::new();
    for result in results {
        runs.push(result?);
    }
    if let Some(folder) = &settings.json_out.value {
        copy(console, &composed.store, folder, &runs).await?;
    }
    let recalled = recalled(&*composed.store, &runs).await?;
    findings::ended(console, &composed.store, &runs).await;
    let exit = finish(console, &settings, compose::close_store(composed.store), &runs)?;
    recalled.iter().for_each(|line| console.note(line));
    recalls.warn(console);
    if let (Some(run), false) = (runs.first(), console.is_machine()) {
        let show = format!("show {}", run.id.short());
        let next = [show.as_str(), "models", "runs"].map(|words| command::command(&settings, words));
        console.note(format!("next: {}", next.join("   ")));
    }
    Ok(exit)
}

/// The frozen answers that are judged first, where the settings name some.
pub(crate) async fn frozen(settings: &Settings, dataset: &Dataset) -> Result<Option<Frozen>, Failure> {
    let Some(reference) = &settings.anchors.value else { return Ok(None) };
    let store = compose::existing_store(settings).await?;
    Frozen::find(&store, reference, dataset.name()).await.map(Some)
}

/// Has the frozen answers judged. Gives the run back where that did not come to its end.
pub(crate) async fn judge_frozen(
    console: &Console,
    judging: Evaluator,
    frozen: &Frozen,
    reporter: &mut dyn Reporter,
    stop: impl Future<Output = ()> + Send,
) -> Result<Result<(), Run>, Failure> {
    let judged = judging.run_until(&frozen.dataset, reporter, stop).await?;
    if judged.status != RunStatus::Finished {
        console.note("not all frozen answers were judged, so no question was asked");
        return Ok(Err(judged));
    }
    console.note(report::anchors(&judged, &frozen.set));
    Ok(Ok(()))
}

/// The data set, opened, named and narrowed.
pub(crate) fn dataset(settings: &Settings, selecting: &Selecting) -> Result<Dataset, Failure> {
    let path = settings.dataset.value.as_deref().ok_or_else(|| {
        Failure::usage("no data set")
            .hint("name a CSV or JSON-lines file: evalctl run golden.csv -m MODEL; or try `evalctl demo`")
    })?;
    narrow(Dataset::open(path)?, selecting)
}

/// The data set, named and narrowed.
pub(crate) fn narrow(mut dataset: Dataset, selecting: &Selecting) -> Result<Dataset, Failure> {
    if let Some(name) = &selecting.dataset_name {
        dataset = dataset.rename(name);
    }
    let mut selection = Selection::all();
    selection.categories.clone_from(&selecting.categories);
    selection.draw = selecting.draw.map(|size| Draw { size, seed: selecting.seed });
    selection.limit = selecting.limit;
    if selection.is_all() { Ok(dataset) } else { Ok(dataset.select(selection)?) }
}

/// The display, who notes which runs are open, and for `--format jsonl` the events on stdout beside them.
pub(crate) fn reporter(console: &Console, display: Box<dyn Reporter>, open: &stop::Open) -> Box<dyn Reporter> {
    let fanout = Fanout::new().with(open.clone()).with(display).with(console.telemetry.reporter());
    Box::new(match console.format {
        Format::Jsonl => fanout.with(JsonLines::new(std::io::stdout())),
        _ => fanout,
    })
}

/// What is to be said of runs with answers that were given before.
pub(super) async fn recalled(store: &dyn Reports, runs: &[Run]) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for run in runs.iter().filter(|run| run.kind == RunKind::Recall) {
        let words = crate::recalled::words(run, &store.served(run.id).await?);
        lines.extend(words.map(|words| format!("run {}: {words}", run.id.short())));
    }
    Ok(lines)
}

async fn copy(console: &Console, store: &compose::OpenStore, folder: &Path, runs: &[Run]) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::usage(format!("cannot make the folder {}: {error}", folder.display())))?;
    for run in runs {
        let path = folder.join(format!("{}.json", run.id));
        let rows = EvaluationQuery::default();
        eval_store::export_file(&**store, run.id, rows, eval_store::Format::Json, &path)
            .await
            .map_err(|error| Failure::usage(format!("cannot write {}: {}", path.display(), chain(&error))))?;
        console.note(format!("wrote {}", path.display()));
    }
    Ok(())
}

/// The table, what went wrong, what to do next, and the exit code: all from the same runs.
pub(crate) fn finish(console: &Console, settings: &Settings, closed: compose::Closed, runs: &[Run]) -> Outcome {
    let exit = told(console, settings, closed, runs)?;
    let open: Vec<_> = runs.iter().filter(|run| run.can_resume() && run.spec.is_some()).map(|run| run.id).collect();
    let raised = raise::option(runs, &settings.caps.value);
    match open.as_slice() {
        [] => {}
        [_] => console.note(format!("to go on: {}", stop::resume(settings, &open, &raised))),
        _ => console.note(format!("to go on with all of them: {}", stop::resume(settings, &open, &raised))),
    }
    Ok(exit)
}

/// The table, what went wrong, and the exit code.
fn told(console: &Console, settings: &Settings, closed: compose::Closed, runs: &[Run]) -> Outcome {
    match console.format {
        Format::Jsonl => {}
        Format::Json => console.json(&json!({"schema": "evalctl.run/1", "runs": runs}))?,
        _ => table(console, settings, runs, closed.whole)?,
    }
    for run in runs {
        if let Some(stop) = &run.stop {
            console.warn(format!("{} stopped early: {}", report::label(run), clean(&stop.message)));
        }
    }
    runs.iter().filter_map(report::unpriced).for_each(|line| console.note(line));
    if let Some(file) = closed.spilled {
        let file = file.to_string_lossy();
        console.warn(format!("not all results are in the database; they are saved in {}", clean(&file)));
        let import = command::command(settings, &format!("import {}", command::quoted(&file)));
        let beside = command::beside(settings).map_or_else(String::new, |beside| format!(" ({beside})"));
        console.note(format!("when the database is well again: {import}{beside}"));
    }
    Ok(exit(runs))
}

fn table(console: &Console, settings: &Settings, runs: &[Run], saved: bool) -> Result<(), Failure> {
    console.note("");
    console.print(report::results(console, &runs.iter().collect::<Vec<_>>()))?;
    if runs.iter().any(|run| run.provenance.simulated) {
        console.print("  Simulated models: these figures measure nothing.")?;
    }
    if saved {
        let database = clean(&compose::public_url(&settings.database_url.value));
        console.note(format!("\nsaved in {database} ({})", settings.database_url.origin));
    }
    Ok(())
}

fn exit(runs: &[Run]) -> Exit {
    let any = |wanted: fn(&Run) -> bool| runs.iter().any(wanted);
    if any(|run| run.status == RunStatus::Cancelled) {
        return Exit::Interrupted;
    }
    if any(|run| run.status == RunStatus::Capped) {
        return Exit::Capped;
    }
    if any(|run| run.stop.as_ref().is_some_and(|stop| stop.kind.is_some())) {
        return Exit::Provider;
    }
    if any(|run| run.status == RunStatus::Failed) {
        return Exit::Usage;
    }
    let all_failed = |run: &Run| run.summary.as_ref().is_some_and(|found| found.counts.failed == found.counts.total());
    if !runs.is_empty() && runs.iter().all(all_failed) { Exit::Provider } else { Exit::Done }
}
