//! What detectors find in the histories of a database: computed once for each run, method and set of marks, and read from
//! then on.

use std::collections::BTreeMap;

use eval_core::{
    DriftDetector, DriftLog, DriftReport, HistoryKey, HistoryQuery, Marks, Reports, Run, RunId, RunQuery, RunStatus,
    Timestamp,
};

use crate::failure::{Failure, did_you_mean};

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

/// Looks at the histories of these names, of all when there is none, on one data set or on all. What several histories
/// show is corrected for how many they are.
pub(crate) async fn look(
    store: &dyn Findings,
    names: &[String],
    dataset: Option<&str>,
    detectors: &[Detector],
) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for run in newest(store, names, dataset).await? {
        let reports = reports(store, &run, detectors).await?;
        found.push(Found { levels: levels(store, &run).await?, run, reports });
    }
    correct(&mut found);
    Ok(found)
}

/// The newest whole run of each name and data set, by name.
async fn newest(store: &dyn Findings, names: &[String], dataset: Option<&str>) -> Result<Vec<Run>, Failure> {
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

/// What the detectors find in the newest run of a history. What is stored is read; the history is read only when something
/// is missing.
async fn reports(store: &dyn Findings, run: &Run, detectors: &[Detector]) -> Result<Vec<DriftReport>, Failure> {
    let marks = store.marks(&HistoryKey::of(run)).await?;
    let version = marks.len() as u64;
    let stored = store.reports(run.id, version).await?;
    let known = |detector: &Detector| {
        let method = detector.method();
        stored.iter().find(|report| report.method == method).cloned()
    };
    let mut found: Vec<Option<DriftReport>> = detectors.iter().map(known).collect();
    if found.iter().any(Option::is_none) {
        let history = store.windows(&HistoryQuery::of(run).details(true)).await?.marks(marks);
        for (detector, report) in detectors.iter().zip(&mut found).filter(|(_, report)| report.is_none()) {
            let new = detector.detect(&history);
            store.put_report(run.id, version, &new).await?;
            *report = Some(new);
        }
    }
    Ok(found.into_iter().flatten().collect())
}

async fn levels(store: &dyn Findings, run: &Run) -> Result<Vec<Level>, Failure> {
    let runs = store.history(&HistoryQuery::of(run)).await?;
    let level = |run: &Run| {
        let percent = run.score().map(|score| score.mean * 100.0);
        Level { run: run.id, at: run.started, percent }
    };
    Ok(runs.iter().rev().map(level).collect())
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
