//! What remembers runs and evaluations.

mod anchors;
mod baselines;
mod comparison;
mod costs;
mod datasets;
mod drift_log;
mod history;
mod interim;
mod memory;
mod reference;
mod reports;
mod served;
mod stats;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use baselines::{Baseline, Baselines};
pub use comparison::{Change, Changes, Comparison, ComparisonQuery};
pub use costs::{CostQuery, DailyCost};
pub use datasets::UsedDataset;
pub use drift_log::{DriftLog, Marks};
pub use history::HistoryQuery;
pub use interim::Interim;
pub use memory::InMemory;
#[cfg(feature = "server")]
pub(crate) use memory::lock;
pub use reference::{Against, Commits, Missing, ReferenceError, SoughtBy, find_baseline, find_run, newest_run};
pub use reports::{LeaderboardEntry, Reports};
pub use stats::Stats;

use crate::{AttemptLog, Evaluation, Leases, OutcomeKind, Run, RunId, RunKind, RunStatus, SampleId, StoreError};

/// Which runs are wanted. The default is the newest 50.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct RunQuery {
    /// Only runs of this name or this model.
    pub model: Option<String>,
    /// Only runs over the data set of this name.
    pub dataset: Option<String>,
    /// Only runs with this status.
    pub status: Option<RunStatus>,
    /// Only runs with this tag and value.
    pub tag: Option<(String, String)>,
    /// Only runs of this group.
    pub group: Option<RunId>,
    /// Only runs of this kind.
    pub kind: Option<RunKind>,
    /// Only runs that began at this time or later (UTC).
    pub since: Option<Timestamp>,
    /// Only runs that began before this time (UTC).
    pub until: Option<Timestamp>,
    /// Only runs older than this one: the cursor, for the next page the last id of the page before.
    pub before: Option<RunId>,
    /// At most so many. Default 50.
    pub limit: usize,
}

impl Default for RunQuery {
    fn default() -> Self {
        Self {
            model: None,
            dataset: None,
            status: None,
            tag: None,
            group: None,
            kind: None,
            since: None,
            until: None,
            before: None,
            limit: 50,
        }
    }
}

impl RunQuery {
    /// Whether a run is wanted, cursor included.
    pub fn matches(&self, run: &Run) -> bool {
        let wants = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        (wants(&self.model, &run.model) || wants(&self.model, &run.name))
            && wants(&self.dataset, &run.dataset.name)
            && self.status.is_none_or(|status| status == run.status)
            && self.tag.as_ref().is_none_or(|(key, value)| run.tags.get(key) == Some(value))
            && self.group.is_none_or(|group| run.group == Some(group))
            && self.kind.is_none_or(|kind| run.kind == kind)
            && self.since.is_none_or(|since| since <= run.started)
            && self.until.is_none_or(|until| run.started < until)
            && self.before.is_none_or(|before| run.id < before)
    }
}

/// Which evaluations of a run are wanted. The default is the first 200.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct EvaluationQuery {
    /// Only this category.
    pub category: Option<String>,
    /// Only evaluations that ended so.
    pub outcome: Option<OutcomeKind>,
    /// Only scores of at least this, from 0 to 1.
    pub min_score: Option<f64>,
    /// Only scores of at most this, from 0 to 1.
    pub max_score: Option<f64>,
    /// Only where question, answer or a judge's reason contains this text; case counts.
    pub text: Option<String>,
    /// Only evaluations after this one: the cursor, for the next page the last one of the page before.
    pub after: Option<(SampleId, u32)>,
    /// At most so many. Default 200.
    pub limit: usize,
}

impl Default for EvaluationQuery {
    fn default() -> Self {
        Self { category: None, outcome: None, min_score: None, max_score: None, text: None, after: None, limit: 200 }
    }
}

impl EvaluationQuery {
    /// Whether an evaluation is wanted, cursor included.
    pub fn matches(&self, evaluation: &Evaluation) -> bool {
        let score = evaluation.score().map(|score| score.get());
        let place = (&evaluation.sample.id, evaluation.epoch);
        self.category.as_deref().is_none_or(|category| category == &*evaluation.sample.category)
            && self.outcome.is_none_or(|outcome| outcome == evaluation.outcome.kind())
            && self.min_score.is_none_or(|min| score.is_some_and(|score| score >= min))
            && self.max_score.is_none_or(|max| score.is_some_and(|score| score <= max))
            && self.text.as_deref().is_none_or(|text| contains(evaluation, text))
            && self.after.as_ref().is_none_or(|(id, epoch)| place > (id, *epoch))
    }
}

fn contains(evaluation: &Evaluation, text: &str) -> bool {
    evaluation.sample.input.contains(text)
        || evaluation.completion.as_ref().is_some_and(|completion| completion.text.contains(text))
        || evaluation.verdicts.iter().filter_map(|verdict| verdict.explanation.as_ref()).any(|why| why.contains(text))
}

/// What remembers runs and evaluations: a database, or your own.
///
/// The tests that every store must pass are in `eval_core::conformance` (feature `conformance`).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Inserts the run, or replaces the one with the same id.
    ///
    /// # Errors
    /// [`StoreError`] when the run is not stored.
    async fn put_run(&self, run: &Run) -> Result<(), StoreError>;

    /// The run of this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    async fn get_run(&self, id: RunId) -> Result<Run, StoreError>;

    /// The runs wanted, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError>;

    /// Stores evaluations; on return they are committed. Idempotent by (run, sample, epoch), so that a retried batch
    /// is harmless: a scored row stays as it is, a failed or unscored one is replaced.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run, another [`StoreError`] when nothing of the batch is stored.
    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError>;

    /// The evaluations wanted, ordered by sample id and epoch.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run.
    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError>;
}

/// A store that also keeps attempts and leases: with it a run survives the loss of its process. Every type that has
/// the three traits has this one.
pub trait Durable: Store + AttemptLog + Leases {}

impl<S: Store + AttemptLog + Leases + ?Sized> Durable for S {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Store + ?Sized> Store for Arc<S> {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        (**self).put_run(run).await
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        (**self).get_run(id).await
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        (**self).list_runs(query).await
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        (**self).put_evaluations(run, batch).await
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        (**self).evaluations(run, query).await
    }
}
