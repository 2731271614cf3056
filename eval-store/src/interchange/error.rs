//! What may be wrong with a file.

use std::io;

use eval_core::{RunId, StoreError};
use thiserror::Error;

/// A file could not be imported. Of a file that is read line by line, what stands before the line is stored, in a run
/// that is interrupted where evaluations are missing; importing again does no harm.
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
    /// The file is none that is known here.
    #[error("{0}")]
    Unknown(String),
    /// A line holds something else than it should.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// The line, from 1.
        line: u64,
        /// The byte of the line, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A row of a table holds something else than it should.
    #[error("line {line}{}: {message}", column.as_ref().map(|name| format!(", column `{name}`")).unwrap_or_default())]
    Row {
        /// The line, from 1.
        line: u64,
        /// The name of the column, if it is one cell that is wrong.
        column: Option<String>,
        /// What is wrong.
        message: String,
    },
    /// A run and its evaluations cannot both be true. The run stays as it was, or is left as interrupted.
    #[error("run {} contradicts its evaluations: {message}", run.short())]
    Contradiction {
        /// The run.
        run: RunId,
        /// What does not fit, with both figures.
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
    /// What the JSON parser says of a text that begins at this line.
    pub(super) fn json(line: u64, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned();
        let line = line + u64::try_from(error.line().saturating_sub(1)).unwrap_or_default();
        Self::Syntax { line, column: error.column(), message }
    }

    /// The same error, saying what kind of file was expected.
    pub(super) fn of(self, tool: &str) -> Self {
        match self {
            Self::Syntax { line, column, message } => {
                Self::Syntax { line, column, message: format!("no result of {tool}: {message}") }
            }
            other => other,
        }
    }
}
