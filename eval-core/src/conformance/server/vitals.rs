//! How a store is.

use super::jobs;
use crate::conformance::{fixtures, must};
use crate::server::{AlertLog, DeliveryState, Finding, JobState, Jobs, Outbox, Subscription, Vitals};
use crate::{Attempt, AttemptEnd, AttemptId, AttemptLog, Completion, Origin, RunStatus, Store};

/// It says what it is, and counts what it keeps.
pub(super) async fn counted(store: &(impl Store + Jobs + Outbox + AlertLog + Vitals)) {
    let found = must(store.condition().await, "a store says how it is");
    assert!(!found.kind.is_empty() && found.current, "{found:?}");
    let empty = must(store.tally().await, "what is kept is counted");
    assert!(empty.jobs.is_empty() && empty.deliveries.is_empty() && empty.open_alerts == 0, "{empty:?}");

    for _ in 0..2 {
        jobs::queued(store, "ann").await;
    }
    let cancelled = jobs::queued(store, "ann").await;
    must(store.cancel(cancelled.id, fixtures::time(9)).await, "a job is cancelled");
    let mut run = fixtures::run("gpt-4o", 10);
    run.status = RunStatus::Finished;
    must(store.put_run(&run).await, "a run is taken");
    must(store.due(fixtures::time(20), &[Subscription::new("a", fixtures::time(0))], 10).await, "what is due is read");
    for key in ["a", "b"] {
        must(store.open(&Finding::new(key, "title"), fixtures::time(1)).await, "a finding is taken");
    }
    must(store.recover("a", fixtures::time(2)).await, "a finding is over");
    let full = must(store.tally().await, "what is kept is counted");
    assert_eq!(full.jobs, [(JobState::Queued, 2), (JobState::Cancelled, 1)].into());
    assert_eq!((full.deliveries, full.open_alerts), ([(DeliveryState::Pending, 1)].into(), 1));
}

/// The attempts since then, those of the newest run first, without what was said.
pub(super) async fn latest(store: &(impl Store + AttemptLog + Vitals)) {
    let mut all: Vec<Attempt> = Vec::new();
    for (number, seconds) in [(1, 10), (2, 20), (3, 30), (4, 40)] {
        let run = fixtures::run("gpt-4o", if number < 3 { 1 } else { 2 });
        if number % 2 == 1 {
            must(store.put_run(&run).await, "a run is taken");
            all.push(Attempt::new(Origin::answer(run.id, "a".into(), 1), "gpt-4o"));
        } else if let Some(origin) = all.last().map(|attempt| attempt.origin.clone()) {
            all.push(Attempt::new(origin, "gpt-4o"));
        }
        let Some(attempt) = all.last_mut() else { continue };
        (attempt.id, attempt.begun) = (AttemptId::from_number(number), fixtures::time(seconds));
        must(store.begin(attempt).await, "an attempt is written down");
        *attempt = attempt.clone().ended(AttemptEnd::answered(&Completion::new("")));
        let said = attempt.end.clone().map(|end| end.text(fixtures::TEXTS[6]));
        store.end(Attempt { end: said, ..attempt.clone() });
    }
    // An end is committed with what is asked on the same connection, at the latest.
    for attempt in &all {
        must(store.attempts(attempt.origin.run, None, 9).await, "attempts are read");
    }
    all.reverse();
    let latest = async |seconds: i64, limit: usize| {
        must(store.latest_attempts(fixtures::time(seconds), limit).await, "the newest attempts are read")
    };
    assert_eq!(latest(0, 9).await, all);
    assert_eq!(latest(20, 9).await, all[..3], "none that began before");
    assert_eq!(latest(0, 3).await, all[..3], "at most so many");
    assert_eq!(latest(41, 9).await, []);
}
