//! `evalctl label`

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use eval_core::{Label, Labels as _, Run, SampleId, Store};
use eval_drift::stored;
use eval_store::{DieselStore, ImportError, LabelRow, read_labels, write_label_sheet};
use serde_json::json;

use crate::args::{Global, LabelImportArgs, LabelSampleArgs, LabelVerb};
use crate::config::{Settings, Typed};
use crate::draw::{Spread, draw};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::output::{Console, clean, counted};
use crate::{command, compose, git, refs};

/// Takes labels in, or draws answers to be labelled.
pub(crate) async fn label(console: &Console, global: &Global, verb: LabelVerb) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    match verb {
        LabelVerb::Import(args) => import(console, &settings, args).await,
        LabelVerb::Sample(args) => sample(console, &settings, args).await,
    }
}

async fn import(console: &Console, settings: &Settings, args: LabelImportArgs) -> Outcome {
    let rows = read(&args.file)?;
    let store = compose::writable_store(settings).await?;
    let by = args.by.unwrap_or_else(git::author);
    let found = of_rows(&store, &rows, args.run.as_deref(), &by).await;
    let labels = found.map_err(|failure| failure.in_file(&args.file))?;
    let new = new(&store, &labels).await?;
    store.put_labels(&new).await?;
    let runs: BTreeSet<_> = labels.iter().map(|label| label.run).collect();
    if console.is_machine() {
        let (labels, new) = (labels.len(), new.len());
        console.json(&json!({"schema": "evalctl.labels/1", "labels": labels, "new": new, "runs": runs}))?;
        return Ok(Exit::Done);
    }
    let (count, runs_of) = (counted(labels.len() as u64, "label"), counted(runs.len() as u64, "run"));
    console.print(match new.len() {
        0 => format!("nothing new: {count} of {runs_of} were there already"),
        new => format!("{count} of {runs_of}, {new} of them new"),
    })?;
    if let Some(run) = runs.first() {
        let next = command::command(settings, &format!("judge calibrate {}", run.short()));
        console.note(format!("next: {next}"));
    }
    Ok(Exit::Done)
}

/// The rows of a table of labels.
pub(crate) fn read(path: &Path) -> Result<Vec<LabelRow>, Failure> {
    let name = path.display();
    let reader: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(path).map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?),
    };
    read_labels(reader).map_err(|error| Refused::Row(error).in_file(path))
}

/// What keeps a table from being taken.
pub(crate) enum Refused {
    /// A row is wrong.
    Row(ImportError),
    /// Something else.
    Other(Failure),
}

impl Refused {
    /// The same for a person who gave this file.
    pub(crate) fn in_file(self, path: &Path) -> Failure {
        match self {
            Self::Row(error) => Failure::usage(format!("{}: {}", path.display(), clean(&chain(&error)))),
            Self::Other(failure) => failure,
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

fn wrong(row: &LabelRow, column: &str, message: String) -> Refused {
    Refused::Row(ImportError::Row { line: row.line, column: Some(column.to_owned()), message })
}

/// The labels of rows: each is of an answer that is there.
pub(crate) async fn of_rows(
    store: &dyn Store,
    rows: &[LabelRow],
    run: Option<&str>,
    by: &str,
) -> Result<Vec<Label>, Refused> {
    let mut runs: BTreeMap<&str, (Run, Answers)> = BTreeMap::new();
    let (mut labels, mut at) = (Vec::new(), None);
    for row in rows {
        let Some(name) = row.run.as_deref().or(run) else {
            return Err(wrong(row, "run", "no run is named; name one for all rows with --run".to_owned()));
        };
        if !runs.contains_key(name) {
            let found = refs::resolve(store, name).await;
            let found = found.map_err(|failure| match &row.run {
                Some(_) => wrong(row, "run", failure.to_string().replace("\nhint: ", "; ")),
                None => Refused::Other(failure),
            })?;
            let answers = answers(store, &found).await?;
            runs.insert(name, (found, answers));
        }
        let Some((run, answers)) = runs.get(name) else { continue };
        if !answers.contains(&(row.sample.clone(), row.epoch)) {
            let (id, epoch) = (run.id.short(), row.epoch);
            return Err(wrong(
                row,
                "sample_id",
                format!("run {id} has no answer to `{}` in epoch {epoch}", row.sample),
            ));
        }
        let mut label =
            Label::new(run.id, row.sample.clone(), row.epoch, row.author.as_deref().unwrap_or(by), row.score);
        label.reason.clone_from(&row.reason);
        // One file, one moment.
        label = label.clone().at(*at.get_or_insert(label.at));
        labels.push(label);
    }
    Ok(labels)
}

/// Questions and epochs that were answered.
type Answers = BTreeSet<(SampleId, u32)>;

async fn answers(store: &dyn Store, run: &Run) -> Result<Answers, Failure> {
    let found = stored::evaluations(store, run).await?.into_iter();
    Ok(found.filter(|found| found.completion.is_some()).map(|found| (found.sample.id.clone(), found.epoch)).collect())
}

/// Those that say something else than what counts now.
async fn new(store: &DieselStore, labels: &[Label]) -> Result<Vec<Label>, Failure> {
    let mut known = Vec::new();
    for run in labels.iter().map(|label| label.run).collect::<BTreeSet<_>>() {
        known.extend(store.labels(run).await?);
    }
    let says = |a: &Label, b: &Label| {
        (a.run, &a.sample, a.epoch, &a.author) == (b.run, &b.sample, b.epoch, &b.author)
            && (a.score, &a.reason) == (b.score, &b.reason)
    };
    Ok(labels.iter().filter(|label| !known.iter().any(|known| says(label, known))).cloned().collect())
}

async fn sample(console: &Console, settings: &Settings, args: LabelSampleArgs) -> Outcome {
    let store = compose::existing_store(settings).await?;
    let run = refs::resolve(&store, &args.run).await?;
    let drawn = draw(stored::evaluations(&store, &run).await?, args.count, args.seed, Spread::InProportion);
    if drawn.is_empty() {
        return Err(Failure::usage(format!("run {} has no answer with a score", run.id.short())));
    }
    let written = match args.output.as_deref().filter(|path| *path != Path::new("-")) {
        None => write_label_sheet(io::stdout().lock(), &run, &drawn, args.with_judge),
        Some(path) => File::create_new(path)
            .and_then(|file| write_label_sheet(io::BufWriter::new(file), &run, &drawn, args.with_judge)),
    };
    let file = args.output.as_ref().map(|path| path.display().to_string());
    match (written, &file) {
        (Err(error), None) if error.kind() == io::ErrorKind::BrokenPipe => {}
        (Err(error), file) => {
            let file = file.as_deref().unwrap_or("the table");
            return Err(Failure::usage(format!("cannot write {file}: {error}")).hint("a table that is there is kept"));
        }
        (Ok(()), _) => io::stdout().flush()?,
    }
    if drawn.len() < args.count {
        console.note(format!("run {} has {} answers with a score, all of them are drawn", run.id.short(), drawn.len()));
    }
    if let Some(file) = file {
        let import = command::command(settings, &format!("label import {}", command::quoted(&file)));
        console
            .note(format!("{} in {file}; fill the column score, then {import}", counted(drawn.len() as u64, "answer")));
    }
    Ok(Exit::Done)
}
