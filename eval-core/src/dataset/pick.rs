//! A selection, worked out for one data set.

use std::collections::BinaryHeap;
use std::sync::Arc;

use super::nearest::nearest;
use super::source::Source;
use super::survey::Survey;
use super::{Draw, Sample, Selection};
use crate::DatasetError;
use crate::hash::digest;

/// Which rows are asked, and how many they are.
#[derive(Debug, Clone)]
pub(super) struct Pick {
    categories: Arc<[String]>,
    /// The seed of a draw, and the largest hash that is still drawn.
    drawn: Option<(u64, u128)>,
    pub(super) count: u64,
    /// Whether the pass may end before the last row.
    pub(super) limited: bool,
}

impl Pick {
    pub(super) fn all(survey: &Survey) -> Self {
        Self { categories: Arc::default(), drawn: None, count: survey.len, limited: false }
    }

    pub(super) fn of(
        selection: &Selection,
        name: &Arc<str>,
        source: &Source,
        survey: &Survey,
    ) -> Result<Self, DatasetError> {
        let mut pick = Self { categories: selection.categories.clone().into(), ..Self::all(survey) };
        pick.count = pick.available(name, survey)?;
        if let Some(draw) = selection.draw.filter(|draw| draw.size < pick.count) {
            pick.drawn = pick.draw(draw, name, source)?;
            pick.count = draw.size;
        }
        if let Some(limit) = selection.limit.filter(|limit| *limit < pick.count) {
            (pick.count, pick.limited) = (limit, true);
        }
        if pick.count == 0 { Err(nothing(name, selection)) } else { Ok(pick) }
    }

    pub(super) fn takes(&self, sample: &Sample) -> bool {
        self.has_category(sample) && self.drawn.is_none_or(|(seed, last)| hash(seed, sample) <= last)
    }

    fn has_category(&self, sample: &Sample) -> bool {
        self.categories.is_empty() || self.categories.iter().any(|category| **category == *sample.category)
    }

    /// How many rows are in the categories.
    fn available(&self, name: &str, survey: &Survey) -> Result<u64, DatasetError> {
        if let Some(unknown) = self.categories.iter().find(|category| !survey.categories.contains_key(*category)) {
            return Err(unknown_category(name, unknown, survey));
        }
        let chosen = survey.categories.iter().filter(|(category, _)| self.categories.contains(category));
        Ok(if self.categories.is_empty() { survey.len } else { chosen.map(|(_, rows)| rows).sum() })
    }

    /// The largest of the smallest hashes, found without keeping a row.
    fn draw(&self, draw: Draw, name: &Arc<str>, source: &Source) -> Result<Option<(u64, u128)>, DatasetError> {
        let size = usize::try_from(draw.size).unwrap_or(usize::MAX);
        let mut smallest = BinaryHeap::new();
        let mut rows = source.rows(name)?;
        while let Some(row) = rows.next()? {
            if !self.has_category(&row.sample) {
                continue;
            }
            let hash = hash(draw.seed, &row.sample);
            if smallest.len() < size {
                smallest.push(hash);
            } else if let Some(mut largest) = smallest.peek_mut()
                && hash < *largest
            {
                *largest = hash;
            }
        }
        Ok(smallest.peek().map(|largest| (draw.seed, *largest)))
    }
}

fn hash(seed: u64, sample: &Sample) -> u128 {
    let digest = digest([seed.to_string().as_str(), sample.id.as_str()]);
    digest.as_bytes().iter().take(16).fold(0, |hash, byte| hash << 8 | u128::from(*byte))
}

fn unknown_category(name: &str, unknown: &str, survey: &Survey) -> DatasetError {
    const SHOWN: usize = 20;
    let known = || survey.categories.keys().map(String::as_str);
    let shown = known().take(SHOWN).collect::<Vec<_>>().join(", ");
    let more = survey.categories.len().saturating_sub(SHOWN);
    let listed = if more > 0 { format!("{shown} and {more} more") } else { shown };
    let refused = DatasetError::new(name, format!("no category `{unknown}`"));
    let refused = refused.expected(format!("one of {listed}"), format!("`{unknown}`"));
    match nearest(unknown, known()) {
        Some(close) => refused.hint(format!("did you mean `{close}`?")),
        None => refused.hint("choose one of them, or leave the category out"),
    }
}

fn nothing(name: &str, selection: &Selection) -> DatasetError {
    DatasetError::new(name, "the selection leaves no question")
        .expected("at least one question", format!("`{selection}`"))
        .hint("raise the limit or the size of the draw")
}
