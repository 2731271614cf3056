//! What detectors find in the histories of a database: computed once for each run, method and set of marks, and read from
//! then on.

mod computed;
mod earlier;

use std::collections::BTreeMap;

use eval_core::{
    DriftDetector, DriftLog, DriftReport, HistoryQuery, Marks, Reports, Run, RunId, RunQuery, RunStatus, Timestamp,
};

use eval_drift::QualityMonitor;

use crate::failure::{Failure, did_you_mean};

pub(crate) use computed::{ended, renew, usual};
pub(crate) use earlier::Earlier;

/// Runs of a history that are shown at most.
const LONGEST: usize = 1_000;

/// What findings are made of and where they are kept.
pub(crate) trait Findings: Reports + Marks + DriftLog {}

impl<S: Reports + Marks + DriftLog> Findings for S {}

/// One history and what was found in its newest run.
#[derive(Debug)]
pub(crate) struct Found {
    /// The newest run.
    pub(crate) run: Run,
    /// The level of each run, oldest first.
    pub(crate) levels: Vec<Level>,
    /// One for each detector.
    pub(crate) reports: Vec<DriftReport>,
    /// What came before a history that is too short yet.
    pub(crate) earlier: Option<Earlier>,
}

/// A history to look at, by its newest run.
#[derive(Debug)]
pub(crate) struct Watched {
    /// The newest run.
    pub(crate) run: Run,
    /// The run with which the baseline begins; `None` for the start of the era.
    pub(crate) from: Option<RunId>,
}

/// How much of a history is shown: it changes nothing in what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The newest runs, so many.
    Runs(usize),
    /// The runs of so many days before the newest one.
    Days(i64),
}

impl Default for Shown {
    fn default() -> Self {
        Self::Runs(90)
    }
}

/// The mean score of a run.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub(crate) struct Level {
    /// The run.
    pub(crate) run: RunId,
    /// When it began (UTC).
    pub(crate) at: Timestamp,
    /// The mean score, in percent; `None` when nothing was scored.
    pub(crate) percent: Option<f64>,
}

/// A detector that was chosen.
pub(crate) type Detector = Box<dyn DriftDetector>;

/// Looks at these histories. What several of them show is corrected for how many they are.
pub(crate) async fn look(
    store: &dyn Findings,
    watched: Vec<Watched>,
    detectors: &[Detector],
    shown: Shown,
) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for Watched { run, from } in watched {
        let reports = match from {
            Some(first) => computed::since(store, &run, first, detectors).await?,
            None => computed::reports(store, &run, detectors).await?,
        };
        let runs = shown_of(store, &run, shown).await?;
        let is_young = runs.len() < QualityMonitor::MIN_RUNS as usize;
        let earlier = match runs.last().filter(|_| is_young) {
            Some(oldest) => earlier::before(store, oldest).await?,
            None => None,
        };
        found.push(Found { levels: levels(&runs), run, reports, earlier });
    }
    correct(&mut found);
    Ok(found)
}

/// The newest whole run of each of these names, of all when there is none, on one data set or on all, by name.
pub(crate) async fn newest(store: &dyn Findings, names: &[String], dataset: Option<&str>) -> Result<Vec<Run>, Failure> {
    let mut query = RunQuery::default();
    (query.limit, query.status, query.dataset) = (500, Some(RunStatus::Finished), dataset.map(str::to_owned));
    let mut newest: BTreeMap<(String, String), Run> = BTreeMap::new();
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else { break };
        query.before = Some(last.id);
        for run in page.into_iter().filter(Run::is_comparable) {
            newest.entry((run.name.clone(), run.dataset.name.clone())).or_insert(run);
        }
    }
    let known = || newest.keys().map(|(name, _)| name.as_str());
    match names.iter().find(|name| known().all(|known| known != name.as_str())) {
        Some(missing) => Err(unknown(missing, dataset, known())),
        None if newest.is_empty() => Err(nothing(dataset)),
        None => Ok(newest.into_values().filter(|run| names.is_empty() || names.contains(&run.name)).collect()),
    }
}

fn unknown<'a>(name: &str, dataset: Option<&str>, known: impl Iterator<Item = &'a str>) -> Failure {
    let on = dataset.map(|dataset| format!(" on `{dataset}`")).unwrap_or_default();
    let failure = Failure::usage(format!("there is no whole, finished run of `{name}`{on}"));
    match did_you_mean(name, known) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint("`evalctl models` lists the names; runs over a part (--limit, --category) do not count"),
    }
}

fn nothing(dataset: Option<&str>) -> Failure {
    let on = dataset.map(|dataset| format!(" on `{dataset}`")).unwrap_or_default();
    Failure::usage(format!("there is no whole, finished run{on} yet"))
        .hint("runs over a part (--limit, --category, --draw) do not count; start with `evalctl demo` or `evalctl run`")
}

/// The runs of a history that are shown, newest first.
async fn shown_of(store: &dyn Findings, run: &Run, shown: Shown) -> Result<Vec<Run>, Failure> {
    let mut query = HistoryQuery::of(run);
    match shown {
        Shown::Runs(most) => query.limit = most,
        Shown::Days(days) => {
            let seconds = days.saturating_mul(86_400);
            query.since = Timestamp::from_second(run.started.as_second().saturating_sub(seconds)).ok();
            query.limit = LONGEST;
        }
    }
    Ok(store.history(&query).await?)
}

fn levels(runs: &[Run]) -> Vec<Level> {
    let level = |run: &Run| {
        let percent = run.score().map(|score| score.mean * 100.0);
        Level { run: run.id, at: run.started, percent }
    };
    runs.iter().rev().map(level).collect()
}

/// Corrects what is looked at together.
fn correct(found: &mut [Found]) {
    let counts: Vec<usize> = found.iter().map(|found| found.reports.len()).collect();
    let mut all: Vec<DriftReport> = found.iter_mut().flat_map(|found| found.reports.drain(..)).collect();
    eval_drift::correct_family(&mut all);
    let mut all = all.into_iter();
    for (found, count) in found.iter_mut().zip(counts) {
        found.reports.extend(all.by_ref().take(count));
    }
}
