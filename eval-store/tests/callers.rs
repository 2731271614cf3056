//! Callers share commits, and nothing else.
#![cfg(feature = "sqlite")]

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use common::{open, url};
use eval_core::conformance::fixtures::{run, scored};
use eval_core::{EvaluationQuery, RunId, Store};
use eval_store::DieselStore;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// Long enough for the slowest machine; reached only when somebody waits for ever.
const FOR_EVER: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn put(store: &DieselStore, run: RunId, sample: &str) {
    let batch = [scored(run, sample, 1, 0.5)];
    timeout(FOR_EVER, store.put_evaluations(run, &batch)).await.expect("an answer").expect("it is stored");
}

#[test]
fn a_runtime_does_not_wait_for_another() {
    let (one, two, run) = (runtime(), runtime(), run("gpt-4o", 0));
    let store = one.block_on(open(":memory:"));
    one.block_on(store.put_run(&run)).unwrap();
    for n in 0..20 {
        // The first runtime stands still while the second one works, and the other way round.
        one.block_on(put(&store, run.id, &format!("one-{n}")));
        two.block_on(put(&store, run.id, &format!("two-{n}")));
    }
    drop(one);
    two.block_on(put(&store, run.id, "last"));
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_no_other_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, run) = (open(&url(&folder, "eval.db")).await, run("gpt-4o", 0));
    store.put_run(&run).await.unwrap();
    for polls in 1..=6 {
        // It goes away at each of its steps, others wait behind it.
        let names = ["gone", "a", "b", "c"].map(|name| format!("{name}-{polls}"));
        let [mut gone, mut a, mut b, mut c] = names.each_ref().map(|name| Box::pin(put(&store, run.id, name)));
        for future in [&mut gone, &mut a, &mut b, &mut c] {
            poll_once(future).await;
        }
        for _ in 1..polls {
            tokio::task::yield_now().await;
            if poll_once(&mut gone).await {
                break;
            }
        }
        drop((gone, b));
        tokio::join!(a, c);
    }
    // Nobody waits for these any more; accepted they are all the same.
    for name in ["x", "y"] {
        poll_once(&mut Box::pin(put(&store, run.id, name))).await;
    }
    drop(store);
    let store = open(&url(&folder, "eval.db")).await;
    let found = store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap();
    assert_eq!(found.len(), 6 * 4 + 2, "what was accepted is stored, also when nobody waits for it");
}

/// Begins a future, or goes on with it, and does not wait. Whether it has ended.
async fn poll_once<F: Future<Output = ()>>(future: &mut Pin<Box<F>>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}
