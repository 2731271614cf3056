//! What changed between two data sets.

use std::sync::Arc;

use super::source::Source;
use super::{Sample, SampleId};
use crate::DatasetError;
use crate::hash::digest;

/// What changed from one data set to another. Questions pair by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DatasetDiff {
    /// Only in the other data set, in its order.
    pub added: Vec<SampleId>,
    /// No longer in the other data set, in the order of the first.
    pub removed: Vec<SampleId>,
    /// In both, but with another question, expected output, category or column; in the order of the other.
    pub changed: Vec<SampleId>,
    /// How many questions are the same in both.
    pub unchanged: u64,
}

impl DatasetDiff {
    /// Whether both hold the same samples.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Compares the rows of two sources with 32 bytes a row of the first in memory.
    pub(super) fn between(first: (&Arc<str>, &Source), other: (&Arc<str>, &Source)) -> Result<Self, DatasetError> {
        let mut known = Vec::new();
        each(first, |sample| known.push(Known { id: hash(&sample.id), row: row(&sample), seen: false }))?;
        known.sort_unstable_by_key(|known| known.id);
        let mut diff = Self::default();
        each(other, |sample| match find(&mut known, &sample.id) {
            None => diff.added.push(sample.id),
            Some(known) => {
                known.seen = true;
                if known.row == row(&sample) { diff.unchanged += 1 } else { diff.changed.push(sample.id) }
            }
        })?;
        each(first, |sample| {
            if find(&mut known, &sample.id).is_some_and(|known| !known.seen) {
                diff.removed.push(sample.id);
            }
        })?;
        Ok(diff)
    }
}

struct Known {
    id: u128,
    row: u64,
    seen: bool,
}

fn find<'a>(known: &'a mut [Known], id: &SampleId) -> Option<&'a mut Known> {
    let at = known.binary_search_by_key(&hash(id), |known| known.id).ok()?;
    known.get_mut(at)
}

fn hash(id: &SampleId) -> u128 {
    digest([id.as_str()]).as_bytes().iter().take(16).fold(0, |word, byte| word << 8 | u128::from(*byte))
}

fn row(sample: &Sample) -> u64 {
    sample.row_digest().as_bytes().iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte))
}

fn each((name, source): (&Arc<str>, &Source), mut visit: impl FnMut(Sample)) -> Result<(), DatasetError> {
    let mut rows = source.rows(name)?;
    while let Some(row) = rows.next()? {
        visit(row.sample);
    }
    Ok(())
}
