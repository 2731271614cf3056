//! The cap of a day, over one database.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use eval_core::{
    Allowance, Amount, Attempt, AttemptEnd, AttemptLog, Cap, Completion, DatasetRef, Money, Origin, Refusal, Run,
    Scope, Spending, Store, Usage,
};
use eval_store::{DailyCap, DieselStore};
use tokio::task::JoinSet;

/// A day's allowance, and what one call may cost and does.
const CAP: i64 = 100_000;
const MOST: i64 = 900;

/// One trigger: leave, a call that is written down, its end. Gives whether it was allowed.
async fn trigger(store: &DieselStore, cap: &DailyCap, run: &Run, spent: &AtomicI64, n: u64) -> bool {
    let origin = Origin::answer(run.id, format!("q{n}").as_str().into(), 1);
    let amount = Amount::new(Some(100), Some(Money::from_nanos(MOST)));
    let grant = match cap.reserve(&Scope::call(&origin, "m"), amount).await {
        Ok(grant) => grant,
        Err(Refusal::Capped(why)) => {
            assert!(why.contains("the cap of the day (UTC), $0.0001"), "{why}");
            return false;
        }
        Err(other) => panic!("{other}"),
    };
    let attempt = Attempt::new(origin, "m");
    store.begin(&attempt).await.expect("an attempt is written down");
    tokio::task::yield_now().await;
    let cost = 1 + (n.wrapping_mul(0x9e37_79b9) % MOST as u64) as i64;
    spent.fetch_add(cost, Ordering::SeqCst);
    let end = AttemptEnd::answered(&Completion::new("4").usage(Usage::new(5, 5)).cost(Some(Money::from_nanos(cost))));
    store.end(attempt.ended(end.clone()));
    cap.settle(grant, Spending::of(&end));
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_a_thousand_triggers_never_pass_the_cap_of_the_day() {
    let store = Arc::new(DieselStore::open(":memory:").await.expect("a database"));
    let run = Arc::new(Run::new("m", DatasetRef::new("sums", "f00d", 1), 1));
    store.put_run(&run).await.expect("a run is stored");
    let (spent, allowed) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicU64::new(0)));
    // As many processes one after the other, each with several calls in flight.
    for process in 0..4 {
        let cap = Arc::new(DailyCap::new(store.clone(), Cap::new(Some(Money::from_nanos(CAP)), None, None)));
        let mut calls = JoinSet::new();
        for n in 0..250 {
            let (store, cap, run) = (store.clone(), cap.clone(), run.clone());
            let (spent, allowed) = (spent.clone(), allowed.clone());
            calls.spawn(async move {
                let made = trigger(&store, &cap, &run, &spent, process * 250 + n).await;
                allowed.fetch_add(u64::from(made), Ordering::SeqCst);
            });
        }
        calls.join_all().await;
    }
    let spent = spent.load(Ordering::SeqCst);
    assert!(spent <= CAP, "{spent} of {CAP} were spent");
    assert!(spent > CAP - MOST, "less was let through than the cap allows: {spent}");
    assert!((100..1_000).contains(&allowed.load(Ordering::SeqCst)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_spent_counts_and_a_database_in_trouble_allows_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = folder.path().join("day.db").to_string_lossy().into_owned();
    let (ours, theirs) =
        (DieselStore::open(&url).await.expect("a database"), DieselStore::open(&url).await.expect("it"));
    let (ours, run) = (Arc::new(ours), Run::new("m", DatasetRef::new("sums", "f00d", 1), 1));
    ours.put_run(&run).await.expect("a run is stored");
    let cap = DailyCap::new(ours.clone(), Cap::new(None, Some(2), None));
    let grant = cap.reserve(&Scope::all(), Amount::default()).await.expect("nothing is spent yet");
    cap.settle(grant, Spending::default());
    for _ in 0..2 {
        let attempt = Attempt::new(Origin::answer(run.id, "a".into(), 1), "m");
        theirs.begin(&attempt).await.expect("an attempt is written down");
        theirs.end(attempt.ended(AttemptEnd::answered(&Completion::new("4"))));
    }
    theirs.put_run(&run).await.expect("what was told is committed");
    // What was read is taken for true for a second at most; a refusal is never made of what is old.
    let mut refused = false;
    for _ in 0..3 {
        match cap.reserve(&Scope::all(), Amount::default()).await {
            Ok(grant) => cap.settle(grant, Spending::FREE),
            Err(why) => refused = matches!(why, Refusal::Capped(_)),
        }
    }
    assert!(refused, "two calls of another process and ours are more than two");
}
