//! When findings are computed: when a run has finished, else when somebody looks who does not find them.

use eval_core::{DriftReport, HistoryKey, HistoryQuery, MarkKind, Run, RunId};
use eval_drift::{OperationsMonitor, QualityMonitor, share_budget};
use eval_store::{DieselStore, Spill};

use super::{Detector, Findings};
use crate::failure::Failure;
use crate::output::{Console, clean};

/// Those that look where nobody says how: quality, and all that runs beside it.
pub(crate) fn usual() -> Vec<Detector> {
    let mut all: Vec<Detector> = vec![Box::new(QualityMonitor::default())];
    all.extend(OperationsMonitor::all().map(|monitor| Box::new(monitor) as Detector));
    all
}

/// Computes what is found in the histories of these runs after they changed: runs have finished or came in, were marked
/// or deleted. What was found in the newest run of each history before is replaced. A failure is told and stops nobody:
/// who looks later computes what is missing.
pub(crate) async fn renew(console: &Console, store: &dyn Findings, runs: &[Run]) {
    let mut keys: Vec<HistoryKey> = Vec::new();
    for key in runs.iter().filter(|run| run.is_comparable()).map(HistoryKey::of) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for key in keys {
        let name = clean(&key.name);
        if let Err(failure) = newest(store, key).await {
            console.warn(format!("what drifted in {name} was not computed: {failure}"));
        }
    }
}

/// The same when a run has ended. A database in trouble is left alone.
pub(crate) async fn ended(console: &Console, store: &Spill<DieselStore>, runs: &[Run]) {
    if store.spilled().is_none() && !store.is_behind() {
        renew(console, store.inner(), runs).await;
    }
}

/// Computes and stores what the usual detectors find in the newest run of a history.
async fn newest(store: &dyn Findings, key: HistoryKey) -> Result<(), Failure> {
    let mut last = HistoryQuery::under(key);
    last.limit = 1;
    match store.history(&last).await?.first() {
        Some(run) => compute(store, run, &usual()).await.map(|_| ()),
        None => Ok(()),
    }
}

/// What is stored of a run by these detectors; where anything is missing, all of it is computed and stored.
pub(super) async fn reports(
    store: &dyn Findings,
    run: &Run,
    detectors: &[Detector],
) -> Result<Vec<DriftReport>, Failure> {
    let version = store.marks(&HistoryKey::of(run)).await?.len() as u64;
    let stored = store.reports(run.id, version).await?;
    let known = |detector: &Detector| {
        let method = detector.method();
        stored.iter().find(|report| report.method == method).cloned()
    };
    match detectors.iter().map(known).collect() {
        Some(found) => Ok(found),
        None => compute(store, run, detectors).await,
    }
}

async fn compute(store: &dyn Findings, run: &Run, detectors: &[Detector]) -> Result<Vec<DriftReport>, Failure> {
    let marks = store.marks(&HistoryKey::of(run)).await?;
    let version = marks.len() as u64;
    let history = store.windows(&HistoryQuery::of(run).details(true)).await?.marks(marks);
    let mut found: Vec<DriftReport> = detectors.iter().map(|detector| detector.detect(&history)).collect();
    share_budget(&mut found);
    for report in &found {
        store.put_report(run.id, version, report).await?;
    }
    Ok(found)
}

/// What the detectors find when the baseline begins with this run, whatever was accepted since. It is not stored: nobody but
/// who asked would want it.
pub(super) async fn since(
    store: &dyn Findings,
    run: &Run,
    first: RunId,
    detectors: &[Detector],
) -> Result<Vec<DriftReport>, Failure> {
    let mut query = HistoryQuery::of(run).details(true);
    query.limit = super::LONGEST;
    let mut history = store.windows(&query).await?;
    let Some(at) = history.windows.iter().position(|window| window.run == first) else {
        let (id, name) = (first.short(), clean(&run.name));
        return Err(Failure::usage(format!("run {id} is not in the history of {name} that is looked at"))
            .hint("it was made otherwise (prompt, parameters, judge, data set): evalctl compare puts two runs beside each other"));
    };
    history.windows.drain(..at);
    let mut marks = store.marks(&HistoryKey::of(run)).await?;
    marks.retain(|mark| mark.kind == MarkKind::Masked);
    let history = history.marks(marks);
    let mut found: Vec<DriftReport> = detectors.iter().map(|detector| detector.detect(&history)).collect();
    share_budget(&mut found);
    Ok(found)
}
