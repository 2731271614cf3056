//! Blessed runs in a file that can be committed: first who blessed what and why, a line each, then the runs as
//! `evalctl export --format jsonl` writes them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use eval_core::{Baseline, Baselines as _, EvaluationQuery, Store as _, StoreError};
use eval_store::{DieselStore, Format, Import};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::check;
use crate::compose;
use crate::config::Settings;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::output::{Console, clean, counted};

/// How the first line of such a file begins.
pub(crate) const BEGINNING: &str = "{\"type\":\"baseline\"";

/// A line of the head.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Baseline { baseline: Baseline },
}

/// Writes the baselines that count, each with its run.
pub(super) async fn export(
    console: &Console,
    settings: &Settings,
    (name, dataset): (Option<&str>, Option<&str>),
    output: Option<&Path>,
) -> Outcome {
    let store = compose::existing_store(settings).await?;
    let blessed = newest(store.baselines(name, dataset).await?);
    if blessed.is_empty() {
        return Err(Failure::usage("no run was blessed").hint("bless one: evalctl baseline set RUN --reason TEXT"));
    }
    let mut text = Vec::new();
    for baseline in &blessed {
        serde_json::to_writer(&mut text, &Line::Baseline { baseline: baseline.clone() })?;
        text.push(b'\n');
    }
    for baseline in &blessed {
        let all = EvaluationQuery::default();
        let written = eval_store::export(&store, baseline.run, all, Format::Jsonl, &mut text).await;
        written.map_err(|error| Failure::usage(chain(&error)))?;
    }
    let Some(path) = output.filter(|path| *path != Path::new("-")) else {
        io::stdout().lock().write_all(&text)?;
        return Ok(Exit::Done);
    };
    replace(path, &text).map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))?;
    console.note(format!("{} in {}", counted(blessed.len() as u64, "baseline"), path.display()));
    Ok(Exit::Done)
}

/// Of a name on a data set the newest one counts. Sorted, so that the same baselines give the same file.
fn newest(blessed: Vec<Baseline>) -> Vec<Baseline> {
    let mut found = BTreeMap::new();
    for baseline in blessed {
        found.entry((baseline.name.clone(), baseline.dataset.clone())).or_insert(baseline);
    }
    found.into_values().collect()
}

/// The file is there as a whole or as it was.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    fs::write(&draft, text)?;
    fs::rename(&draft, path)
}

/// Takes the runs of such a file into the database and blesses them as they were. What is there already stays.
pub(super) async fn import(console: &Console, settings: &Settings, path: &Path) -> Outcome {
    let text = read(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    let (baselines, runs) = parts(&text).map_err(|why| refused(path, &why))?;
    let store = compose::plain_store(settings).await?;
    let imported = Import::new().read(runs, &store).await;
    imported.map_err(|error| refused(path, &chain(&error)))?;
    let mut new = 0;
    for baseline in &baselines {
        new += u64::from(bless(&store, baseline).await.map_err(|why| refused(path, &why))?);
    }
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.baselines/1", "baselines": baselines, "new": new}))?;
        return Ok(Exit::Done);
    }
    let count = counted(baselines.len() as u64, "baseline");
    console.print(format!("{count} from {}, {new} of them new", path.display()))?;
    Ok(Exit::Done)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    match path == Path::new("-") {
        true => io::stdin().lock().read_to_end(&mut text)?,
        false => fs::File::open(path)?.read_to_end(&mut text)?,
    };
    Ok(text)
}

/// The head, and the runs after it.
fn parts(text: &[u8]) -> Result<(Vec<Baseline>, &[u8]), String> {
    let (mut found, mut rest) = (Vec::new(), text);
    while rest.starts_with(BEGINNING.as_bytes()) {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let line: Line =
            serde_json::from_slice(&rest[..end]).map_err(|error| format!("line {}: {error}", found.len() + 1))?;
        let Line::Baseline { baseline } = line;
        found.push(baseline);
        rest = &rest[end..];
    }
    match found.is_empty() {
        true => Err("it holds no baselines: expected a file of `evalctl baseline export`".to_owned()),
        false => Ok((found, rest)),
    }
}

/// Blesses a run as a file says; whether that is new. A file may say anything: it is held against the run.
async fn bless(store: &DieselStore, baseline: &Baseline) -> Result<bool, String> {
    let run = store.get_run(baseline.run).await.map_err(|error| match error {
        StoreError::NotFound(id) => format!("it blesses the run {id} and does not hold it"),
        other => chain(&other),
    })?;
    check(&run)?;
    if (&run.name, &run.dataset.name) != (&baseline.name, &baseline.dataset) {
        return Err(format!("the run {} is of {} on {}", run.id.short(), run.name, run.dataset.name));
    }
    let known = store.baselines(Some(&run.name), Some(&run.dataset.name)).await.map_err(|error| chain(&error))?;
    let new = !known.contains(baseline);
    if new {
        store.bless(baseline).await.map_err(|error| chain(&error))?;
    }
    Ok(new)
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::usage(format!("{}: {}", path.display(), clean(why)))
}
