//! The runs of one name on one data set.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{EvaluationQuery, History, HistoryBuilder, OutcomeKind, Params, Run, RunId, RunQuery, RunStatus};
use crate::{Store, StoreError};

/// Which runs of a history are wanted. Only [comparable](Run::is_comparable) ones, whole and finished, are in it.
///
/// ```
/// use eval_core::HistoryQuery;
/// let mut query = HistoryQuery::new("gpt-4o", "golden");
/// query.limit = 14;
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HistoryQuery {
    /// Only runs of this name.
    pub name: String,
    /// Only runs over the data set of this name, whatever rows it had by then.
    pub dataset: String,
    /// Only runs whose prompt has this hash.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Only runs with these sampling parameters.
    #[serde(default)]
    pub params: Option<Params>,
    /// Only runs whose judges have this hash.
    #[serde(default)]
    pub judge: Option<String>,
    /// Only runs that began at this time or later (UTC).
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Only runs that began before this time (UTC).
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Only runs older than this one: the cursor, for the next page the last id of the page before.
    #[serde(default)]
    pub before: Option<RunId>,
    /// At most so many, the newest ones. Default 90.
    #[serde(default = "HistoryQuery::default_limit")]
    pub limit: usize,
}

impl HistoryQuery {
    /// The newest 90 runs of a name on a data set.
    pub fn new(name: impl Into<String>, dataset: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            dataset: dataset.into(),
            prompt: None,
            params: None,
            judge: None,
            since: None,
            until: None,
            before: None,
            limit: Self::default_limit(),
        }
    }

    /// The newest 90 runs with which a run can be compared: those that share its name, data set, prompt, parameters
    /// and judges. The run itself is among them.
    pub fn of(run: &Run) -> Self {
        Self {
            prompt: Some(run.provenance.prompt.clone()),
            params: Some(run.params.clone()),
            judge: Some(run.provenance.judge_hash.clone()),
            ..Self::new(&run.name, &run.dataset.name)
        }
    }

    const fn default_limit() -> usize {
        90
    }

    /// Whether a run is wanted, cursor included.
    pub fn matches(&self, run: &Run) -> bool {
        let wants = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        run.is_comparable()
            && run.name == self.name
            && run.dataset.name == self.dataset
            && wants(&self.prompt, &run.provenance.prompt)
            && self.params.as_ref().is_none_or(|params| *params == run.params)
            && wants(&self.judge, &run.provenance.judge_hash)
            && self.since.is_none_or(|since| since <= run.started)
            && self.until.is_none_or(|until| run.started < until)
            && self.before.is_none_or(|before| run.id < before)
    }
}

/// Rows that are read at once.
const PAGE: usize = 500;

pub(super) async fn runs<S: Store + ?Sized>(store: &S, query: &HistoryQuery) -> Result<Vec<Run>, StoreError> {
    let mut wider = RunQuery {
        model: Some(query.name.clone()),
        dataset: Some(query.dataset.clone()),
        status: Some(RunStatus::Finished),
        since: query.since,
        until: query.until,
        before: query.before,
        limit: PAGE,
        ..RunQuery::default()
    };
    let mut found = Vec::new();
    while found.len() < query.limit {
        let page = store.list_runs(&wider).await?;
        let Some(last) = page.last() else { break };
        wider.before = Some(last.id);
        found.extend(page.into_iter().filter(|run| query.matches(run)));
    }
    found.truncate(query.limit);
    Ok(found)
}

pub(super) async fn windows<S: Store + ?Sized>(store: &S, query: &HistoryQuery) -> Result<History, StoreError> {
    let mut history = HistoryBuilder::new();
    for run in runs(store, query).await?.iter().rev() {
        history.window(run.id, run.started);
        let mut wanted =
            EvaluationQuery { outcome: Some(OutcomeKind::Scored), limit: PAGE, ..EvaluationQuery::default() };
        loop {
            let page = store.evaluations(run.id, &wanted).await?;
            for evaluation in &page {
                let (sample, score) = (&evaluation.sample, evaluation.score());
                let score = score.map_or(f64::NAN, |score| score.get());
                history.push(sample.id.as_str(), &sample.content_hash(), &sample.category, score);
            }
            let Some(last) = page.last() else { break };
            wanted.after = Some((last.sample.id.clone(), last.epoch));
        }
    }
    Ok(history.build())
}
