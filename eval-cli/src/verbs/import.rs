//! `evalctl import`

mod late;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use eval_store::{Import, Imported};
use serde_json::json;

use super::baseline::FILE_BEGINNING;
use crate::args::{Global, ImportArgs};
use crate::command;
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::findings;
use crate::output::{Console, clean, counted};
use late::Late;

/// Takes results into the database. What is there already is not counted twice.
pub(crate) async fn import(console: &Console, global: &Global, args: ImportArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let (name, mut reader) = open(&args.file)?;
    if compose::must_exist(&settings).is_err() && is_spill(&args.file, reader.as_mut()) {
        return Err(no_database(&settings, &name));
    }
    if first_line(reader.as_mut()).starts_with(FILE_BEGINNING) {
        let command = command::command(&settings, &format!("baseline import {}", command::quoted(&name)));
        return Err(Failure::usage(format!("{name} holds baselines")).hint(command));
    }
    let store = Late::open(&settings).await?;
    let imported = import_of(args).read(reader, &store).await;
    let imported = imported.map_err(|error| Failure::usage(format!("{name}: {}", chain(&error))))?;
    if (imported.runs, imported.evaluations) == (0, 0) {
        return Err(Failure::usage(format!("{name}: there is nothing in it to import"))
            .hint("the file is empty, or a table that has only its head: was it written to its end?"));
    }
    let changed = store.is_changed().await?;
    if let (true, Some(database)) = (changed, store.database()) {
        findings::renew(console, database, &store.runs().await?).await;
    }
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.import/1", "runs": imported.runs, "evaluations": imported.evaluations, "new": changed,
        }))?;
    } else {
        console.print(told(&name, imported, changed))?;
    }
    Ok(Exit::Done)
}

fn told(name: &str, imported: Imported, changed: bool) -> String {
    let (runs, evaluations) = (counted(imported.runs, "run"), counted(imported.evaluations, "evaluation"));
    match changed {
        true => format!("{runs} and {evaluations} from {name}"),
        false => format!("nothing new: {runs} and {evaluations} from {name} were there already"),
    }
}

/// Whether a file holds what a database did not take: by its name, or because its run had not ended.
fn is_spill(path: &Path, reader: &mut dyn BufRead) -> bool {
    let named = path.to_string_lossy().ends_with(".spill.jsonl");
    let first = first_line(reader);
    named || (first.starts_with("{\"type\":\"run\"") && first.contains("\"status\":\"running\""))
}

/// The beginning of what is read, which stays to be read.
fn first_line(reader: &mut dyn BufRead) -> String {
    let begin = reader.fill_buf().map(String::from_utf8_lossy).unwrap_or_default();
    begin.lines().next().unwrap_or_default().to_owned()
}

/// The rest of a run belongs beside what its database has of it. A new one would hide that the two are apart.
fn no_database(settings: &Settings, name: &str) -> Failure {
    let url = &settings.database_url;
    let place = clean(&compose::public_url(&url.value));
    let why =
        format!("{name} holds what another database did not take, and there is no database {place} ({})", url.origin);
    let (import, make) = (command::quoted(name), command::command(settings, "db migrate"));
    Failure::usage(why).hint(format!(
        "name the database of the run: evalctl import {import} --database-url URL; to make a new one all the same, first {make}"
    ))
}

fn open(path: &Path) -> Result<(String, Box<dyn BufRead>), Failure> {
    if path == Path::new("-") {
        return Ok(("stdin".to_owned(), Box::new(io::stdin().lock())));
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    Ok((name, Box::new(BufReader::new(file))))
}

fn import_of(args: ImportArgs) -> Import {
    let mut import = Import::new().tags(args.tags);
    if let Some(name) = args.name {
        import = import.name(name);
    }
    if let Some(name) = args.dataset_name {
        import = import.dataset(name);
    }
    import
}
