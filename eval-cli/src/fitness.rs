//! What is known of a judge: the newest calibration and the newest audit of it, each kept as a run of kind `audit` whose
//! tags say what came out.

use eval_core::{Label, Labels, Money, Run, RunKind, RunQuery, RunStatus, Store, Summary, Timestamp, Total};
use eval_judge::Fitness;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::one_line;

/// The tag that says which of both it is.
const CHECK: &str = "check";
/// The tag that says what came out.
const FITNESS: &str = "fitness";
/// The tag that says why.
const WHY: &str = "why";

/// How a judge was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Against what people said.
    Calibration,
    /// Against its own weaknesses.
    Audit,
}

impl Check {
    const fn name(self) -> &'static str {
        match self {
            Self::Calibration => "calibration",
            Self::Audit => "audit",
        }
    }
}

/// The word for it.
pub(crate) const fn word(fitness: Fitness) -> &'static str {
    match fitness {
        Fitness::Fit => "fit",
        Fitness::Unfit => "unfit",
        _ => "unknown",
    }
}

/// A run that keeps what is found of the judge of another run: it begins now, and is interrupted until it has
/// [ended].
pub(crate) fn begun(of: &Run, judge: &str, hash: &str, check: Check) -> Run {
    let mut run = Run::new(of.model.clone(), of.dataset.clone(), 0);
    (run.kind, run.of, run.status) = (RunKind::Audit, Some(of.id), RunStatus::Interrupted);
    run.name.clone_from(&of.name);
    run.provenance.simulated = of.provenance.simulated;
    (run.provenance.judge, run.provenance.judge_hash) = (judge.to_owned(), hash.to_owned());
    run.provenance.harness = env!("CARGO_PKG_VERSION").to_owned();
    run.tags.insert(CHECK.to_owned(), check.name().to_owned());
    run
}

/// The same run with what came out, in words and figures, and what it cost.
pub(crate) fn ended(
    mut run: Run,
    fitness: Fitness,
    why: &str,
    figures: impl IntoIterator<Item = (&'static str, String)>,
    cost: Total<Money>,
) -> Run {
    let said = [(FITNESS, word(fitness).to_owned()), (WHY, why.to_owned())];
    run.tags.extend(said.into_iter().chain(figures).map(|(key, value)| (key.to_owned(), value)));
    let mut summary = Summary::default();
    summary.judge_cost = cost;
    (run.status, run.finished, run.summary) = (RunStatus::Finished, Some(Timestamp::now()), Some(summary));
    run
}

/// What is known of a judge.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Known {
    /// The newest comparison with people; `None` when there was none.
    calibration: Option<Found>,
    /// The newest test; `None` when there was none.
    audit: Option<Found>,
}

/// What came out of a look at a judge.
#[derive(Debug, Serialize)]
struct Found {
    run: eval_core::RunId,
    at: Timestamp,
    fitness: String,
    why: String,
    /// Figures in words, for instance `κ 0.81`.
    #[serde(skip)]
    figures: Vec<String>,
}

impl Found {
    fn of(run: &Run) -> Self {
        let tag = |key: &str| run.tags.get(key).cloned();
        let figures = [("κ", "kappa"), ("α", "alpha"), ("n", "n")];
        let figures = figures.into_iter().filter_map(|(sign, key)| Some(format!("{sign} {}", tag(key)?)));
        let (fitness, why) = (tag(FITNESS).unwrap_or_default(), tag(WHY).unwrap_or_default());
        Self { run: run.id, at: run.started, fitness, why, figures: figures.collect() }
    }

    /// `fit (κ 0.81, n 100, 2026-11-12)`; one that is not fit says why.
    fn words(&self) -> String {
        let mut beside = self.figures.clone();
        beside.extend((self.fitness != word(Fitness::Fit)).then(|| one_line(&self.why)));
        beside.push(self.at.strftime("%Y-%m-%d").to_string());
        format!("{} ({})", one_line(&self.fitness), beside.join(", "))
    }
}

impl Known {
    /// What is known of the judge with this hash.
    pub(crate) async fn of(store: &dyn Store, hash: &str) -> Result<Self, Failure> {
        let (mut known, mut query) = (Self::default(), RunQuery::default());
        (query.kind, query.status) = (Some(RunKind::Audit), Some(RunStatus::Finished));
        loop {
            let page = store.list_runs(&query).await?;
            let Some(last) = page.last() else { return Ok(known) };
            query.before = Some(last.id);
            for run in page.iter().filter(|run| run.provenance.judge_hash == hash) {
                let is = |check: Check| run.tags.get(CHECK).is_some_and(|found| found == check.name());
                if is(Check::Calibration) {
                    known.calibration.get_or_insert_with(|| Found::of(run));
                } else if is(Check::Audit) {
                    known.audit.get_or_insert_with(|| Found::of(run));
                }
            }
            if known.calibration.is_some() && known.audit.is_some() {
                return Ok(known);
            }
        }
    }

    /// For instance `fit (κ 0.81, α 0.84, n 100, 2026-11-12)`, or `never calibrated`.
    pub(crate) fn words(&self) -> String {
        let calibration = self.calibration.as_ref().map_or_else(|| "never calibrated".to_owned(), Found::words);
        match &self.audit {
            Some(audit) => format!("{calibration}; audit: {}", audit.words()),
            None => calibration,
        }
    }
}

/// What people said of the answers of a run: those of the run whose answers it judged again are the same ones.
pub(crate) async fn labels<S: Store + Labels>(store: &S, run: &Run) -> Result<Vec<Label>, Failure> {
    let mut labels = store.labels(run.id).await?;
    if let (RunKind::Rescore, Some(of)) = (run.kind, run.of) {
        labels.extend(store.labels(of).await?);
        labels.sort_by(|a, b| (&a.sample, a.epoch, &a.author).cmp(&(&b.sample, b.epoch, &b.author)));
    }
    Ok(labels)
}
