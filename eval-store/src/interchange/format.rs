//! Which kind of file.

use std::fmt;
use std::path::Path;

/// A format that a run is exported in. All three give back equal data when they are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A table with a row for each evaluation, fit for spreadsheets: no cell is taken for a formula.
    Csv,
    /// One JSON document, `{"schema":"evalctl.run/1","run":{…},"evaluations":[…]}`.
    Json,
    /// A JSON line for the run and one for each evaluation.
    Jsonl,
}

impl Format {
    /// The format of a file by its extension: `.csv`, `.json`, `.jsonl` or `.ndjson`, in any case.
    ///
    /// ```
    /// use eval_store::Format;
    /// assert_eq!(Format::of("run.CSV".as_ref()), Some(Format::Csv));
    /// assert_eq!(Format::of("run.txt".as_ref()), None);
    /// ```
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
        })
    }
}
