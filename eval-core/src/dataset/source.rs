//! Where the rows of a data set come from.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::Sample;
use super::csv::CsvRows;
use super::input::{At, Format, Stamp, Watch, open_file, open_text};
use super::jsonl::JsonRows;
use super::row::{Row, empty_id};
use crate::DatasetError;

/// What can be read from its beginning as often as needed.
#[derive(Clone)]
pub(super) enum Source {
    File { path: PathBuf, format: Format },
    Text { text: Arc<[u8]>, format: Format },
    Samples(Arc<[Sample]>),
}

impl Source {
    /// The rows from the first one on. The name stands in errors.
    pub(super) fn rows(&self, name: &Arc<str>) -> Result<Rows, DatasetError> {
        let parsed = |format: Format, input| match format {
            Format::Csv => CsvRows::open(name, input).map(|rows| Reading::Csv(Box::new(rows))),
            Format::Jsonl => JsonRows::open(name, input).map(Reading::Jsonl),
        };
        let (reading, watch) = match self {
            Self::File { path, format } => {
                let (input, watch) = open_file(path)?;
                (parsed(*format, input)?, Some(watch))
            }
            Self::Text { text, format } => (parsed(*format, open_text(text))?, None),
            Self::Samples(samples) => {
                (Reading::Samples { name: name.clone(), samples: samples.clone(), next: 0 }, None)
            }
        };
        Ok(Rows { reading, watch })
    }

    /// How the rows are written down; samples in memory are not.
    pub(super) fn format(&self) -> Option<Format> {
        match self {
            Self::File { format, .. } | Self::Text { format, .. } => Some(*format),
            Self::Samples(_) => None,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, format } => write!(f, "{format:?} file {}", path.display()),
            Self::Text { text, format } => write!(f, "{format:?} text of {} bytes", text.len()),
            Self::Samples(samples) => write!(f, "{} samples", samples.len()),
        }
    }
}

/// One pass over the rows.
#[derive(Debug)]
pub(super) struct Rows {
    reading: Reading,
    watch: Option<Watch>,
}

#[derive(Debug)]
enum Reading {
    Csv(Box<CsvRows>),
    Jsonl(JsonRows),
    Samples { name: Arc<str>, samples: Arc<[Sample]>, next: usize },
}

impl Rows {
    pub(super) fn next(&mut self) -> Result<Option<Row>, DatasetError> {
        match &mut self.reading {
            Reading::Csv(rows) => rows.next(),
            Reading::Jsonl(rows) => rows.next(),
            Reading::Samples { name, samples, next } => {
                *next += 1;
                samples.get(*next - 1).map(|sample| given(name, sample, *next)).transpose()
            }
        }
    }

    /// Where a value of the row that was read last stands; `None` for samples in memory.
    pub(super) fn place(&self, column: &str) -> Option<At> {
        match &self.reading {
            Reading::Csv(rows) => Some(rows.place(column)),
            Reading::Jsonl(rows) => Some(rows.place(column)),
            Reading::Samples { .. } => None,
        }
    }

    /// What a person should know about how the file is written.
    pub(super) fn note(&self) -> Option<String> {
        match &self.reading {
            Reading::Csv(rows) => rows.note(),
            Reading::Jsonl(_) | Reading::Samples { .. } => None,
        }
    }

    /// What the file system says now of the file that is being read.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.watch.as_ref().and_then(Watch::stamp)
    }
}

fn given(name: &str, sample: &Sample, number: usize) -> Result<Row, DatasetError> {
    if sample.id.as_str().trim().is_empty() {
        return Err(empty_id(DatasetError::new(name, format!("the id of sample {number} is empty"))));
    }
    Ok(Row { sample: sample.clone(), at: At::line(number as u64), hashed: false })
}
