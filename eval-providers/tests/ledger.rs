//! The ledger of paid calls.

use std::sync::Arc;
use std::time::Duration;

use eval_core::{
    Attempt, AttemptLog as _, AttemptOutcome, Completion, DatasetRef, InMemory, Money, Origin, Provider as _,
    ProviderError, ProviderErrorKind as Kind, ProviderExt as _, Purpose, Request, Run, RunId, Scripted, Store as _,
};
use eval_providers::{LedgerLayer, RetryLayer, TimeoutLayer};

async fn store() -> (Arc<InMemory>, RunId) {
    let store = Arc::new(InMemory::new());
    let run = Run::new("any", DatasetRef::new("sums", "f00d", 1), 1);
    store.put_run(&run).await.expect("memory takes everything");
    (store, run.id)
}

fn request(run: RunId) -> Request {
    Request::new("gpt-4o", vec![]).origin(Some(Origin::answer(run, "a".into(), 1).judge()))
}

async fn attempts(store: &InMemory, run: RunId) -> Vec<Attempt> {
    store.attempts(run, None, 100).await.expect("the run is there")
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_an_attempt_of_its_own_with_its_own_cost() {
    let (store, run) = store().await;
    let answers = [
        Err(ProviderError::new(Kind::Unavailable, "503")),
        Ok(Completion::new("yes").cost(Some(Money::from_nanos(7)))),
    ];
    let provider = Scripted::sequence(answers).layer(LedgerLayer::new(store.clone())).layer(RetryLayer::new(3));
    provider.complete(&request(run)).await.unwrap();
    let attempts = attempts(&store, run).await;
    let ends: Vec<_> = attempts.iter().map(|attempt| attempt.end.clone().unwrap()).collect();
    assert_eq!(ends.iter().map(|end| end.outcome.name()).collect::<Vec<_>>(), ["failed", "answered"]);
    assert_eq!(ends.iter().map(|end| end.cost).collect::<Vec<_>>(), [None, Some(Money::from_nanos(7))]);
    assert!(attempts.iter().all(|attempt| attempt.model == "gpt-4o" && attempt.origin.purpose == Purpose::Judge));
    assert!(attempts[0].id < attempts[1].id);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_any_more_is_abandoned() {
    let (store, run) = store().await;
    struct Hangs;
    #[eval_core::async_trait]
    impl eval_core::Provider for Hangs {
        fn name(&self) -> &str {
            "hangs"
        }
        async fn complete(&self, _: &Request) -> Result<Completion, ProviderError> {
            std::future::pending().await
        }
    }
    let ledger = Hangs.layer(LedgerLayer::new(store.clone()));
    let provider = ledger.layer(TimeoutLayer::new(Duration::from_secs(60)));
    assert_eq!(provider.complete(&request(run)).await.unwrap_err().kind, Kind::Timeout);
    let attempts = attempts(&store, run).await;
    assert_eq!(attempts[0].end.as_ref().unwrap().outcome, AttemptOutcome::Abandoned);
    assert_eq!(attempts[0].end.as_ref().unwrap().cost, None, "nobody knows whether it was paid for");
}

#[tokio::test]
async fn a_call_that_cannot_be_written_down_is_not_made() {
    let (store, _) = store().await;
    let called = Scripted::new("called", |_| panic!("nobody may be called"));
    let provider = called.layer(LedgerLayer::new(store.clone()));
    let error = provider.complete(&request(RunId::new())).await.unwrap_err();
    assert!(error.kind == Kind::Unrecorded && error.is_fatal());
    assert!(eval_core::error_chain(&error).contains("there is no run"), "{error:?}");
}

#[tokio::test]
async fn a_request_of_no_run_leaves_no_trace() {
    let (store, run) = store().await;
    let provider = Scripted::always("hi").layer(LedgerLayer::new(store.clone()));
    provider.complete(&Request::new("any", vec![])).await.unwrap();
    assert_eq!(attempts(&store, run).await, []);
}

/// What a grader said is kept with its verdict; an answer may be lost before it has one.
#[tokio::test]
async fn an_answer_is_written_down_with_its_text() {
    let (store, run) = store().await;
    let said = Completion::new("four").cost(Some(Money::from_nanos(7)));
    let provider = Scripted::sequence([Ok(said.clone()), Ok(said.clone())]).layer(LedgerLayer::new(store.clone()));
    let grading = request(run);
    let origin = Origin::answer(run, "a".into(), 1);
    let asking = Request::new("gpt-4o", vec![]).origin(Some(origin.clone()));
    provider.complete(&asking).await.unwrap();
    provider.complete(&grading).await.unwrap();
    let attempts = attempts(&store, run).await;
    assert_eq!(attempts[0].completion(), Some(said.origin(Some(origin))));
    assert_eq!(attempts[1].completion(), None);
}
