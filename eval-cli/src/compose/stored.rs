//! Stored answers that are judged again.

use std::collections::BTreeMap;

use eval_core::{Dataset, Evaluation, Run, RunId, RunKind, RunQuery, RunStatus, Sample, SampleId, Store};
use eval_drift::stored;

use crate::failure::Failure;
use crate::output::clean;
use crate::refs;

/// The stored answers that are judged again.
#[derive(Debug)]
pub(crate) struct Again {
    /// What the new run is for.
    pub(crate) kind: RunKind,
    /// The run that the answers stand in.
    pub(crate) run: Run,
    /// The answers that they are compared with.
    pub(crate) against: Option<Against>,
}

/// The answers of another run, one for each question.
#[derive(Debug)]
pub(crate) struct Against {
    /// The run.
    pub(crate) run: RunId,
    /// The answers of its first epoch, by question.
    pub(crate) answers: BTreeMap<SampleId, String>,
}

impl Again {
    /// The answers of a run, beside those of another one where they are to be compared, and the questions as a data set.
    pub(crate) async fn of(
        store: &dyn Store,
        kind: RunKind,
        run: Run,
        against: Option<Run>,
    ) -> Result<(Self, Dataset), Failure> {
        let evaluations = stored::evaluations(store, &run).await?;
        if !evaluations.iter().any(|evaluation| evaluation.completion.is_some()) {
            return Err(Failure::usage(format!("run {} has no answers that could be judged", run.id.short())));
        }
        let against = match against {
            Some(other) => Some(beside(store, &evaluations, &run, &other).await?),
            None => None,
        };
        let dataset = questions(&run, &evaluations)?;
        Ok((Self { kind, run, against }, dataset))
    }
}

/// The newest set of frozen answers of a data set.
const NEWEST: &str = "newest";

/// A set of frozen answers: a run of anchors that belongs to no group. Those of a group judged such a set again.
#[derive(Debug)]
pub(crate) struct Frozen {
    /// The set.
    pub(crate) set: Run,
    /// Its questions.
    pub(crate) dataset: Dataset,
}

impl Frozen {
    /// The set that is meant by a run, or by `newest`.
    pub(crate) async fn find(store: &dyn Store, reference: &str, dataset: &str) -> Result<Self, Failure> {
        let set = match reference {
            NEWEST => newest(store, dataset).await?,
            reference => named(store, reference).await?,
        };
        let evaluations = stored::evaluations(store, &set).await?;
        Ok(Self { dataset: questions(&set, &evaluations)?, set })
    }
}

async fn named(store: &dyn Store, reference: &str) -> Result<Run, Failure> {
    let run = refs::resolve(store, reference).await?;
    match (run.kind, run.group, run.of) {
        (RunKind::Anchor, None, _) => Ok(run),
        (RunKind::Anchor, Some(_), Some(set)) => Ok(store.get_run(set).await?),
        _ => {
            let (id, kind) = (run.id.short(), run.kind);
            Err(Failure::usage(format!("run {id} is no set of frozen answers: its kind is {kind}"))
                .hint(format!("evalctl judge anchors --from {id} freezes some of its answers")))
        }
    }
}

async fn newest(store: &dyn Store, dataset: &str) -> Result<Run, Failure> {
    let mut query = RunQuery::default();
    (query.kind, query.status) = (Some(RunKind::Anchor), Some(RunStatus::Finished));
    query.dataset = Some(dataset.to_owned());
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else {
            return Err(Failure::usage(format!("no answers to `{}` are frozen", clean(dataset)))
                .hint("freeze some: evalctl judge anchors --from RUN"));
        };
        query.before = Some(last.id);
        if let Some(set) = page.into_iter().find(|run| run.group.is_none()) {
            return Ok(set);
        }
    }
}

/// The questions of a run, each once.
pub(crate) fn questions(run: &Run, evaluations: &[Evaluation]) -> Result<Dataset, Failure> {
    let mut samples: Vec<Sample> = Vec::new();
    for evaluation in evaluations {
        if samples.last().is_none_or(|last| last.id != evaluation.sample.id) {
            samples.push(Sample::clone(&evaluation.sample));
        }
    }
    Ok(Dataset::from_samples(run.dataset.name.clone(), samples)?)
}

async fn beside(store: &dyn Store, evaluations: &[Evaluation], run: &Run, other: &Run) -> Result<Against, Failure> {
    let mut answers = BTreeMap::new();
    for evaluation in stored::evaluations(store, other).await? {
        if let Some(completion) = evaluation.completion {
            answers.entry(evaluation.sample.id.clone()).or_insert(completion.text);
        }
    }
    let shared = evaluations.iter().any(|evaluation| answers.contains_key(&evaluation.sample.id));
    if !shared {
        let (one, two) = (clean(&run.dataset.name), clean(&other.dataset.name));
        let (run, other) = (run.id.short(), other.id.short());
        return Err(Failure::usage(format!("runs {run} ({one}) and {other} ({two}) answered no question in common")));
    }
    Ok(Against { run: other.id, answers })
}
