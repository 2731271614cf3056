//! `evalctl export`

use std::io::{self, BufWriter};
use std::path::Path;

use eval_core::{ComparisonQuery, Reports, Run};
use eval_store::{ExportError, Format, Rows};
use serde_json::json;

use crate::args::{self, ExportArgs, Global};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::output::{Console, counted};
use crate::refs;

/// Writes a run to a file or to stdout.
pub(crate) async fn export(console: &Console, global: &Global, args: ExportArgs) -> Outcome {
    let output = args.output.as_deref().filter(|path| *path != Path::new("-"));
    let format = format(global, output)?;
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::existing_store(&settings).await?;
    let run = refs::resolve_or_newest(&store, args.run.as_deref()).await?;
    let rows = rows(&store, &args).await?;
    tokio::select! {
        written = write(console, &store, &run, rows, (format, output)) => written,
        // A draft is removed with the future that writes it.
        _ = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
    }
}

async fn write(
    console: &Console,
    store: &dyn Reports,
    run: &Run,
    rows: Rows,
    (format, output): (Format, Option<&Path>),
) -> Outcome {
    let Some(path) = output else {
        let written = eval_store::export(store, run.id, rows, format, BufWriter::new(io::stdout().lock())).await;
        return match written {
            // A reader that has seen enough (`| head`) is no error.
            Err(ExportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
            Err(error) => Err(Failure::usage(chain(&error))),
            Ok(_) => Ok(Exit::Done),
        };
    };
    let written = eval_store::export_file(store, run.id, rows, format, path).await;
    let count = written.map_err(|error| Failure::usage(format!("{}: {}", path.display(), chain(&error))))?;
    if console.is_machine() {
        let file = path.to_string_lossy();
        console.json(&json!({"schema": "evalctl.export/1", "run": run.id, "evaluations": count, "file": file}))?;
    }
    let evaluations = counted(count, "evaluation");
    console.note(format!("{evaluations} of run {} in {}", run.id.short(), path.display()));
    Ok(Exit::Done)
}

async fn rows(store: &dyn Reports, args: &ExportArgs) -> Result<Rows, Failure> {
    let Some(against) = &args.comparing.against else { return Ok(args.filtering.query().into()) };
    let earlier = refs::resolve(store, against).await?;
    let mut query = ComparisonQuery::against(earlier.id).changes(args.comparing.changes());
    query.evaluations = args.filtering.query();
    Ok(query.into())
}

/// What was typed, else what the file is called, else a table.
fn format(global: &Global, output: Option<&Path>) -> Result<Format, Failure> {
    match (global.json, global.format, output) {
        (true, ..) | (_, Some(args::Format::Json), _) => Ok(Format::Json),
        (_, Some(args::Format::Jsonl), _) => Ok(Format::Jsonl),
        (_, Some(args::Format::Csv), _) | (_, None, None) => Ok(Format::Csv),
        (_, Some(_), _) => Err(Failure::usage("a run is exported as csv, json or jsonl; `evalctl show` is for people")),
        (_, None, Some(path)) => Format::of(path).ok_or_else(|| {
            Failure::usage(format!("{} has no extension that says what it is", path.display()))
                .hint("end its name in .csv, .json or .jsonl, or say --format csv, json or jsonl")
        }),
    }
}
