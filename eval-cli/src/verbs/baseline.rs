//! `evalctl baseline`

mod file;

use std::collections::BTreeSet;

use eval_core::{Baseline, Baselines as _, Run};
use serde_json::json;

use crate::args::{BaselineVerb, Global, Saying};
use crate::command::command;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table, clean, one_line, percent};
use crate::{compose, git, refs};

pub(crate) use file::BEGINNING as FILE_BEGINNING;

/// Blesses a run, lists what was blessed, forgets it, or carries it from one database to another.
pub(crate) async fn baseline(console: &Console, global: &Global, verb: BaselineVerb) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    match verb {
        BaselineVerb::Set { run, saying } => set(console, &settings, &run, saying).await,
        BaselineVerb::List { model, dataset } => list(console, &settings, model.as_deref(), dataset.as_deref()).await,
        BaselineVerb::Clear { model, dataset } => clear(console, &settings, &model, dataset).await,
        BaselineVerb::Export { model, dataset, output } => {
            let which = (model.as_deref(), dataset.as_deref());
            file::export(console, &settings, which, output.as_deref()).await
        }
        BaselineVerb::Import { file } => file::import(console, &settings, &file).await,
    }
}

async fn set(console: &Console, settings: &Settings, reference: &str, saying: Saying) -> Outcome {
    let store = compose::writable_store(settings).await?;
    let run = refs::resolve(&store, reference).await?;
    let resume = command(settings, "resume");
    check(&run)
        .map_err(|why| Failure::usage(why).hint(format!("finish it with `{resume}`, or run the whole data set")))?;
    let baseline = Baseline::of(&run, saying.by.unwrap_or_else(git::author), saying.reason);
    store.bless(&baseline).await?;
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.baselines/1", "baselines": [baseline]}))?;
        return Ok(Exit::Done);
    }
    let (name, dataset) = (clean(&run.name), clean(&run.dataset.name));
    let mean = percent(run.score().map(|score| score.mean));
    console.print(format!("run {} ({mean}) is the baseline of {name} on {dataset}", run.id.short()))?;
    console.print(format!("  by {}: {}", one_line(&baseline.author), one_line(&baseline.reason)))?;
    Ok(Exit::Done)
}

/// Says why a run cannot be a baseline, if it cannot.
fn check(run: &Run) -> Result<(), String> {
    let id = run.id.short();
    match (run.is_comparable(), run.score()) {
        (false, _) => Err(format!("run {id} cannot be a baseline: it is {}", short_of(run))),
        (true, None) => Err(format!("run {id} cannot be a baseline: nothing was scored")),
        (true, Some(_)) => Ok(()),
    }
}

/// What a run is, so that it cannot stand for its model.
fn short_of(run: &Run) -> String {
    match run.dataset.selection.is_all() {
        true => format!("{}, not finished", run.status),
        false => "over a part of the data set".to_owned(),
    }
}

async fn list(console: &Console, settings: &Settings, name: Option<&str>, dataset: Option<&str>) -> Outcome {
    let store = compose::writable_store(settings).await?;
    let baselines = store.baselines(name, dataset).await?;
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.baselines/1", "baselines": baselines}))?;
        return Ok(Exit::Done);
    }
    if baselines.is_empty() {
        let bless = command(settings, "baseline set RUN --reason TEXT");
        console.note(format!("no run was blessed; bless one: {bless}"));
        return Ok(Exit::Done);
    }
    console.print(table(&baselines).render(console.width))?;
    console.note("of a model on a data set the newest one counts");
    Ok(Exit::Done)
}

fn table(baselines: &[Baseline]) -> Table {
    let heads = ["model", "data set", "run", "blessed (UTC)", "by", "reason"];
    let mut table = Table::new(heads.map(|head| (head, Align::Left)));
    for baseline in baselines {
        table.row([
            one_line(&baseline.name),
            one_line(&baseline.dataset),
            baseline.run.short(),
            baseline.at.strftime("%Y-%m-%d %H:%M").to_string(),
            one_line(&baseline.author),
            one_line(&baseline.reason),
        ]);
    }
    table
}

async fn clear(console: &Console, settings: &Settings, name: &str, dataset: Option<String>) -> Outcome {
    let store = compose::writable_store(settings).await?;
    let blessed = store.baselines(Some(name), dataset.as_deref()).await?;
    let datasets: BTreeSet<String> = blessed.into_iter().map(|baseline| baseline.dataset).collect();
    let dataset = match (datasets.len(), datasets.first()) {
        (1, Some(only)) => only.clone(),
        (0, _) => {
            return Err(Failure::usage(format!("`{name}` has no baseline")).hint(command(settings, "baseline list")));
        }
        _ => {
            let known: Vec<String> = datasets.iter().map(|dataset| clean(dataset)).collect();
            return Err(Failure::usage(format!("`{name}` has baselines on several data sets"))
                .hint(format!("name one with --dataset: {}", known.join(", "))));
        }
    };
    let cleared = store.clear_baselines(name, &dataset).await?;
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.baseline-clear/1", "name": name, "dataset": dataset, "cleared": cleared,
        }))?;
        return Ok(Exit::Done);
    }
    console.print(format!("{} on {}: {cleared} forgotten; the runs stay", clean(name), clean(&dataset)))?;
    Ok(Exit::Done)
}
