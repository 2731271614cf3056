//! Reads that a database does better.

use std::collections::HashSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{anchors, comparison, costs, datasets, history, interim, served, stats};
use crate::{
    Comparison, ComparisonQuery, CostQuery, DailyCost, History, HistoryQuery, Interim, PromptTokens, Run, RunId,
    RunQuery, SampleScore, ServedSummary, Stats, Store, StoreError, UsedDataset,
};

/// One line of a leaderboard: the latest comparable run of a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LeaderboardEntry {
    /// The run.
    pub run: Run,
    /// Whether so many questions failed that the score says little about the model: more than
    /// [`MAX_FAILED_SHARE`](LeaderboardEntry::MAX_FAILED_SHARE) of them.
    pub unreliable: bool,
}

impl LeaderboardEntry {
    /// The share of failed questions above which a model is called unreliable: 5 %.
    pub const MAX_FAILED_SHARE: f64 = 0.05;

    /// The entry of a run.
    pub fn new(run: Run) -> Self {
        let failed = run.summary.as_ref().and_then(|summary| summary.counts.failed_share());
        Self { unreliable: failed.is_some_and(|share| share > Self::MAX_FAILED_SHARE), run }
    }
}

/// Reads that a database does better, each with a default body over [`Store`].
///
/// A store of your own writes `impl Reports for MyStore {}`; the diesel store overrides what it can do in SQL.
#[async_trait]
pub trait Reports: Store {
    /// The latest whole, finished run of each name on a data set, best mean first. Names whose runs have no score come
    /// last. `None` takes the data set of the newest whole, finished run: means over different questions have no order.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn leaderboard(&self, dataset: Option<&str>) -> Result<Vec<LeaderboardEntry>, StoreError> {
        let mut dataset = dataset.map(str::to_owned);
        let mut names = HashSet::new();
        let mut entries = Vec::new();
        let mut query = RunQuery { limit: 500, status: Some(crate::RunStatus::Finished), ..RunQuery::default() };
        loop {
            query.dataset.clone_from(&dataset);
            let page = self.list_runs(&query).await?;
            let Some(last) = page.last() else { break };
            query.before = Some(last.id);
            for run in page.into_iter().filter(Run::is_comparable) {
                let wanted = dataset.get_or_insert_with(|| run.dataset.name.clone());
                if run.dataset.name == *wanted && names.insert(run.name.clone()) {
                    entries.push(LeaderboardEntry::new(run));
                }
            }
        }
        let mean = |entry: &LeaderboardEntry| entry.run.score().map_or(-1.0, |score| score.mean);
        entries.sort_by(|a, b| mean(b).total_cmp(&mean(a)).then_with(|| a.run.name.cmp(&b.run.name)));
        Ok(entries)
    }

    /// The evaluations of a run that are wanted, ordered by sample id and epoch, each beside that of the same sample,
    /// epoch and [content](crate::Sample::content_hash) in another run. A page at a time: the cursor is that of
    /// [`EvaluationQuery::after`](crate::EvaluationQuery::after).
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run, either of them; another one when the store cannot be read.
    async fn compared(&self, run: RunId, query: &ComparisonQuery) -> Result<Vec<Comparison>, StoreError> {
        comparison::page(self, run, query).await
    }

    /// What is stored of a run so far: for runs that go on or were cut off, and so have no summary.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run; another one when the store cannot be read.
    async fn interim(&self, run: RunId) -> Result<Interim, StoreError> {
        interim::interim(self, run).await
    }

    /// What really answered in a run, and how many of its answers were odd.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run; another one when the store cannot be read.
    async fn served(&self, run: RunId) -> Result<ServedSummary, StoreError> {
        served::served(self, run).await
    }

    /// The prompt tokens of the questions that a run shares with another one, content and all.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run, either of them; another one when the store cannot be read.
    async fn prompt_tokens(&self, run: RunId, other: RunId) -> Result<PromptTokens, StoreError> {
        served::prompt_tokens(self, run, other).await
    }

    /// The whole, finished runs of a name on a data set, newest first. A run's [`score`](Run::score) has mean, n and
    /// [variance](crate::Estimate::variance), its summary the counts and the categories.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn history(&self, query: &HistoryQuery) -> Result<Vec<Run>, StoreError> {
        history::runs(self, query).await
    }

    /// The same runs as [`history`](Reports::history), oldest first, with the score of each question: what a
    /// [`DriftDetector`](crate::DriftDetector) compares.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn windows(&self, query: &HistoryQuery) -> Result<History, StoreError> {
        history::windows(self, query).await
    }

    /// The scores of the frozen answers that the judge graded anew beside a run: those of the newest finished
    /// [anchor run](crate::RunKind::Anchor) of its group that has its judges, sorted by key. Empty where there is none.
    /// They are the [anchors](crate::Window::anchors) of its window, too.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn anchors(&self, run: &Run) -> Result<Vec<SampleScore>, StoreError> {
        anchors::of(self, run).await
    }

    /// The store in a few numbers.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn stats(&self) -> Result<Stats, StoreError> {
        stats::stats(self).await
    }

    /// The data sets that runs were made over, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn datasets(&self) -> Result<Vec<UsedDataset>, StoreError> {
        datasets::datasets(self).await
    }

    /// What was spent by day and model, the newest day first, then by model.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn costs(&self, query: &CostQuery) -> Result<Vec<DailyCost>, StoreError> {
        costs::costs(self, query).await
    }
}
