//! Runs into a store.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};

use eval_core::{Evaluation, Run, RunId, Store, StoreError};
use serde::Deserialize;
use thiserror::Error;

use super::{Line, RUN_SCHEMA};

/// At most so many evaluations are put at a time, so that a long file needs little memory.
const BATCH: usize = 256;
/// A longer line is not ours.
const LONGEST_LINE: u64 = 64 << 20;

/// What an import brought. What the store had already is counted too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Imported {
    /// Runs read, each counted once.
    pub runs: u64,
    /// Evaluations read.
    pub evaluations: u64,
}

/// A file could not be imported. What stands before the line is stored; importing again does no harm.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file could not be read.
    #[error("cannot read line {line}")]
    Read {
        /// The line, from 1.
        line: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line holds neither a run nor an evaluation.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// The line, from 1.
        line: u64,
        /// The byte of the line, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The store did not take what stands at this line, or shortly before it.
    #[error("cannot store what stands up to line {line}")]
    Store {
        /// The line, from 1.
        line: u64,
        /// Why.
        #[source]
        source: StoreError,
    },
}

impl ImportError {
    fn syntax(line: u64, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned();
        // The parser counts from the text that it was given, which begins at `line`.
        let line = line + u64::try_from(error.line().saturating_sub(1)).unwrap_or_default();
        Self::Syntax { line, column: error.column(), message }
    }
}

/// Imports JSON lines ([`export_run`](crate::export_run), the file of a [`Spill`](crate::Spill)) or one JSON document
/// ([`run_json`](crate::run_json)). JSON lines are streamed; a document is read as a whole.
///
/// Idempotent: what the store has already stays. A run replaces the stored one unless that one ended later, so that
/// a file from the middle of a run does not undo its end.
///
/// # Errors
/// [`ImportError`] with the line; what stands before it is stored.
pub async fn import<R: BufRead>(mut reader: R, store: &dyn Store) -> Result<Imported, ImportError> {
    let mut desk =
        Desk { store, known: HashSet::new(), run: None, batch: Vec::new(), line: 0, imported: Imported::default() };
    let mut text = Vec::new();
    while desk.read(&mut reader, &mut text)? {
        let content = text.trim_ascii();
        if content.is_empty() {
            continue;
        }
        match serde_json::from_slice(content) {
            Ok(line) => desk.take(line).await?,
            Err(_) if desk.is_first() && is_document(content) => {
                desk.document(&mut reader, text).await?;
                break;
            }
            Err(error) => {
                desk.flush().await?;
                return Err(ImportError::syntax(desk.line, &error));
            }
        }
    }
    desk.flush().await?;
    Ok(desk.imported)
}

/// Whether a first line that is none of ours may begin a document: it names a schema, or is a brace alone.
fn is_document(line: &[u8]) -> bool {
    let key = b"\"schema\"";
    line == b"{" || line.windows(key.len()).any(|part| part == key)
}

#[derive(Deserialize)]
struct Document {
    schema: String,
    run: Run,
    evaluations: Vec<Evaluation>,
}

struct Desk<'a> {
    store: &'a dyn Store,
    known: HashSet<RunId>,
    run: Option<RunId>,
    batch: Vec<Evaluation>,
    line: u64,
    imported: Imported,
}

impl Desk<'_> {
    /// Reads the next line; false at the end.
    fn read(&mut self, reader: &mut impl BufRead, text: &mut Vec<u8>) -> Result<bool, ImportError> {
        self.line += 1;
        text.clear();
        let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', text);
        read.map_err(|source| ImportError::Read { line: self.line, source })?;
        if self.line == 1 && text.starts_with(b"\xef\xbb\xbf") {
            text.drain(..3);
        }
        Ok(!text.is_empty())
    }

    fn is_first(&self) -> bool {
        self.imported == Imported::default()
    }

    async fn take(&mut self, line: Line) -> Result<(), ImportError> {
        match line {
            Line::Run { run } => self.run(&run).await,
            Line::Evaluation { run, evaluation } => self.evaluation(run, *evaluation).await,
        }
    }

    async fn document(&mut self, reader: &mut impl BufRead, mut text: Vec<u8>) -> Result<(), ImportError> {
        let line = self.line;
        reader.read_to_end(&mut text).map_err(|source| ImportError::Read { line, source })?;
        let document: Document = serde_json::from_slice(&text).map_err(|error| ImportError::syntax(line, &error))?;
        if document.schema != RUN_SCHEMA {
            let message = format!("the schema is `{}`, and only `{RUN_SCHEMA}` is understood", document.schema);
            return Err(ImportError::Syntax { line, column: 1, message });
        }
        self.run(&document.run).await?;
        for evaluation in document.evaluations {
            self.evaluation(document.run.id, evaluation).await?;
        }
        Ok(())
    }

    async fn run(&mut self, run: &Run) -> Result<(), ImportError> {
        self.flush().await?;
        // A spill file tells a run again when it ends.
        self.imported.runs += u64::from(self.known.insert(run.id));
        let line = self.line;
        let failed = |source| ImportError::Store { line, source };
        match self.store.get_run(run.id).await {
            Ok(stored) if stored.finished > run.finished => Ok(()),
            Ok(_) | Err(StoreError::NotFound(_)) => self.store.put_run(run).await.map_err(failed),
            Err(error) => Err(failed(error)),
        }
    }

    async fn evaluation(&mut self, run: RunId, evaluation: Evaluation) -> Result<(), ImportError> {
        if self.run != Some(run) || self.batch.len() >= BATCH {
            self.flush().await?;
            self.run = Some(run);
        }
        self.imported.evaluations += 1;
        self.batch.push(evaluation);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), ImportError> {
        let batch = std::mem::take(&mut self.batch);
        match self.run {
            Some(run) if !batch.is_empty() => {
                let put = self.store.put_evaluations(run, &batch).await;
                put.map_err(|source| ImportError::Store { line: self.line, source })
            }
            _ => Ok(()),
        }
    }
}
