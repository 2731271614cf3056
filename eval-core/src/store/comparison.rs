//! The evaluations of a run beside those of another one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Evaluation, EvaluationQuery, RunId, SampleId, Store, StoreError};

/// What became of a question between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Change {
    /// Both runs have the same score, or both ended without one and in the same way.
    Same,
    /// Both have a score, and it is lower now.
    Regressed,
    /// Both have a score, and it is higher now.
    Improved,
    /// It ended in another way: scored and then failed, unscored and then scored. No score, so no direction.
    Outcome,
}

impl Change {
    /// From the earlier evaluation to the current one.
    pub fn between(earlier: &Evaluation, current: &Evaluation) -> Self {
        match (earlier.score(), current.score()) {
            (Some(earlier), Some(current)) if current.get() < earlier.get() => Self::Regressed,
            (Some(earlier), Some(current)) if current.get() > earlier.get() => Self::Improved,
            _ if earlier.outcome.kind() == current.outcome.kind() => Self::Same,
            _ => Self::Outcome,
        }
    }

    /// The word used in records, for instance `regressed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Regressed => "regressed",
            Self::Improved => "improved",
            Self::Outcome => "outcome",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which changes are wanted. The default is all, questions that the other run did not ask included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Changes {
    /// Every evaluation of the run.
    #[default]
    All,
    /// Those of which both runs have one, and which differ: [`Change::Regressed`], [`Change::Improved`] and
    /// [`Change::Outcome`].
    Changed,
    /// Only [`Change::Regressed`].
    Regressed,
    /// Only [`Change::Improved`].
    Improved,
}

impl Changes {
    /// Whether a change is wanted; `None` is that of a question that the other run did not ask.
    pub fn matches(self, change: Option<Change>) -> bool {
        match self {
            Self::All => true,
            Self::Changed => change.is_some_and(|change| change != Change::Same),
            Self::Regressed => change == Some(Change::Regressed),
            Self::Improved => change == Some(Change::Improved),
        }
    }
}

/// Which evaluations of a run are wanted, and beside those of which other run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ComparisonQuery {
    /// The other run, as a rule the earlier one.
    pub against: RunId,
    /// Which changes.
    #[serde(default)]
    pub changes: Changes,
    /// Which evaluations of the run; its cursor and its limit are those of the page.
    #[serde(default)]
    pub evaluations: EvaluationQuery,
}

impl ComparisonQuery {
    /// The first 200 evaluations beside those of this run.
    pub fn against(run: RunId) -> Self {
        Self { against: run, changes: Changes::default(), evaluations: EvaluationQuery::default() }
    }

    /// The same query for these changes.
    pub fn changes(mut self, changes: Changes) -> Self {
        self.changes = changes;
        self
    }
}

/// An evaluation beside that of the same question and epoch in another run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Comparison {
    /// The evaluation of the run that was asked for.
    pub current: Evaluation,
    /// That of the other run; `None` where it has none, or where the question has another content there.
    pub earlier: Option<Evaluation>,
    /// What became of the question; `None` without an earlier evaluation.
    pub change: Option<Change>,
}

impl Comparison {
    /// An evaluation beside another of the same question, if there is one.
    pub fn new(current: Evaluation, earlier: Option<Evaluation>) -> Self {
        let change = earlier.as_ref().map(|earlier| Change::between(earlier, &current));
        Self { current, earlier, change }
    }
}

/// Evaluations that are read at once.
const PAGE: usize = 200;

pub(super) async fn page<S: Store + ?Sized>(
    store: &S,
    run: RunId,
    query: &ComparisonQuery,
) -> Result<Vec<Comparison>, StoreError> {
    store.get_run(query.against).await?;
    let mut others = Walk::new(store, query.against, query.evaluations.after.clone());
    let mut found = Vec::new();
    let mut wanted = EvaluationQuery { limit: PAGE, ..query.evaluations.clone() };
    loop {
        let page = store.evaluations(run, &wanted).await?;
        let Some(last) = page.last().filter(|_| found.len() < query.evaluations.limit) else { return Ok(found) };
        wanted.after = Some((last.sample.id.clone(), last.epoch));
        for current in page {
            let earlier = others.find(&current).await?;
            let pair = Comparison::new(current, earlier);
            if found.len() < query.evaluations.limit && query.changes.matches(pair.change) {
                found.push(pair);
            }
        }
    }
}

/// The evaluations of a run, one after the other.
struct Walk<'a, S: ?Sized> {
    store: &'a S,
    run: RunId,
    after: Option<(SampleId, u32)>,
    page: std::vec::IntoIter<Evaluation>,
}

impl<'a, S: Store + ?Sized> Walk<'a, S> {
    fn new(store: &'a S, run: RunId, after: Option<(SampleId, u32)>) -> Self {
        Self { store, run, after, page: Vec::new().into_iter() }
    }

    /// The evaluation of the same question in the same epoch. Both runs are walked in the same order, so that what
    /// stands before it is not wanted any more.
    async fn find(&mut self, wanted: &Evaluation) -> Result<Option<Evaluation>, StoreError> {
        let place = (&wanted.sample.id, wanted.epoch);
        loop {
            if self.page.as_slice().is_empty() && !self.turn().await? {
                return Ok(None);
            }
            let Some(next) = self.page.as_slice().first() else { return Ok(None) };
            if (&next.sample.id, next.epoch) > place {
                return Ok(None);
            }
            let (same, next) = ((&next.sample.id, next.epoch) == place, self.page.next());
            if same {
                return Ok(next.filter(|next| next.sample.content_hash() == wanted.sample.content_hash()));
            }
        }
    }

    /// Reads the next page. Whether there is one.
    async fn turn(&mut self) -> Result<bool, StoreError> {
        let query = EvaluationQuery { after: self.after.clone(), limit: PAGE, ..EvaluationQuery::default() };
        let page = self.store.evaluations(self.run, &query).await?;
        let Some(last) = page.last() else { return Ok(false) };
        self.after = Some((last.sample.id.clone(), last.epoch));
        self.page = page.into_iter();
        Ok(true)
    }
}
