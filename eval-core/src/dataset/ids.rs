//! No id twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use super::input::At;
use super::row::Row;
use super::source::Source;
use crate::DatasetError;
use crate::hash::digest;

/// The hashes of the ids seen, 8 bytes each: all that is kept of a row.
#[derive(Debug, Default)]
pub(super) struct Ids {
    hashes: Vec<u64>,
    spaced: Option<(String, At)>,
}

impl Ids {
    pub(super) fn add(&mut self, row: &Row) {
        let id = row.sample.id.as_str();
        self.hashes.push(hash(&plain(id)));
        if self.spaced.is_none() && id.trim() != id {
            self.spaced = Some((id.to_owned(), row.at));
        }
    }

    /// Refuses ids that are the same but for case, spaces and Unicode form, and ids with spaces around them.
    pub(super) fn check(mut self, name: &Arc<str>, source: &Source) -> Result<(), DatasetError> {
        self.hashes.sort_unstable();
        let twice: BTreeSet<u64> =
            self.hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        if !twice.is_empty() {
            find_duplicate(&twice, name, source)?;
        }
        match self.spaced {
            Some((id, at)) => Err(spaced(&id, at, name, source)),
            None => Ok(()),
        }
    }
}

/// Reads again to tell a duplicate from two ids that merely share their hash, and to learn where both stand.
fn find_duplicate(twice: &BTreeSet<u64>, name: &Arc<str>, source: &Source) -> Result<(), DatasetError> {
    let mut rows = source.rows(name)?;
    let mut seen: BTreeMap<String, (String, u64)> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (id, line) = (row.sample.id.as_str(), row.at.line);
        let key = plain(id);
        if !twice.contains(&hash(&key)) {
            continue;
        }
        match seen.get(&key) {
            Some((first, first_line)) => return Err(duplicate(&row, first, *first_line, name, source)),
            None => drop(seen.insert(key, (id.to_owned(), line))),
        }
    }
    Ok(())
}

fn duplicate(row: &Row, first: &str, first_line: u64, name: &str, source: &Source) -> DatasetError {
    let id = row.sample.id.as_str();
    let unit = if source.format().is_some() { "line" } else { "sample" };
    if row.hashed {
        return located(source, row.at, name, "the same question stands twice".to_owned())
            .expected(
                "rows that differ, since the file has no ids",
                format!("the content of {unit} {first_line} again"),
            )
            .hint("remove one of the two, or add a column `id`");
    }
    let refused = located(source, row.at, name, format!("duplicate id `{id}`"));
    if id == first {
        refused
            .expected("an id that no other row has", format!("the id of {unit} {first_line} again"))
            .hint("give each question an id of its own, or leave the column out")
    } else {
        refused
            .expected(
                "an id that differs from all others by more than case, spaces or Unicode form",
                format!("`{id}`, where {unit} {first_line} has `{first}`"),
            )
            .hint("give each question an id of its own, or leave the column out")
    }
}

fn spaced(id: &str, at: At, name: &str, source: &Source) -> DatasetError {
    located(source, at, name, format!("the id `{id}` has spaces around it"))
        .expected(format!("`{}`", id.trim()), format!("`{id}`"))
        .hint("remove the spaces; ids are compared as they are written")
}

/// Samples in memory have no lines: their number goes into the message.
fn located(source: &Source, at: At, name: &str, message: String) -> DatasetError {
    match source.format() {
        Some(_) => at.error(name, message),
        None => DatasetError::new(name, format!("{message} (sample {})", at.line)),
    }
}

/// The id without what people do not see as a difference.
fn plain(id: &str) -> String {
    let spaced = id.split_whitespace().collect::<Vec<_>>().join(" ");
    if spaced.is_ascii() {
        spaced.to_ascii_lowercase()
    } else {
        spaced.nfc().collect::<String>().to_lowercase().nfc().collect()
    }
}

fn hash(id: &str) -> u64 {
    digest([id]).as_bytes().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sample;

    #[test]
    fn ids_that_only_share_a_hash_are_no_duplicates() {
        let source = Source::Samples([Sample::new("a", "Q"), Sample::new("b", "R")].into());
        let twice = ["a", "b"].map(hash).into();
        assert!(find_duplicate(&twice, &"test".into(), &source).is_ok());
    }

    #[test]
    fn what_people_do_not_see_is_no_difference() {
        for (one, other) in [("Q-1", "q-1 "), ("caf\u{e9}", "CAFE\u{301}"), ("a\u{a0}b", "a  b")] {
            assert_eq!(plain(one), plain(other));
        }
        assert_ne!(plain("a b"), plain("ab"));
    }
}
