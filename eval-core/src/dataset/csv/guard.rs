//! Watches the bytes on their way into the `csv` crate.

use std::io::{Error, Read, Result as IoResult};
use std::sync::Arc;

use crate::DatasetError;
use crate::dataset::input::{At, Input, ROW_LIMIT, cannot_read};

/// Hands bytes on, at most one record with each call, and refuses what the `csv` crate would forgive or could not
/// locate: NUL bytes, text after a closing quote, a quote that is never closed, a row that is too long to be held.
///
/// Because no call goes beyond the end of a record, [`record_line`](Self::record_line) belongs to the record that
/// was read last.
pub(super) struct Guard {
    input: Input,
    scan: Scan,
}

impl Guard {
    pub(super) fn new(file: Arc<str>, input: Input, delimiter: u8) -> Self {
        Self { input, scan: Scan::new(file, delimiter) }
    }

    /// The line on which the last record begins, from 1.
    pub(super) fn record_line(&self) -> u64 {
        self.scan.record_line
    }
}

impl Read for Guard {
    fn read(&mut self, out: &mut [u8]) -> IoResult<usize> {
        let bytes = self.input.fill_buf().map_err(|error| Error::other(cannot_read(&self.scan.file, error)))?;
        if bytes.is_empty() {
            return self.scan.end().map(|()| 0).map_err(Error::other);
        }
        let room = bytes.len().min(out.len());
        let taken = self.scan.record(&bytes[..room]).map_err(Error::other)?;
        out[..taken].copy_from_slice(&bytes[..taken]);
        self.input.consume(taken);
        Ok(taken)
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("scan", &self.scan).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between two records.
    Between,
    /// At the first byte of a field.
    Start,
    Plain,
    Quoted,
    /// After a quote within a quoted field: its end, or the first of two quotes that stand for one.
    Quote,
}

#[derive(Debug)]
struct Scan {
    file: Arc<str>,
    delimiter: u8,
    state: State,
    line: u64,
    field: usize,
    after_return: bool,
    record_line: u64,
    record_len: usize,
    quote: At,
}

impl Scan {
    fn new(file: Arc<str>, delimiter: u8) -> Self {
        let (state, quote) = (State::Between, At::line(1));
        Self { file, delimiter, state, line: 1, field: 1, after_return: false, record_line: 1, record_len: 0, quote }
    }

    /// How many of these bytes belong to the record; all of them when it goes on.
    fn record(&mut self, bytes: &[u8]) -> Result<usize, DatasetError> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let dull = self.skip(rest);
            taken += dull;
            self.check_len()?;
            let Some(byte) = rest.get(dull) else { break };
            taken += 1;
            if self.step(*byte)? {
                return Ok(taken);
            }
        }
        Ok(taken)
    }

    /// Steps over bytes that change nothing, which are nearly all, at once.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        if !matches!(self.state, State::Plain | State::Quoted) {
            return 0;
        }
        let matters = |byte: &u8| matches!(*byte, 0 | b'\n' | b'\r' | b'"') || *byte == self.delimiter;
        let dull = bytes.iter().position(matters).unwrap_or(bytes.len());
        self.after_return &= dull == 0;
        self.record_len += dull;
        dull
    }

    /// Whether this byte ends a record.
    fn step(&mut self, byte: u8) -> Result<bool, DatasetError> {
        let second_half = self.after_return && byte == b'\n';
        self.after_return = byte == b'\r';
        if second_half {
            return Ok(false);
        }
        let breaks = matches!(byte, b'\r' | b'\n');
        if self.state == State::Between {
            (self.record_line, self.record_len, self.field) = (self.line, 0, 1);
            self.state = if breaks { State::Between } else { State::Start };
        }
        self.record_len += 1;
        self.line += u64::from(breaks);
        self.state = match self.state {
            _ if byte == 0 => return Err(self.nul()),
            State::Quoted if byte == b'"' => State::Quote,
            State::Quoted => State::Quoted,
            State::Quote if byte == b'"' => State::Quoted,
            State::Between | State::Start | State::Plain | State::Quote if breaks => State::Between,
            State::Start | State::Plain | State::Quote if byte == self.delimiter => self.next_field(),
            State::Start if byte == b'"' => self.open_quote(),
            State::Quote => return Err(self.after_quote()),
            State::Between | State::Start | State::Plain => State::Plain,
        };
        Ok(breaks && self.state == State::Between)
    }

    fn next_field(&mut self) -> State {
        self.field += 1;
        State::Start
    }

    fn open_quote(&mut self) -> State {
        self.quote = self.here();
        State::Quoted
    }

    fn here(&self) -> At {
        At::line(self.line).column(self.field)
    }

    fn check_len(&self) -> Result<(), DatasetError> {
        if self.record_len > ROW_LIMIT { Err(self.too_long()) } else { Ok(()) }
    }

    fn nul(&self) -> DatasetError {
        self.here()
            .error(&self.file, "a NUL byte")
            .expected("text", "a byte 0x00")
            .hint("the file is binary, damaged, or UTF-16 without a byte order mark: save it as UTF-8")
    }

    fn too_long(&self) -> DatasetError {
        let hint = match self.state {
            State::Quoted => format!("is the quote that opens on line {} ever closed?", self.quote.line),
            _ => "is this a CSV file?".to_owned(),
        };
        let refused = At::line(self.record_line).column(self.field).error(&self.file, "a row is too long");
        refused.expected(format!("at most {} MiB a row", ROW_LIMIT >> 20), "more").hint(hint)
    }

    fn after_quote(&self) -> DatasetError {
        self.here()
            .error(&self.file, "text after a closing quote")
            .expected("a separator or the end of the line", "more text in the same field")
            .hint("write a quote within quotes twice: \"say \"\"hi\"\"\"")
    }

    fn end(&self) -> Result<(), DatasetError> {
        if self.state != State::Quoted {
            return Ok(());
        }
        Err(self
            .quote
            .error(&self.file, "a quote is never closed")
            .expected("a closing quote", "the end of the file")
            .hint("close the quote, or write it twice if it is part of the text"))
    }
}
