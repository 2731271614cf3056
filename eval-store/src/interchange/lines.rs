//! Lines of JSON.

use std::io::{self, Write};

use eval_core::{Evaluation, Run, RunId};
use serde::{Deserialize, Serialize};

/// A line as it is written.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Written<'a> {
    Run { run: &'a Run },
    Evaluation { run: RunId, evaluation: &'a Evaluation },
}

/// A line as it is read.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Line {
    Run { run: Box<Run> },
    Evaluation { run: RunId, evaluation: Box<Evaluation> },
}

/// Writes a run as one line: `{"type":"run","run":{…}}`.
///
/// # Errors
/// What the writer says.
pub fn write_run(writer: &mut impl Write, run: &Run) -> io::Result<()> {
    write_line(writer, &Written::Run { run })
}

/// Writes evaluations of a run, a line each: `{"type":"evaluation","run":"<id>","evaluation":{…}}`.
///
/// # Errors
/// What the writer says.
pub fn write_evaluations(writer: &mut impl Write, run: RunId, evaluations: &[Evaluation]) -> io::Result<()> {
    evaluations.iter().try_for_each(|evaluation| write_line(writer, &Written::Evaluation { run, evaluation }))
}

fn write_line(writer: &mut impl Write, line: &Written<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, line)?;
    writer.write_all(b"\n")
}
