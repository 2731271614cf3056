//! Tables in.

use std::collections::HashMap;
use std::io::Read;

use csv::{ReaderBuilder, StringRecord};
use eval_core::{Evaluation, RunId};
use serde_json::{Map, Value};

use super::super::desk::Desk;
use super::super::document::Document;
use super::super::error::ImportError;
use super::cell::text;
use super::row::{put, value};
use super::{COLUMNS, MORE, RUN, RUN_ID, SAMPLE_ID};

/// Whether a line is the head of a table of ours. The columns may stand in any order, and others beside them.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let names = [RUN_ID, SAMPLE_ID].map(str::as_bytes);
    names.iter().all(|name| line.windows(name.len()).any(|part| part == *name)) && !line.starts_with(b"{")
}

/// Reads a table row by row. Spreadsheets save with semicolons or tabs in some countries.
pub(crate) async fn read(desk: &mut Desk<'_>, mut reader: impl Read) -> Result<(), ImportError> {
    let mut head = [0; 256];
    let length = fill(&mut reader, &mut head).map_err(|source| ImportError::Read { line: desk.line, source })?;
    let head = head[..length].to_vec();
    let first = desk.line - 1;
    let mut table =
        ReaderBuilder::new().delimiter(delimiter(&head)).from_reader(std::io::Cursor::new(head).chain(reader));
    let columns = Columns::of(table.headers().map_err(|error| broken(first, error))?);
    let mut record = StringRecord::new();
    while table.read_record(&mut record).map_err(|error| broken(first, error))? {
        desk.line = first + record.position().map_or(1, csv::Position::line);
        let row = Row { line: desk.line, columns: &columns, record: &record };
        row.take(desk).await?;
    }
    Ok(())
}

fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

pub(super) fn delimiter(head: &[u8]) -> u8 {
    head.iter().copied().find(|byte| matches!(byte, b',' | b';' | b'\t')).unwrap_or(b',')
}

pub(super) fn broken(first: u64, error: csv::Error) -> ImportError {
    let line = first + error.position().map_or(1, csv::Position::line);
    let message = match error.into_kind() {
        csv::ErrorKind::Io(source) => return ImportError::Read { line, source },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} cells as in the first line, found {len}")
        }
        csv::ErrorKind::Utf8 { err, .. } => format!("cell {} is no UTF-8; save the table as UTF-8", err.field() + 1),
        other => format!("{other:?}"),
    };
    ImportError::Row { line, column: None, message }
}

/// Where each column stands.
struct Columns(HashMap<String, usize>);

impl Columns {
    fn of(names: &StringRecord) -> Self {
        Self(names.iter().enumerate().map(|(at, name)| (name.trim().to_owned(), at)).collect())
    }
}

struct Row<'a> {
    line: u64,
    columns: &'a Columns,
    record: &'a StringRecord,
}

impl Row<'_> {
    async fn take(&self, desk: &mut Desk<'_>) -> Result<(), ImportError> {
        if let Some(document) = self.json::<Document>(RUN)? {
            if let Some(message) = document.refusal() {
                return Err(self.wrong(RUN, message));
            }
            desk.run(&document.run).await?;
        }
        if text(self.cell(SAMPLE_ID)).is_none() {
            return Ok(());
        }
        let id = self.cell(RUN_ID);
        let run: RunId =
            id.parse().map_err(|_| self.wrong(RUN_ID, format!("expected the id of a run, found `{id}`")))?;
        let evaluation = self.evaluation()?;
        desk.evaluation(run, evaluation).await
    }

    fn evaluation(&self) -> Result<Evaluation, ImportError> {
        let mut found = Value::Object(self.json::<Map<String, Value>>(MORE)?.unwrap_or_default());
        for column in &COLUMNS {
            let cell = value(self.cell(column.name), column.kind).map_err(|why| self.wrong(column.name, why))?;
            if let Some(value) = cell {
                put(&mut found, column.pointer, value).map_err(|why| self.wrong(column.name, why))?;
            }
        }
        serde_json::from_value(found).map_err(|error| ImportError::Row {
            line: self.line,
            column: None,
            message: format!("no evaluation: {error}"),
        })
    }

    fn cell(&self, column: &str) -> &str {
        self.columns.0.get(column).and_then(|at| self.record.get(*at)).unwrap_or_default()
    }

    fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<Option<T>, ImportError> {
        let Some(text) = text(self.cell(column)) else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|error| self.wrong(column, error.to_string()))
    }

    fn wrong(&self, column: &str, message: String) -> ImportError {
        ImportError::Row { line: self.line, column: Some(column.to_owned()), message }
    }
}
