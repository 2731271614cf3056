//! Callers share commits, and nothing else.
#![cfg(feature = "sqlite")]

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use common::{open, url};
use eval_core::conformance::fixtures::{run, scored};
use eval_core::{EvaluationQuery, Store};
use eval_store::DieselStore;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// Long enough for the slowest machine; reached only when somebody waits for ever.
const FOR_EVER: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn put(store: &DieselStore, sample: &str) {
    let id = run("gpt-4o", 0).id;
    let batch = [scored(id, sample, 1, 0.5)];
    timeout(FOR_EVER, store.put_evaluations(id, &batch)).await.expect("an answer").expect("it is stored");
}

#[test]
fn a_runtime_does_not_wait_for_another() {
    let (one, two) = (runtime(), runtime());
    let store = Arc::new(one.block_on(open(":memory:")));
    one.block_on(store.put_run(&run("gpt-4o", 0))).unwrap();
    for n in 0..20 {
        // The first runtime stands still while the second one works, and the other way round.
        one.block_on(put(&store, &format!("one-{n}")));
        two.block_on(put(&store, &format!("two-{n}")));
    }
    drop(one);
    two.block_on(put(&store, "last"));
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_no_other_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, run) = (open(&url(&folder, "eval.db")).await, run("gpt-4o", 0));
    store.put_run(&run).await.unwrap();
    for polls in 0..6 {
        let mut others = tokio::task::JoinSet::new();
        {
            let gone = [scored(run.id, &format!("gone-{polls}"), 1, 0.5)];
            let mut gone = pin!(store.put_evaluations(run.id, &gone));
            for _ in 0..=polls {
                poll_once(gone.as_mut()).await;
                tokio::task::yield_now().await;
            }
            for n in 0..3 {
                let put = scored(run.id, &format!("kept-{polls}-{n}"), 1, 0.5);
                let mut kept = Box::pin(store.put_evaluations(run.id, std::slice::from_ref(&put)));
                poll_once(kept.as_mut()).await;
                drop(kept);
            }
        }
        let id = run.id;
        for n in 0..3 {
            let (url, name) = (url(&folder, "eval.db"), format!("other-{polls}-{n}"));
            others.spawn(async move { put(&open(&url).await, &name).await });
            put(&store, &format!("next-{polls}-{n}")).await;
        }
        others.join_all().await;
        let found = store.evaluations(id, &EvaluationQuery::default()).await.unwrap();
        assert_eq!(found.iter().filter(|one| one.sample.id.as_str().starts_with("next")).count(), 3 * (polls + 1));
    }
    drop(store);
    let store = open(&url(&folder, "eval.db")).await;
    let mut query = EvaluationQuery::default();
    query.limit = usize::MAX;
    let found = store.evaluations(run.id, &query).await.unwrap();
    let accepted = found.iter().filter(|one| !one.sample.id.as_str().starts_with("next")).count();
    assert_eq!(accepted, 6 * (1 + 3 + 3), "what was accepted is stored, also when nobody waits for it");
}

async fn poll_once(mut future: impl Future + Unpin) {
    poll_fn(|context| {
        let _ = pin!(&mut future).poll(context);
        Poll::Ready(())
    })
    .await;
}
