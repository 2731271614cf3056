//! The first pass: everything is checked, and counted, before anything is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::UNCATEGORIZED;
use super::column::is_assertion;
use super::fingerprint::Fingerprint;
use super::ids::Ids;
use super::input::{Format, Stamp};
use super::nearest::nearest;
use super::row::Row;
use super::source::{Rows, Source};
use crate::DatasetError;

/// More are a sign that the wrong column is the category, and no summary could show them.
const CATEGORIES: usize = 10_000;

/// More metadata columns are kept in the samples, but not counted.
const COLUMNS: usize = 1_000;

/// What the first pass found.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) columns: Vec<String>,
    pub(super) categories: BTreeMap<String, u64>,
    pub(super) len: u64,
    pub(super) fingerprint: Fingerprint,
    pub(super) fingerprint_text: String,
    pub(super) notes: Vec<String>,
    pub(super) stamp: Option<Stamp>,
}

impl Survey {
    pub(super) fn of(name: &Arc<str>, source: &Source) -> Result<Self, DatasetError> {
        let mut rows = source.rows(name)?;
        let stamp = rows.stamp();
        let mut count = Count::default();
        while let Some(row) = rows.next()? {
            count.add(&row, name)?;
        }
        if rows.stamp() != stamp {
            return Err(changed(name));
        }
        if count.len == 0 {
            return Err(no_rows(name, source));
        }
        std::mem::take(&mut count.ids).check(name, source)?;
        Ok(count.survey(&rows, stamp))
    }

    /// Whether the rows are still those that were checked.
    pub(super) fn holds_for(&self, name: &Arc<str>, source: &Source) -> Result<bool, DatasetError> {
        let mut rows = source.rows(name)?;
        let mut fingerprint = Fingerprint::default();
        while let Some(row) = rows.next()? {
            fingerprint.add(&row.sample);
        }
        Ok(fingerprint == self.fingerprint)
    }
}

/// The file is not the one that was checked.
pub(super) fn changed(name: &str) -> DatasetError {
    DatasetError::new(name, "the data set changed after it was checked")
        .expected("the content that was checked", "another content")
        .hint("run again; leave the file alone until the run has ended")
}

fn no_rows(name: &str, source: &Source) -> DatasetError {
    let refused = DatasetError::new(name, "the data set has no rows").hint("add a question");
    match source.format() {
        Some(Format::Csv) => refused.at_line(1).expected("at least one question below the header", "a header alone"),
        Some(Format::Jsonl) => refused.at_line(1).expected("at least one question", "an empty file"),
        None => refused.expected("at least one sample", "none"),
    }
}

#[derive(Debug, Default)]
struct Count {
    ids: Ids,
    fingerprint: Fingerprint,
    len: u64,
    categories: BTreeMap<String, u64>,
    columns: BTreeMap<String, u64>,
    without_target: u64,
    hashed: bool,
}

impl Count {
    fn add(&mut self, row: &Row, name: &str) -> Result<(), DatasetError> {
        let sample = &row.sample;
        self.len += 1;
        self.ids.add(row);
        self.fingerprint.add(sample);
        let asserted = sample.metadata.iter().any(|(name, text)| is_assertion(name) && !text.trim().is_empty());
        self.without_target += u64::from(sample.target.is_none() && !asserted);
        self.hashed |= row.hashed;
        increment(&mut self.categories, &sample.category);
        for column in sample.metadata.keys() {
            if self.columns.len() < COLUMNS || self.columns.contains_key(column) {
                increment(&mut self.columns, column);
            }
        }
        if self.categories.len() > CATEGORIES { Err(too_many_categories(row, name)) } else { Ok(()) }
    }

    fn survey(mut self, rows: &Rows, stamp: Option<Stamp>) -> Survey {
        let notes = rows.note().into_iter().chain(self.notes()).collect();
        let len = self.len;
        self.columns.retain(|_, rows| *rows == len);
        Survey {
            columns: self.columns.into_keys().collect(),
            categories: self.categories,
            len,
            fingerprint: self.fingerprint,
            fingerprint_text: self.fingerprint.text(),
            notes,
            stamp,
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.hashed {
            notes.push(
                "no column `id`: each id is the hash of its row, so an edited question counts as a new one".into(),
            );
        }
        match self.categories.get(UNCATEGORIZED) {
            Some(rows) if *rows == self.len => notes.push(format!("no categories: all rows are `{UNCATEGORIZED}`")),
            Some(rows) => notes.push(format!("{} without a category: `{UNCATEGORIZED}`", counted(*rows))),
            None => {}
        }
        if self.without_target > 0 {
            let rows = counted(self.without_target);
            notes.push(format!("{rows} without an expected output: a judge that needs one leaves them unscored"));
        }
        notes.extend(self.lookalikes());
        notes.extend(self.partial_columns());
        notes
    }

    /// Categories that a person would read as one.
    fn lookalikes(&self) -> Option<String> {
        let mut plain: BTreeMap<String, &str> = BTreeMap::new();
        self.categories.keys().find_map(|category| {
            let first = plain.insert(category.trim().to_lowercase(), category)?;
            Some(format!("the categories `{first}` and `{category}` differ only in case or spaces; they count apart"))
        })
    }

    fn partial_columns(&self) -> Option<String> {
        let (column, rows) = self.columns.iter().find(|(_, rows)| **rows < self.len)?;
        let whole = self.columns.iter().filter(|(_, rows)| **rows == self.len).map(|(name, _)| name.as_str());
        let hint = nearest(column, whole).map_or_else(String::new, |close| format!(" (is it `{close}`?)"));
        let missing = counted(self.len - rows);
        Some(format!("{missing} without the column `{column}`{hint}: no prompt can ask for it"))
    }
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

fn increment(counts: &mut BTreeMap<String, u64>, key: &str) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => drop(counts.insert(key.to_owned(), 1)),
    }
}

fn too_many_categories(row: &Row, name: &str) -> DatasetError {
    let refused = row.at.error(name, "too many categories");
    refused
        .expected(format!("at most {CATEGORIES}"), "more")
        .hint("is `category` the right column? A value of its own for every row is no category")
}
