//! Rows of a CSV file. The `csv` crate takes the fields apart; [`Guard`] refuses what it would forgive.

mod guard;

use std::sync::Arc;

use csv::{ByteRecord, Reader, ReaderBuilder};

use self::guard::Guard;
use super::column::{Field, is_assertion, kept_as, missing, refuse, repeated, two_columns};
use super::input::{At, Input, cannot_read, skip_mark, utf8};
use super::row::{Cell, Draft, Row};
use crate::DatasetError;

/// The rows of a CSV file, read one by one.
#[derive(Debug)]
pub(super) struct CsvRows {
    file: Arc<str>,
    reader: Reader<Guard>,
    record: ByteRecord,
    columns: Vec<Column>,
    delimiter: u8,
}

#[derive(Debug)]
struct Column {
    name: String,
    field: Option<Field>,
}

impl CsvRows {
    /// Reads the header.
    pub(super) fn open(file: &Arc<str>, mut input: Input) -> Result<Self, DatasetError> {
        skip_mark(file, &mut input)?;
        let start = input.fill_buf().map_err(|error| cannot_read(file, error))?;
        let delimiter = delimiter(start);
        let guard = Guard::new(file.clone(), input, delimiter);
        let mut builder = ReaderBuilder::new();
        let reader = builder.has_headers(false).flexible(true).delimiter(delimiter).from_reader(guard);
        let record = ByteRecord::new();
        let mut rows = Self { file: file.clone(), reader, record, columns: Vec::new(), delimiter };
        rows.columns = rows.header()?;
        Ok(rows)
    }

    /// What a person should know about the file.
    pub(super) fn note(&self) -> Option<String> {
        let separator = match self.delimiter {
            b',' => return None,
            b'\t' => "tabs",
            _ => "semicolons",
        };
        Some(format!("the columns are separated by {separator}, not by commas"))
    }

    pub(super) fn next(&mut self) -> Result<Option<Row>, DatasetError> {
        if !self.read()? {
            return Ok(None);
        }
        self.check_width()?;
        let mut draft = Draft::new(self.at_row());
        let mut line = draft.at.line;
        for (index, column) in self.columns.iter().enumerate() {
            let text = self.text(index)?.to_owned();
            match column.field {
                Some(field) => *draft.field(field) = Some(Cell { text, at: At::line(line).column(index + 1) }),
                None => drop(draft.metadata.insert(column.name.clone(), text)),
            }
            line += line_breaks(self.bytes(index));
        }
        draft.finish(&self.file).map(Some)
    }

    /// Where a value of the row that was read last stands.
    pub(super) fn place(&self, column: &str) -> At {
        let index = self.columns.iter().position(|known| known.name == column);
        index.map_or_else(|| self.at_row(), |index| self.at(index, 0))
    }

    fn read(&mut self) -> Result<bool, DatasetError> {
        self.reader.read_byte_record(&mut self.record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => match error.downcast::<DatasetError>() {
                Ok(refused) => refused,
                Err(error) => cannot_read(&self.file, error),
            },
            _ => DatasetError::new(&*self.file, "the CSV cannot be read"),
        })
    }

    fn header(&mut self) -> Result<Vec<Column>, DatasetError> {
        if !self.read()? {
            return Err(DatasetError::new(&*self.file, "the file is empty")
                .at_line(1)
                .expected("a header as id,category,question,expected_output", "nothing")
                .hint("write the header and one question a line"));
        }
        let names = (0..self.record.len()).map(|index| self.text(index)).collect::<Result<Vec<_>, _>>()?;
        let mut columns: Vec<Column> = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let column = self.column(index, name, &columns)?;
            columns.push(column);
        }
        self.check_fields(&names, &columns)?;
        Ok(columns)
    }

    fn column(&self, index: usize, name: &str, before: &[Column]) -> Result<Column, DatasetError> {
        let (at, file) = (self.at(index, 0), &*self.file);
        let column = Column { name: name.trim().to_owned(), field: Field::of(name) };
        if let Some(same) = before.iter().find(|other| other.field.is_some() && other.field == column.field)
            && let Some(field) = column.field
            && same.name != column.name
        {
            return Err(two_columns(file, field, [&same.name, name], at));
        }
        if column.field.is_none() {
            refuse(file, name, at)?;
        }
        let name = kept_as(name).unwrap_or(name);
        if before.iter().any(|other| other.name == name.trim()) {
            return Err(repeated(file, name, at));
        }
        Ok(Column { name: name.trim().to_owned(), ..column })
    }

    fn check_fields(&self, names: &[&str], columns: &[Column]) -> Result<(), DatasetError> {
        let has = |field| columns.iter().any(|column| column.field == Some(field));
        if !has(Field::Question) && !has(Field::Messages) {
            return Err(missing(&self.file, Field::Question, names, self.at_row()));
        }
        if !has(Field::Expected) && !columns.iter().any(|column| is_assertion(&column.name)) {
            return Err(missing(&self.file, Field::Expected, names, self.at_row()));
        }
        Ok(())
    }

    fn check_width(&self) -> Result<(), DatasetError> {
        let (wanted, found) = (self.columns.len(), self.record.len());
        if wanted == found {
            return Ok(());
        }
        let (what, hint) = if found < wanted {
            ("missing", "separate all columns, also the empty ones; quotes must be closed")
        } else {
            ("left over", "put a value that contains the separator between quotes")
        };
        Err(self
            .at(wanted.min(found), 0)
            .error(&self.file, format!("a row with columns {what}"))
            .expected(format!("{wanted} columns, as the header has"), format!("{found}"))
            .hint(hint))
    }

    fn text(&self, index: usize) -> Result<&str, DatasetError> {
        utf8(&self.file, self.bytes(index), "field", |offset| self.at(index, offset))
    }

    fn bytes(&self, index: usize) -> &[u8] {
        self.record.get(index).unwrap_or_default()
    }

    fn at_row(&self) -> At {
        At::line(self.reader.get_ref().record_line())
    }

    /// Where a byte of a field stands: fields before it, and this one, may span lines.
    fn at(&self, index: usize, offset: usize) -> At {
        let before: u64 = (0..index).map(|index| line_breaks(self.bytes(index))).sum();
        let within = self.bytes(index).get(..offset).map_or(0, line_breaks);
        At::line(self.at_row().line + before + within).column(index + 1)
    }
}

/// Line breaks of any kind; CR LF is one.
fn line_breaks(text: &[u8]) -> u64 {
    let mut after_return = false;
    let mut breaks = 0;
    for byte in text {
        breaks += u64::from(*byte == b'\r' || *byte == b'\n' && !after_return);
        after_return = *byte == b'\r';
    }
    breaks
}

/// A header without any comma, in which another separator shows a field that we know, is separated by that.
fn delimiter(start: &[u8]) -> u8 {
    let line = start.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty()).unwrap_or_default();
    let known = |delimiter: &u8| {
        let names = line.split(|byte| byte == delimiter).filter_map(|name| std::str::from_utf8(name).ok());
        names.filter(|name| Field::of(name.trim().trim_matches('"')).is_some()).count() > 0
    };
    let other = [b';', b'\t'].into_iter().find(|delimiter| line.contains(delimiter) && known(delimiter));
    if line.contains(&b',') { b',' } else { other.unwrap_or(b',') }
}
