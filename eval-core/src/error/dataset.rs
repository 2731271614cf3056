//! Why a data set was refused.

use std::fmt;

use crate::BoxError;

/// A data set was refused: what, where, why, what to do.
///
/// Displays over several lines, in the manner of a compiler:
///
/// ```text
/// golden.csv:7:3: duplicate id `math-01`
///   expected: an id that no other row has
///   found: the id of line 3 again
///   hint: give each question an id of its own, or leave the column out
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct DatasetError {
    /// The file or the name of the data set.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<u64>,
    /// The column, from 1, where it is known: the field of a CSV row, the character of a JSON line.
    pub column: Option<u64>,
    /// What is wrong, in a few words.
    pub message: String,
    /// What stands there in a data set that is right.
    pub expected: Option<String>,
    /// What was found instead.
    pub found: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    source: Option<BoxError>,
}

impl DatasetError {
    /// An error in this file.
    pub fn new(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
            message: message.into(),
            expected: None,
            found: None,
            hint: None,
            source: None,
        }
    }

    /// The same error at this line, from 1.
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same error at this column, from 1.
    pub fn at_column(mut self, column: u64) -> Self {
        self.column = Some(column);
        self
    }

    /// The same error with what was expected and what was found.
    pub fn expected(mut self, expected: impl Into<String>, found: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self.found = Some(found.into());
        self
    }

    /// The same error with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error with its cause.
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        write!(f, ": {}", self.message)?;
        for (label, text) in [("expected", &self.expected), ("found", &self.found), ("hint", &self.hint)] {
            if let Some(text) = text {
                write!(f, "\n  {label}: {text}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for DatasetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
