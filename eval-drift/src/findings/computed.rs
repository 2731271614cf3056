//! When findings are computed: when a run has finished, else when somebody looks who does not find them.

use eval_core::{DriftReport, History, HistoryKey, HistoryQuery, MarkKind, Run, RunId, StoreError};

use super::{Detector, Findings, FindingsError, LONGEST};
use crate::share_budget;

/// What is stored of a run by these detectors; where anything is missing, all of it is computed and stored.
pub(super) async fn reports(
    store: Findings<'_>,
    run: &Run,
    detectors: &[Detector],
) -> Result<Vec<DriftReport>, StoreError> {
    let version = store.marks.marks(&HistoryKey::of(run)).await?.len() as u64;
    let stored = store.log.reports(run.id, version).await?;
    let known = |detector: &Detector| {
        let method = detector.method();
        stored.iter().find(|report| report.method == method).cloned()
    };
    match detectors.iter().map(known).collect() {
        Some(found) => Ok(found),
        None => compute(store, run, detectors).await,
    }
}

pub(super) async fn compute(
    store: Findings<'_>,
    run: &Run,
    detectors: &[Detector],
) -> Result<Vec<DriftReport>, StoreError> {
    let marks = store.marks.marks(&HistoryKey::of(run)).await?;
    let version = marks.len() as u64;
    let history = store.runs.windows(&HistoryQuery::of(run).details(true)).await?.marks(marks);
    let found = detect(detectors, &history);
    for report in &found {
        store.log.put_report(run.id, version, report).await?;
    }
    Ok(found)
}

/// What the detectors find when the baseline begins with this run, whatever was accepted since. It is not stored: nobody but
/// who asked would want it.
pub(super) async fn since(
    store: Findings<'_>,
    run: &Run,
    first: RunId,
    detectors: &[Detector],
) -> Result<Vec<DriftReport>, FindingsError> {
    let mut query = HistoryQuery::of(run).details(true);
    query.limit = LONGEST;
    let mut history = store.runs.windows(&query).await?;
    let Some(at) = history.windows.iter().position(|window| window.run == first) else {
        return Err(FindingsError::NotInHistory { run: first, name: run.name.clone() });
    };
    history.windows.drain(..at);
    let mut marks = store.marks.marks(&HistoryKey::of(run)).await?;
    marks.retain(|mark| mark.kind == MarkKind::Masked);
    Ok(detect(detectors, &history.marks(marks)))
}

fn detect(detectors: &[Detector], history: &History) -> Vec<DriftReport> {
    let mut found: Vec<DriftReport> = detectors.iter().map(|detector| detector.detect(history)).collect();
    share_budget(&mut found);
    found
}
