//! Rows of a JSON-lines file: one object a line.

use std::io::{BufRead, Read};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::column::{Field, is_assertion, kept_as, missing, refuse, repeated, two_columns};
use super::input::{At, Input, ROW_LIMIT, cannot_read, skip_mark, utf8};
use super::json::{Object, scalar, syntax};
use super::row::{Cell, Draft, Row};
use crate::DatasetError;

/// The rows of a JSON-lines file, read one by one.
pub(super) struct JsonRows {
    file: Arc<str>,
    input: Input,
    buffer: Vec<u8>,
    line: u64,
    /// Whether the first row has an id: then all rows must have one, else none may.
    ids: Option<bool>,
}

impl std::fmt::Debug for JsonRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonRows").field("file", &self.file).field("line", &self.line).finish_non_exhaustive()
    }
}

impl JsonRows {
    pub(super) fn open(file: &Arc<str>, mut input: Input) -> Result<Self, DatasetError> {
        skip_mark(file, &mut input)?;
        Ok(Self { file: file.clone(), input, buffer: Vec::new(), line: 0, ids: None })
    }

    pub(super) fn next(&mut self) -> Result<Option<Row>, DatasetError> {
        loop {
            if !self.read_line()? {
                return Ok(None);
            }
            if !self.buffer.trim_ascii().is_empty() {
                return self.row().map(Some);
            }
        }
    }

    fn read_line(&mut self) -> Result<bool, DatasetError> {
        self.buffer.clear();
        self.line += 1;
        let mut limited = (&mut self.input).take(ROW_LIMIT as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.buffer).map_err(|error| cannot_read(&self.file, error))?;
        if read > ROW_LIMIT {
            let refused = At::line(self.line).error(&self.file, "a line is too long");
            return Err(refused
                .expected(format!("at most {} MiB a line", ROW_LIMIT >> 20), "more")
                .hint("write one object a line"));
        }
        Ok(read > 0)
    }

    /// Where a value of the row that was read last stands; the line when it is inside of another value.
    pub(super) fn place(&self, key: &str) -> At {
        let at = At::line(self.line);
        let Ok(text) = std::str::from_utf8(self.buffer.trim_ascii_end()) else { return at };
        let line = Line { file: &self.file, text, at };
        let found = line.object().ok().and_then(|object| {
            let same = object.iter().find(|(name, _)| kept_as(name) == Some(key));
            same.map(|(_, value)| line.at_value(value))
        });
        found.unwrap_or(at)
    }

    fn row(&mut self) -> Result<Row, DatasetError> {
        let at = At::line(self.line);
        let bytes = self.buffer.trim_ascii_end();
        let text = utf8(&self.file, bytes, "line", |offset| at.column(character(bytes, offset)))?;
        let line = Line { file: &self.file, text, at };
        let object = line.object()?;
        let draft = line.draft(&object)?;
        line.check_fields(&draft, &object)?;
        let ids = *self.ids.get_or_insert(draft.id.is_some());
        if ids != draft.id.is_some() {
            return Err(line.mixed_ids(ids));
        }
        draft.finish(&self.file)
    }
}

/// Which character of the text, from 1, this byte belongs to.
fn character(text: &[u8], offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    before.iter().filter(|byte| **byte & 0xC0 != 0x80).count() + 1
}

struct Line<'a> {
    file: &'a str,
    text: &'a str,
    at: At,
}

impl<'a> Line<'a> {
    fn object(&self) -> Result<Object<'a>, DatasetError> {
        let start = self.text.trim_start();
        if start.starts_with('[') {
            return Err(self.array());
        }
        serde_json::from_str(self.text).map_err(|error| {
            let at = self.at.column(character(self.text.as_bytes(), error.column().saturating_sub(1)));
            let refused = at.error(self.file, "the line is not a JSON object");
            let expected = r#"one object a line, as {"id": "1", "question": "…", "expected_output": "…"}"#;
            refused.expected(expected, syntax(&error)).hint(self.advice())
        })
    }

    fn advice(&self) -> &'static str {
        match self.text.trim() {
            text if text.ends_with(",}") || text.ends_with(',') => "remove the comma at the end",
            "{" => "the object goes on over several lines: write each on one line, for instance by jq -c .",
            _ => "check quotes, commas and braces of this line",
        }
    }

    fn array(&self) -> DatasetError {
        let file = self.file;
        let at = self.at.column(character(self.text.as_bytes(), self.text.len() - self.text.trim_start().len()));
        at.error(file, "the file is a JSON array, not JSON lines")
            .expected("one object a line", "`[`")
            .hint(format!("convert it: jq -c '.[]' '{file}' > data.jsonl"))
    }

    fn draft(&self, object: &Object<'_>) -> Result<Draft, DatasetError> {
        let mut taken = Taken { line: self, draft: Draft::new(self.at), names: Vec::new() };
        for (key, value) in object.iter() {
            match key {
                "metadata" | "vars" if value.get().starts_with('{') => {
                    let nested: Object<'_> = serde_json::from_str(value.get())
                        .map_err(|error| self.bad_value(key, value, syntax(&error)))?;
                    nested.iter().try_for_each(|(inner, value)| taken.nested(key, inner, value))?;
                }
                _ => taken.top(key, value)?,
            }
        }
        Ok(taken.draft)
    }

    fn check_fields(&self, draft: &Draft, object: &Object<'_>) -> Result<(), DatasetError> {
        let keys: Vec<&str> = object.iter().map(|(key, _)| key).collect();
        if draft.question.is_none() && draft.messages.is_none() {
            return Err(missing(self.file, Field::Question, &keys, self.at));
        }
        if draft.expected.is_none() && !draft.metadata.keys().any(|name| is_assertion(name)) {
            return Err(missing(self.file, Field::Expected, &keys, self.at));
        }
        Ok(())
    }

    fn mixed_ids(&self, ids: bool) -> DatasetError {
        let (expected, found) =
            if ids { ("an id, as the rows above have", "none") } else { ("no id, as the rows above", "one") };
        self.at
            .error(self.file, "some rows have an id and some have none")
            .expected(expected, found)
            .hint("give every row an id, or none")
    }

    fn bad_value(&self, key: &str, value: &RawValue, found: String) -> DatasetError {
        self.at_value(value)
            .error(self.file, format!("the value of `{key}` cannot be read"))
            .expected("a JSON value that can be kept as text", found)
            .hint("correct the value")
    }

    /// Values are slices of the line, so that their distance to its start is their place.
    fn at_value(&self, value: &RawValue) -> At {
        let offset = (value.get().as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        self.at.column(character(self.text.as_bytes(), offset))
    }
}

/// The keys of a row as they are sorted into fields and metadata.
struct Taken<'l, 'a> {
    line: &'l Line<'a>,
    draft: Draft,
    names: Vec<(Field, String)>,
}

impl Taken<'_, '_> {
    fn top(&mut self, key: &str, value: &RawValue) -> Result<(), DatasetError> {
        match Field::of(key) {
            Some(field) => self.field(field, key, value),
            None if value.get() == "null" => self.metadata(key, value),
            None => {
                refuse(self.line.file, key, self.line.at_value(value))?;
                self.metadata(key, value)
            }
        }
    }

    /// A key of the objects `metadata` and `vars`: a column by its own name, or a field as `metadata.category` is.
    fn nested(&mut self, outer: &str, key: &str, value: &RawValue) -> Result<(), DatasetError> {
        let path = format!("{outer}.{key}");
        match (Field::of(&path), Field::of(key)) {
            (Some(field), _) => self.field(field, &path, value),
            (None, Some(_)) => self.metadata(&path, value),
            (None, None) => self.metadata(key, value),
        }
    }

    fn field(&mut self, field: Field, key: &str, value: &RawValue) -> Result<(), DatasetError> {
        let (line, at) = (self.line, self.line.at_value(value));
        if let Some((_, first)) = self.names.iter().find(|(named, _)| *named == field) {
            return Err(two_columns(line.file, field, [first, key], at));
        }
        self.names.push((field, key.to_owned()));
        let nested = value.get().starts_with(['{', '[']);
        if nested && !matches!(field, Field::Expected | Field::Messages) {
            return Err(not_text(at.error(line.file, format!("`{field}` is not text")), field));
        }
        let text = match field {
            Field::Messages if nested => value.get().to_owned(),
            _ => scalar(value).map_err(|found| line.bad_value(key, value, found))?.unwrap_or_default(),
        };
        *self.draft.field(field) = Some(Cell { text, at });
        Ok(())
    }

    fn metadata(&mut self, key: &str, value: &RawValue) -> Result<(), DatasetError> {
        let line = self.line;
        let text = scalar(value).map_err(|found| line.bad_value(key, value, found))?.unwrap_or_default();
        match self.draft.metadata.insert(kept_as(key).unwrap_or(key.trim()).to_owned(), text) {
            Some(_) => Err(repeated(line.file, key, line.at_value(value))),
            None => Ok(()),
        }
    }
}

fn not_text(refused: DatasetError, field: Field) -> DatasetError {
    let hint = match field {
        Field::Question => "several turns go into `messages`",
        _ => "write it as a string",
    };
    refused.expected("a string or a number", "an object or an array").hint(hint)
}
