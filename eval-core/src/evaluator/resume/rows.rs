//! Which rows of a data set changed since a run asked them.
//!
//! The rows that were asked are stored with their evaluations; those of another whole run over the same data set are
//! known too. Of all others only their sum is known, the fingerprint. It still tells which rows are new: those without
//! which the sum is what it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::each_evaluation;
use crate::dataset::Fingerprint;
use crate::{Dataset, Durable, Run, RunError, RunQuery, Sample, SampleId, Selection, StoreError};

/// So many are named, and the rest is counted.
const SHOWN: usize = 5;
/// More guesses than this are not worth their time.
const GUESSES: usize = 200_000;

/// A row, without its text.
struct Row {
    id: SampleId,
    category: Arc<str>,
    content: blake3::Hash,
}

impl Row {
    fn of(sample: &Sample) -> Self {
        Self { id: sample.id.clone(), category: sample.category.clone(), content: sample.digest() }
    }

    fn digest(&self) -> blake3::Hash {
        Sample::digest_of_row(&self.id, &self.category, &self.content)
    }

    fn in_category(&self, category: &Arc<str>) -> Self {
        Self { id: self.id.clone(), category: category.clone(), content: self.content }
    }
}

/// What changed, for a person.
pub(super) async fn changes(store: &dyn Durable, run: &Run, dataset: &Dataset) -> Result<String, RunError> {
    let mut known = known(store, run).await?;
    let mut found = Vec::new();
    // What the data set would be with the rows that are known as they were.
    let mut restored = Fingerprint::default();
    let mut others = Vec::new();
    for sample in dataset.clone().select(Selection::all())?.samples()? {
        let now = Row::of(&sample?);
        let Some(then) = known.remove(&now.id) else {
            restored.add_digest(&now.digest());
            others.push(now);
            continue;
        };
        restored.add_digest(&then.digest());
        if then.content != now.content {
            found.push(format!("question `{}` was edited", now.id));
        } else if then.category != now.category {
            let (id, was, is) = (&now.id, &then.category, &now.category);
            found.push(format!("the category of question `{id}` was `{was}` and is `{is}`"));
        }
    }
    for row in known.values() {
        restored.add_digest(&row.digest());
        found.push(format!("question `{}` is gone", row.id));
    }
    if restored.text() != run.dataset.fingerprint {
        found.extend(unknown(run, dataset, restored, &others));
    }
    Ok(listed(found))
}

/// The rows of the data set as far as somebody wrote them down: this run, or a whole one over the same data set.
async fn known(store: &dyn Durable, run: &Run) -> Result<BTreeMap<SampleId, Row>, StoreError> {
    let mut query = RunQuery { dataset: Some(run.dataset.name.clone()), ..RunQuery::default() };
    query.status = Some(crate::RunStatus::Finished);
    let whole = store.list_runs(&query).await?.into_iter();
    let whole = whole.filter(|other| other.is_comparable() && other.dataset.fingerprint == run.dataset.fingerprint);
    let mut rows = BTreeMap::new();
    for id in whole.map(|run| run.id).take(1).chain([run.id]) {
        each_evaluation(store, id, |evaluation| {
            rows.insert(evaluation.sample.id.clone(), Row::of(&evaluation.sample));
        })
        .await?;
    }
    Ok(rows)
}

/// What changed among the rows of which nobody wrote down what they were.
fn unknown(run: &Run, dataset: &Dataset, restored: Fingerprint, rows: &[Row]) -> Vec<String> {
    let more = restored.rows().checked_sub(run.dataset.len).and_then(|more| usize::try_from(more).ok());
    if let Some(added) = more.filter(|more| *more > 0).and_then(|more| added(run, restored, rows, more)) {
        return added.iter().map(|row| format!("question `{}` is new", row.id)).collect();
    }
    match more {
        Some(0) => vec![moved(run, dataset, restored, rows).unwrap_or_else(|| edited(rows))],
        Some(more) => vec![format!("{more} of the questions that were not asked yet are new, and some were edited")],
        None => {
            let fewer = run.dataset.len.saturating_sub(restored.rows());
            vec![format!("{fewer} of the questions that were not asked yet are gone")]
        }
    }
}

/// The rows without which the data set is what it was: all, the last ones, the first ones, or any single one.
fn added<'a>(run: &Run, restored: Fingerprint, rows: &'a [Row], more: usize) -> Option<&'a [Row]> {
    let (first, last) = (rows.get(..more)?, rows.get(rows.len() - more..)?);
    let single = rows.chunks(1).take(if more == 1 { GUESSES } else { 0 });
    [last, first].into_iter().chain(single).find(|rows| {
        let mut without = restored;
        rows.iter().for_each(|row| without.remove_digest(&row.digest()));
        without.text() == run.dataset.fingerprint
    })
}

/// The row that makes the data set what it was when it is put into another category.
fn moved(run: &Run, dataset: &Dataset, restored: Fingerprint, rows: &[Row]) -> Option<String> {
    let categories: Vec<Arc<str>> = dataset.categories().keys().map(|name| name.as_str().into()).collect();
    let guesses = rows.iter().flat_map(|row| categories.iter().map(move |category| (row, category)));
    let (row, category) = guesses.take(GUESSES).find(|(row, category)| {
        let mut with = restored;
        with.remove_digest(&row.digest());
        with.add_digest(&row.in_category(category).digest());
        with.text() == run.dataset.fingerprint
    })?;
    Some(format!("the category of question `{}` was `{category}` and is `{}`", row.id, row.category))
}

fn edited(rows: &[Row]) -> String {
    match rows {
        [row] => format!("question `{}` was edited", row.id),
        rows => {
            let names = listed(rows.iter().map(|row| format!("`{}`", row.id)).collect());
            format!("some of the questions that were not asked yet were edited: among {names}")
        }
    }
}

/// The first few by name.
fn listed(mut found: Vec<String>) -> String {
    let more = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    let named = found.join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}
