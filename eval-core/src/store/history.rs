//! The runs of one name on one data set.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::anchors;
use crate::{
    Answered, Conditions, Evaluation, EvaluationQuery, FinishReason, History, HistoryBuilder, HistoryKey, Outcome,
    Params, ProviderErrorKind, Run, RunId, RunQuery, RunStatus, Score, Store, StoreError, Verdict,
};

/// Which runs of a history are wanted. Only [comparable](Run::is_comparable) ones, whole and finished, are in it.
///
/// ```
/// use eval_core::HistoryQuery;
/// let mut query = HistoryQuery::new("gpt-4o", "golden");
/// query.limit = 14;
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Whether windows have more than scores: what was [measured](crate::SampleMeasures) of each answer,
    /// [how questions ended](crate::WindowCounts), and who answered. It takes a database several times as long. Default:
    /// no.
    #[serde(default)]
    pub details: bool,
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
            details: false,
        }
    }

    /// The newest 90 runs with which a run can be compared: those that share its name, data set, prompt, parameters
    /// and judges. The run itself is among them.
    pub fn of(run: &Run) -> Self {
        Self::under(HistoryKey::of(run))
    }

    /// The newest 90 runs of a history.
    pub fn under(key: HistoryKey) -> Self {
        let HistoryKey { name, dataset, prompt, params, judge } = key;
        Self { prompt: Some(prompt), params: Some(params), judge: Some(judge), ..Self::new(name, dataset) }
    }

    /// The same query for windows with or without [details](Self::details).
    pub fn details(mut self, yes: bool) -> Self {
        self.details = yes;
        self
    }

    /// The key of the history that is asked for; `None` when the runs wanted may have several.
    pub fn key(&self) -> Option<HistoryKey> {
        let (prompt, params, judge) = (self.prompt.clone()?, self.params.clone()?, self.judge.clone()?);
        Some(HistoryKey { prompt, params, judge, ..HistoryKey::new(&self.name, &self.dataset) })
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
        history.conditions(Conditions::of(run), run.planned);
        if !query.details {
            history.scores_alone();
        }
        let mut wanted = EvaluationQuery { limit: PAGE, ..EvaluationQuery::default() };
        loop {
            let page = store.evaluations(run.id, &wanted).await?;
            page.iter().for_each(|evaluation| match query.details {
                true => add(&mut history, evaluation),
                false => add_score(&mut history, evaluation),
            });
            let Some(last) = page.last() else { break };
            wanted.after = Some((last.sample.id.clone(), last.epoch));
        }
        anchors::add(store, run, &mut history).await?;
    }
    Ok(history.build().key(query.key()))
}

fn add_score(history: &mut HistoryBuilder, evaluation: &Evaluation) {
    if let Some(score) = evaluation.score() {
        let (sample, content) = (&evaluation.sample, evaluation.sample.content_hash());
        history.push(&Answered::scored(sample.id.as_str(), &content, &sample.category, score.get()));
    }
}

fn add(history: &mut HistoryBuilder, evaluation: &Evaluation) {
    let Evaluation { sample, outcome, completion, verdicts, cost, .. } = evaluation;
    let content = sample.content_hash();
    let mut row = Answered::ended(sample.id.as_str(), &content, &sample.category, outcome.kind());
    row.score = outcome.score().map(Score::get);
    let kind = match outcome {
        Outcome::Failed { kind, .. } => Some(*kind),
        _ => None,
    };
    row.timed_out = kind == Some(ProviderErrorKind::Timeout);
    row.refused = kind == Some(ProviderErrorKind::Filtered) || judged_wrong(verdicts, HistoryBuilder::REFUSAL_JUDGE);
    row.misformatted = judged_wrong(verdicts, HistoryBuilder::FORMAT_JUDGE);
    if let Some(answer) = completion {
        row.refused |= FinishReason::is_refusal(&answer.finish);
        let (usage, whole) = (answer.usage, |count: Option<u64>| count.map(|count| count as f64));
        row.measures = [
            evaluation.latency_ms(),
            whole(usage.prompt_tokens),
            whole(usage.completion_tokens),
            cost.map(|cost| cost.nanos() as f64),
            Some(answer.text.len() as f64),
        ];
        history.push(&row);
        history.served(&answer.served, 1);
    } else {
        history.push(&row);
    }
}

/// Whether a judge of this name scored 0.
fn judged_wrong(verdicts: &[Verdict], judge: &str) -> bool {
    verdicts.iter().any(|verdict| verdict.judge == judge && verdict.score == Some(Score::ZERO))
}
