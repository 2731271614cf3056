//! Runs into a store.

use std::collections::BTreeMap;
use std::io::{BufRead, Cursor, Read};

use eval_core::Store;

use super::desk::{Desk, Imported};
use super::error::ImportError;
use super::foreign::{self, Labels};
use super::lines::Line;
use super::{csv, document::Document};

/// A longer line is not ours.
const LONGEST_LINE: u64 = 64 << 20;

/// Imports a file of runs with the default [`Import`].
///
/// # Errors
/// As [`Import::read`].
pub async fn import<R: BufRead>(reader: R, store: &dyn Store) -> Result<Imported, ImportError> {
    Import::new().read(reader, store).await
}

/// Takes files of runs into a store. What kind of file it is, is seen from its content:
///
/// | file | how it is read |
/// |---|---|
/// | JSON lines ([`export`](crate::export), the file of a [`Spill`](crate::Spill)) | line by line |
/// | CSV of [`export`](crate::export) | row by row |
/// | one JSON document of [`export`](crate::export) | as a whole |
/// | results of promptfoo (`promptfoo eval -o results.json`), version 3 | as a whole |
/// | logs of Inspect (`inspect eval --log-format json`), version 2 | as a whole |
///
/// Idempotent: what the store has already stays. A run replaces the stored one unless that one ended later, so that
/// a file from the middle of a run does not undo its end. A run of another tool gets its id from that tool's own, so
/// that importing a file again counts nothing twice.
///
/// A finished run has an evaluation of each question and epoch, whatever its file says:
///
/// - Its summary is that of the evaluations that are here, and its plan is held against their number. Where some are
///   missing the run is interrupted, and so can be resumed; where there are too many the file is refused.
/// - The run of a [filtered export](eval_core::Selection::exported) keeps its status, but is a part: its plan and its
///   summary are those of the part, and it never enters leaderboards or histories. It replaces no whole run.
/// - What goes on elsewhere, or was exported while it did, is interrupted here.
/// - Endpoint, prompt, system message and rubric of its [`RunSpec`](eval_core::RunSpec) are left out: a file from
///   elsewhere does not decide where a key is sent or what is read. A run that is here already keeps its own.
#[derive(Debug, Clone, Default)]
pub struct Import {
    labels: Labels,
}

impl Import {
    /// An import that keeps all names.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same import, where the run of another tool enters its history under this name. Default: its model.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.labels.name = Some(name.into());
        self
    }

    /// The same import, where the data set of another tool has this name. Default: what the tool calls it.
    pub fn dataset(mut self, name: impl Into<String>) -> Self {
        self.labels.dataset = Some(name.into());
        self
    }

    /// The same import, where the runs of another tool get these tags too.
    pub fn tags(mut self, tags: impl IntoIterator<Item = (String, String)>) -> Self {
        self.labels.tags.extend(tags);
        self
    }

    /// Reads a file into a store.
    ///
    /// # Errors
    /// [`ImportError`] with the place. Of JSON lines and CSV, what stands before it is stored; of other files, nothing. A
    /// run of which evaluations are missing by then is interrupted.
    pub async fn read<R: BufRead>(&self, mut reader: R, store: &dyn Store) -> Result<Imported, ImportError> {
        let mut desk = Desk::new(store);
        let read = self.file(&mut desk, &mut reader).await;
        desk.finish(read).await
    }

    async fn file(&self, desk: &mut Desk<'_>, reader: &mut impl BufRead) -> Result<(), ImportError> {
        let mut text = Vec::new();
        while read_line(desk, reader, &mut text)? {
            if text.trim_ascii().is_empty() {
                continue;
            }
            return match Opening::of(&text)? {
                Opening::Lines => self.lines(desk, reader, text).await,
                Opening::Table => {
                    self.refuse_labels()?;
                    csv::read(desk, Cursor::new(text).chain(reader)).await
                }
                Opening::Document => self.document(desk, reader, text).await,
            };
        }
        Ok(())
    }

    async fn lines(
        &self,
        desk: &mut Desk<'_>,
        reader: &mut impl BufRead,
        mut text: Vec<u8>,
    ) -> Result<(), ImportError> {
        self.refuse_labels()?;
        loop {
            match serde_json::from_slice(text.trim_ascii()) {
                Ok(Line::Run { run }) => desk.run(&run).await?,
                Ok(Line::Evaluation { run, evaluation }) => desk.evaluation(run, *evaluation).await?,
                Err(_) if text.trim_ascii().is_empty() => {}
                Err(error) => return Err(ImportError::json(desk.line, &error)),
            }
            if !read_line(desk, reader, &mut text)? {
                return Ok(());
            }
        }
    }

    async fn document(
        &self,
        desk: &mut Desk<'_>,
        reader: &mut impl BufRead,
        mut text: Vec<u8>,
    ) -> Result<(), ImportError> {
        let line = desk.line;
        reader.read_to_end(&mut text).map_err(|source| ImportError::Read { line, source })?;
        if let Some(recordings) = foreign::read(line, &text, &self.labels)? {
            for recording in recordings {
                desk.run(&recording.run).await?;
                for evaluation in recording.evaluations {
                    desk.evaluation(recording.run.id, evaluation).await?;
                }
            }
            return Ok(());
        }
        self.refuse_labels()?;
        let document: Document = serde_json::from_slice(&text).map_err(|error| ImportError::json(line, &error))?;
        if let Some(message) = document.refusal() {
            return Err(ImportError::Syntax { line, column: 1, message });
        }
        desk.run(&document.run).await?;
        for evaluation in document.evaluations {
            desk.evaluation(document.run.id, evaluation).await?;
        }
        Ok(())
    }

    /// A name for all runs of a file is for files in which they have none.
    fn refuse_labels(&self) -> Result<(), ImportError> {
        let (name, dataset, tags) = (&self.labels.name, &self.labels.dataset, &self.labels.tags);
        if name.is_none() && dataset.is_none() && tags.is_empty() {
            return Ok(());
        }
        let why = "this file was exported here: its runs keep their names, data sets and tags, and take no others";
        Err(ImportError::Unknown(why.to_owned()))
    }
}

/// Reads the next line; false at the end.
fn read_line(desk: &mut Desk<'_>, reader: &mut impl BufRead, text: &mut Vec<u8>) -> Result<bool, ImportError> {
    desk.line += 1;
    text.clear();
    let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', text);
    read.map_err(|source| ImportError::Read { line: desk.line, source })?;
    if desk.line == 1 && text.starts_with(b"\xef\xbb\xbf") {
        text.drain(..3);
    }
    Ok(!text.is_empty())
}

/// What a file is, by its first line.
#[derive(Debug)]
enum Opening {
    Lines,
    Table,
    Document,
}

impl Opening {
    fn of(line: &[u8]) -> Result<Self, ImportError> {
        let line = line.trim_ascii();
        if csv::is_header(line) {
            return Ok(Self::Table);
        }
        if line.starts_with(b"PK\x03\x04") {
            return Err(ImportError::Unknown(ZIP.to_owned()));
        }
        if !line.starts_with(b"{") {
            return Err(ImportError::Unknown(NOT_KNOWN.to_owned()));
        }
        // A line of ours is whole and says what it is; all else is a document, or the beginning of one.
        let fields: Result<BTreeMap<&str, serde::de::IgnoredAny>, _> = serde_json::from_slice(line);
        let ours = fields.is_ok_and(|fields| fields.contains_key("type"));
        Ok(if ours { Self::Lines } else { Self::Document })
    }
}

/// What can be read, for whoever brought something else.
pub(super) const NOT_KNOWN: &str = "this is no file that is known here: expected JSON lines, a JSON document or a CSV \
     table of `evalctl export`, a spill file, results of `promptfoo eval -o results.json`, or a log of \
     `inspect eval --log-format json`";

const ZIP: &str = "this is a zip archive; if it is a log of Inspect, convert it first: \
     `inspect log convert --to json --output-dir logs-json FILE.eval`";
