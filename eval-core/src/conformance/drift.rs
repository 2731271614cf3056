//! What every store must do that keeps baselines, marks and reports of drift.

use super::{fixtures, must};
use crate::{
    Baseline, Baselines, DriftLog, DriftReport, Effect, HistoryKey, Mark, MarkKind, Marks, Measure, Method, Params,
    Run, RunId, Status, Store, StoreError,
};

/// Holds a store to the contracts of [`Baselines`], [`Marks`] and [`DriftLog`]. `make` gives an empty store each time that
/// it is called.
///
/// # Panics
/// When something does not hold; the message says what.
pub async fn drift<S: Store + Baselines + Marks + DriftLog>(make: impl AsyncFn() -> S) {
    blessed(&make().await).await;
    marked(&make().await).await;
    found(&make().await).await;
}

async fn stored_run(store: &impl Store, name: &str, seconds: i64) -> Run {
    let mut run = fixtures::run("gpt-4o", seconds);
    run.name = name.into();
    must(store.put_run(&run).await, "a run is taken");
    run
}

async fn blessed(store: &(impl Store + Baselines)) {
    let [first, second] = [stored_run(store, fixtures::TEXTS[6], 0).await, stored_run(store, "other", 9).await];
    let baseline =
        |run: &Run, seconds: i64| Baseline::of(run, fixtures::TEXTS[3], fixtures::TEXTS[2]).at(fixtures::time(seconds));
    let all = [baseline(&second, 30), baseline(&first, 20), baseline(&first, 10)];
    for one in [&all[2], &all[0], &all[1], &all[1]] {
        must(store.bless(one).await, "a run is blessed");
    }
    let read = async |name: Option<&str>, dataset: Option<&str>| {
        must(store.baselines(name, dataset).await, "baselines are read")
    };
    assert_eq!(read(None, None).await, all, "newest first, and to repeat a call changes nothing");
    assert_eq!(read(Some(&first.name), None).await, all[1..], "of a name");
    assert_eq!(read(Some("other"), Some("golden")).await, all[..1], "of a name on a data set");
    assert_eq!(read(None, Some("' OR 1=1 --")).await, [], "of no data set");
    let cleared = must(store.clear_baselines(&first.name, "golden").await, "baselines are cleared");
    assert_eq!((cleared, read(None, None).await), (2, all[..1].to_vec()), "only those of the name are gone");
    let nobody = store.bless(&Baseline { run: RunId::new(), ..all[0].clone() }).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))), "a run that is not there is not blessed: {nobody:?}");
}

async fn marked(store: &impl Marks) {
    let key = HistoryKey {
        prompt: "p".into(),
        params: Params::new().with("temperature", 0.1 + 0.2).with("stop", fixtures::TEXTS[3]),
        ..HistoryKey::new(fixtures::TEXTS[6], "golden")
    };
    let others = [HistoryKey { judge: "j".into(), ..key.clone() }, HistoryKey { params: Params::new(), ..key.clone() }];
    let mark = |key: &HistoryKey, kind: MarkKind, seconds: i64| {
        let mark = Mark::new(key.clone(), RunId::new(), kind, fixtures::TEXTS[3], fixtures::TEXTS[4]);
        let id = mark.id;
        mark.made(id, fixtures::time(seconds))
    };
    let marks = [mark(&key, MarkKind::Accepted, 20), mark(&key, MarkKind::Masked, 10)];
    for one in [&marks[1], &mark(&others[0], MarkKind::Masked, 0), &marks[0], &marks[0]] {
        must(store.put_mark(one).await, "a mark is taken");
    }
    assert_eq!(must(store.marks(&key).await, "marks are read"), marks, "in the order in which they were made");
    assert_eq!(must(store.marks(&others[0]).await, "marks are read").len(), 1, "of another judge");
    assert_eq!(must(store.marks(&others[1]).await, "marks are read"), [], "of other parameters");
}

async fn found(store: &(impl Store + DriftLog)) {
    let run = stored_run(store, "gpt-4o", 0).await;
    let report = |name: &str, change: f64| {
        let mut report = DriftReport::new(Method::new(name, 1).seed(7), Measure::Quality, Status::Worse);
        (report.run, report.at, report.key) = (Some(run.id), Some(run.started), Some(HistoryKey::of(&run)));
        report.effect = Effect::points(change, Some((change - 1.0 / 3.0, 0.1 + 0.2)));
        report.because(fixtures::TEXTS[6])
    };
    let [first, second] = [report("a", -4.4), report("b", 1e-300)];
    let read = async |version: u64| must(store.reports(run.id, version).await, "reports are read");
    assert_eq!(read(0).await, [], "nothing was computed yet");
    for one in [&second, &report("a", 0.0), &first] {
        must(store.put_report(run.id, 0, one).await, "a report is taken");
    }
    must(store.put_report(run.id, 1, &second).await, "a report is taken");
    assert_eq!(read(0).await, [first, second.clone()], "by method, the last one counts, to the digit");
    assert_eq!(read(1).await, std::slice::from_ref(&second), "of another version of the marks");
    let nobody = store.put_report(RunId::new(), 0, &second).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))), "a run that is not there has no report: {nobody:?}");
}
