//! The bytes of a data set: from a file or from memory, opened as often as they are needed.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::DatasetError;

/// The bytes of one row at most, 16 MiB: more is a broken file, and it would be held in memory.
pub(super) const ROW_LIMIT: usize = 16 << 20;

const CHUNK: usize = 64 << 10;

pub(super) type Input = Box<dyn BufRead + Send>;

/// Where a line, and in it a field or a character, stands. Both are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub(super) line: u64,
    pub(super) column: Option<u64>,
}

impl At {
    pub(super) fn line(line: u64) -> Self {
        Self { line, column: None }
    }

    pub(super) fn column(self, column: usize) -> Self {
        Self { column: Some(column as u64), ..self }
    }

    pub(super) fn error(self, file: &str, message: impl Into<String>) -> DatasetError {
        let error = DatasetError::new(file, message).at_line(self.line);
        match self.column {
            Some(column) => error.at_column(column),
            None => error,
        }
    }
}

/// How the rows are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Jsonl,
}

impl Format {
    /// The format that the extension of a file tells.
    pub(super) fn of(path: &Path) -> Result<Self, DatasetError> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("csv" | "tsv") => Ok(Self::Csv),
            Some("jsonl" | "ndjson" | "json") => Ok(Self::Jsonl),
            _ => Err(DatasetError::new(path.to_string_lossy(), "unknown format")
                .expected("a file that ends in .csv, .tsv, .jsonl or .ndjson", found_extension(extension.as_deref()))
                .hint("rename the file, or convert it")),
        }
    }
}

fn found_extension(extension: Option<&str>) -> String {
    extension.map_or_else(|| "no extension".to_owned(), |extension| format!(".{extension}"))
}

/// What the file system says of a file. A difference means that the content has to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(file: &File) -> std::io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(ErrorKind::InvalidInput.into());
        }
        Ok(Self { len: metadata.len(), modified: metadata.modified().ok() })
    }
}

/// An open file whose stamp can be asked for again. A file that was replaced under its name is not a change:
/// what is read is still the old one.
#[derive(Debug)]
pub(super) struct Watch(File);

impl Watch {
    /// `None` when the file system no longer answers.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        Stamp::of(&self.0).ok()
    }
}

/// A file on disk.
pub(super) fn open_file(path: &Path) -> Result<(Input, Watch), DatasetError> {
    let opened = File::open(path).and_then(|file| Stamp::of(&file).and_then(|_| Ok((file.try_clone()?, file))));
    match opened {
        Ok((watch, file)) => Ok((Box::new(BufReader::with_capacity(CHUNK, file)), Watch(watch))),
        Err(error) => Err(cannot_open(path, error)),
    }
}

fn cannot_open(path: &Path, error: std::io::Error) -> DatasetError {
    let (found, hint) = match error.kind() {
        ErrorKind::NotFound => ("no such file", "check the path; it is relative to the working folder"),
        ErrorKind::PermissionDenied => ("a file that this user must not read", "check the rights of the file"),
        ErrorKind::InvalidInput | ErrorKind::IsADirectory => {
            ("a folder, a pipe or a device", "a data set is read twice; save it to a file first")
        }
        _ => ("a file that the system does not open", "the cause below is the system's"),
    };
    let refused = DatasetError::new(path.to_string_lossy(), "cannot open the data set");
    refused.expected("a file", found).hint(hint).with_source(error)
}

pub(super) fn cannot_read(file: &str, error: std::io::Error) -> DatasetError {
    DatasetError::new(file, "cannot read the data set").with_source(error)
}

/// A text in memory.
pub(super) fn open_text(text: &Arc<[u8]>) -> Input {
    Box::new(Cursor::new(text.clone()))
}

/// Skips a byte order mark of UTF-8 and refuses those of other encodings.
pub(super) fn skip_mark(file: &str, input: &mut Input) -> Result<(), DatasetError> {
    let start = input.fill_buf().map_err(|error| cannot_read(file, error))?;
    if start.starts_with(b"\xEF\xBB\xBF") {
        input.consume(3);
        return Ok(());
    }
    if start.starts_with(b"\xFF\xFE") || start.starts_with(b"\xFE\xFF") {
        return Err(At::line(1)
            .column(1)
            .error(file, "the file is not UTF-8")
            .expected("UTF-8", "the byte order mark of UTF-16")
            .hint(format!("convert it: iconv -f UTF-16 -t UTF-8 '{file}' > utf8-copy, or save it as UTF-8")));
    }
    Ok(())
}

/// Text that must be UTF-8. The error says where the wrong byte stands in its `whole`, a field or a line.
pub(super) fn utf8<'a>(
    file: &str,
    bytes: &'a [u8],
    whole: &str,
    at: impl FnOnce(usize) -> At,
) -> Result<&'a str, DatasetError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = error.valid_up_to();
        let byte = bytes.get(valid).copied().unwrap_or_default();
        at(valid)
            .error(file, "the file is not UTF-8")
            .expected("UTF-8", format!("byte 0x{byte:02X} as byte {} of the {whole}", valid + 1))
            .hint(format!("if it is Latin-1 or Windows-1252: iconv -f WINDOWS-1252 -t UTF-8 '{file}' > utf8-copy"))
    })
}
