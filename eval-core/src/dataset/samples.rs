//! The second pass: the samples that are asked.

use std::sync::Arc;

use super::Sample;
use super::fingerprint::Fingerprint;
use super::pick::Pick;
use super::source::{Rows, Source};
use super::survey::{Survey, changed};
use crate::DatasetError;

/// The selected samples of a [`Dataset`](crate::Dataset), in the order of the file, read as they are asked for.
///
/// What is read is compared with what was checked: a file that changed since ends with an error, and so does a row
/// that is no longer right. After an error there are no more samples.
#[derive(Debug)]
pub struct Samples {
    name: Arc<str>,
    source: Source,
    survey: Arc<Survey>,
    pick: Pick,
    rows: Rows,
    fingerprint: Fingerprint,
    left: u64,
    ended: bool,
}

impl Samples {
    pub(super) fn new(
        name: &Arc<str>,
        source: &Source,
        survey: &Arc<Survey>,
        pick: &Pick,
    ) -> Result<Self, DatasetError> {
        let rows = source.rows(name).map_err(|error| since_checked(name, error))?;
        if rows.stamp() != survey.stamp && !matches!(survey.holds_for(name, source), Ok(true)) {
            return Err(changed(name));
        }
        Ok(Self {
            name: name.clone(),
            source: source.clone(),
            survey: survey.clone(),
            pick: pick.clone(),
            rows,
            fingerprint: Fingerprint::default(),
            left: pick.count,
            ended: false,
        })
    }

    fn advance(&mut self) -> Result<Option<Sample>, DatasetError> {
        while !(self.pick.limited && self.left == 0) {
            let Some(row) = self.rows.next().map_err(|error| since_checked(&self.name, error))? else {
                break;
            };
            self.fingerprint.add(&row.sample);
            if self.pick.takes(&row.sample) {
                self.left = self.left.checked_sub(1).ok_or_else(|| changed(&self.name))?;
                return Ok(Some(row.sample));
            }
        }
        if self.is_unchanged() { Ok(None) } else { Err(changed(&self.name)) }
    }

    /// A pass that ended at a limit has not seen all: then the file system is asked, and the content if it says that
    /// something happened.
    fn is_unchanged(&self) -> bool {
        match self.pick.limited {
            false => self.left == 0 && self.fingerprint == self.survey.fingerprint,
            true => {
                let same = self.rows.stamp() == self.survey.stamp;
                self.left == 0 && (same || matches!(self.survey.holds_for(&self.name, &self.source), Ok(true)))
            }
        }
    }
}

/// Every row was right when it was checked: one that is not has changed. Trouble of the file system has no line.
fn since_checked(name: &str, error: DatasetError) -> DatasetError {
    if error.line.is_some() { changed(name).with_source(error) } else { error }
}

impl Iterator for Samples {
    type Item = Result<Sample, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.advance().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let most = usize::try_from(self.left).ok().and_then(|left| left.checked_add(1));
        (0, if self.ended { Some(0) } else { most })
    }
}

impl std::iter::FusedIterator for Samples {}
