//! `evalctl db prune` and `evalctl db delete`

use eval_core::{StoreError, Timestamp};
use eval_store::{Deletion, DieselStore, Expired, Retention};
use serde_json::{Value, json};

use super::size;
use crate::args::{DeleteArgs, Global, PruneArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::confirm;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::findings;
use crate::output::{Align, Console, Table, clean};
use crate::refs;
use crate::report::label;

/// Deletes the runs that the limits let go.
pub(crate) async fn prune(console: &Console, global: &Global, args: PruneArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::writable_store(&settings).await?;
    let (kept, going): (Vec<_>, Vec<_>) =
        store.expired(&retention(&args)?).await?.into_iter().partition(|found| found.protection.is_some());
    if !console.is_machine() {
        show(console, &going, &kept)?;
    }
    let mut removed = Removed::default();
    if !args.dry_run && !going.is_empty() {
        if !confirm::agreed(global, args.yes, &format!("delete {} runs with all their answers?", going.len()))? {
            console.note("nothing was deleted");
            return Ok(Exit::Done);
        }
        removed = remove(console, &store, &going).await?;
    }
    if console.is_machine() {
        console.json(&document(&args, &going, &kept, &removed))?;
    } else if args.dry_run {
        console.note("nothing was deleted: --dry-run");
    } else if removed.runs > 0 {
        console.print(removed.sentence())?;
    }
    Ok(Exit::Done)
}

/// Deletes one run.
pub(crate) async fn delete(console: &Console, global: &Global, args: DeleteArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::writable_store(&settings).await?;
    let run = refs::resolve(&store, &args.run).await?;
    let name = format!("run {} ({}, {})", run.id.short(), label(&run), run.started.strftime("%Y-%m-%d %H:%M"));
    if !confirm::agreed(global, args.yes, &format!("delete {name} with all its answers?"))? {
        console.note("nothing was deleted");
        return Ok(Exit::Done);
    }
    let evaluations = match store.delete_run(run.id).await? {
        Deletion::Deleted(evaluations) => evaluations,
        Deletion::Kept(why) => return Err(Failure::usage(format!("{name} stays: {why}"))),
        _ => 0,
    };
    store.delete_orphans().await?;
    findings::renew(console, &store, std::slice::from_ref(&run)).await;
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.db_delete/1", "run": run.id, "evaluations": evaluations}))?;
    } else {
        console.print(format!("{name} and its {evaluations} evaluations are deleted"))?;
    }
    Ok(Exit::Done)
}

fn retention(args: &PruneArgs) -> Result<Retention, Failure> {
    let mut retention = Retention::new();
    retention.keep = args.keep;
    retention.model.clone_from(&args.model);
    retention.dataset.clone_from(&args.dataset);
    if let Some(age) = args.older_than {
        let before = Timestamp::now().checked_sub(age);
        retention.before = Some(before.map_err(|_| Failure::usage("--older-than is older than time itself"))?);
    }
    Ok(retention)
}

fn show(console: &Console, going: &[Expired], kept: &[Expired]) -> Result<(), Failure> {
    if going.is_empty() && kept.is_empty() {
        console.note("no run is beyond these limits");
        return Ok(());
    }
    let columns = ["run", "started (UTC)", "model", "dataset", ""].map(|name| (name, Align::Left));
    let mut table = Table::new(columns);
    for Expired { run, protection, .. } in going.iter().chain(kept) {
        table.row([
            run.id.short(),
            run.started.strftime("%Y-%m-%d %H:%M").to_string(),
            label(run),
            clean(&run.dataset.name),
            protection.map_or_else(|| "goes".to_owned(), |why| format!("stays: {why}")),
        ]);
    }
    console.print(table.render(console.width))
}

/// What is no longer there.
#[derive(Debug, Default)]
struct Removed {
    runs: u64,
    evaluations: u64,
    texts: u64,
    bytes: Option<u64>,
}

impl Removed {
    fn sentence(&self) -> String {
        let Self { runs, evaluations, texts, bytes } = self;
        let freed = bytes.map_or_else(String::new, |bytes| format!("; the file is {} smaller", size(bytes)));
        format!("deleted {runs} runs, {evaluations} evaluations and {texts} questions that nobody asks any more{freed}")
    }
}

/// A run at a time, each in a transaction of its own: stopped in the middle, the rest is still there as a whole.
async fn remove(console: &Console, store: &DieselStore, going: &[Expired]) -> Result<Removed, Failure> {
    let mut removed = Removed::default();
    for Expired { run, .. } in going {
        match store.delete_run(run.id).await {
            Ok(Deletion::Deleted(evaluations)) => {
                removed.runs += 1;
                removed.evaluations += evaluations;
            }
            Ok(Deletion::Kept(why)) => console.note(format!("run {} stays: {why}", run.id.short())),
            // Somebody else was faster.
            Err(StoreError::NotFound(_)) | Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
    removed.texts = store.delete_orphans().await?;
    match store.shrink().await {
        Ok(bytes) => removed.bytes = bytes,
        Err(error) => console.warn(format!("the room stays in the file, for what comes: {}", chain(&error))),
    }
    Ok(removed)
}

fn document(args: &PruneArgs, going: &[Expired], kept: &[Expired], removed: &Removed) -> Value {
    let kept: Vec<_> = kept
        .iter()
        .map(|found| json!({"run": found.run.id, "why": found.protection.map(|why| why.to_string())}))
        .collect();
    json!({
        "schema": "evalctl.db_prune/1",
        "dry_run": args.dry_run,
        "runs": going.iter().map(|found| found.run.id).collect::<Vec<_>>(),
        "kept": kept,
        "deleted_runs": removed.runs,
        "deleted_evaluations": removed.evaluations,
        "deleted_samples": removed.texts,
        "bytes_freed": removed.bytes,
    })
}
