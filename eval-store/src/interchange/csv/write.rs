//! Tables out.

use std::io::{self, Write};

use csv::Writer;
use eval_core::{Evaluation, Run};

use super::super::document;
use super::cell::cell;
use super::row::{prune, take};
use super::{COLUMNS, RUN_COLUMNS, names};

/// A table that is written row by row.
#[derive(Debug)]
pub(crate) struct CsvWriter<W: Write> {
    writer: Writer<W>,
    /// The cells that each row begins with.
    head: [String; RUN_COLUMNS.len()],
    /// The run in full, until its first row is written.
    run: Option<String>,
}

impl<W: Write> CsvWriter<W> {
    pub(crate) fn new(writer: W, run: &Run) -> io::Result<Self> {
        let mut writer = Writer::from_writer(writer);
        writer.write_record(names()).map_err(failed)?;
        let id = run.id.to_string();
        let head = [&id, &run.name, &run.model, &run.dataset.name].map(|text| cell(text).into_owned());
        Ok(Self { writer, head, run: Some(document::head(run)?) })
    }

    pub(crate) fn write(&mut self, evaluation: &Evaluation) -> io::Result<()> {
        let mut rest = serde_json::to_value(evaluation)?;
        let mut cells: Vec<String> = COLUMNS.iter().map(|column| take(&mut rest, column)).collect();
        prune(&mut rest);
        cells.push(rest.to_string());
        self.row(cells)
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
        for cell in self.head.iter().cloned().chain(cells).chain([self.run.take().unwrap_or_default()]) {
            self.writer.write_field(cell).map_err(failed)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(failed)
    }

    /// Ends the table. A run without evaluations gets a row of its own.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.run.is_some() {
            self.row(std::iter::repeat_n(String::new(), COLUMNS.len() + 1))?;
        }
        self.writer.flush()
    }
}

/// What the writer said, as it said it: a closed pipe must stay one.
pub(super) fn failed(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
