//! Nobody can be connected to, for a while or for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eval_chaos::Chaos;
use eval_core::{
    Again, Completion, Dataset, Evaluator, InMemory, Judge, JudgeError, Provider as _, ProviderError,
    ProviderErrorKind as Kind, ProviderExt as _, RunStatus, Sample, Score, Scripted, Verdict, Waits,
};
use eval_providers::{OutageLayer, RetryLayer};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::{CANARY, client, request};

const TEN_MINUTES: Duration = Duration::from_secs(600);

fn refused() -> ProviderError {
    ProviderError::new(Kind::Network, "cannot connect to h (connection refused)").with_unsent()
}

/// A model that is away until this moment, and counts how often it was tried.
fn away_until(back: Instant) -> (Scripted, Arc<AtomicUsize>) {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let model = Scripted::fallible("away", move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        if Instant::now() < back { Err(refused()) } else { Ok(Completion::new("back")) }
    });
    (model, tries)
}

#[tokio::test(start_paused = true)]
async fn f22_an_outage_is_waited_for_and_costs_no_attempt() {
    let (start, outage) = (Instant::now(), Duration::from_secs(300));
    let (model, tries) = away_until(start + outage);
    let waits = Waits::new();
    let layer = OutageLayer::new(TEN_MINUTES).waits(waits.clone()).seed(7);
    let provider = Arc::new(model.layer(layer).layer(RetryLayer::new(2)));
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move { provider.complete(&request("m")).await })
        })
        .collect();
    tokio::time::sleep(outage / 2).await;
    let wait = waits.now().expect("it is told that all wait");
    assert_eq!((wait.count, wait.reason.as_str()), (20, "cannot connect to h (connection refused)"));
    for call in calls {
        let answer = call.await.expect("no panic").expect("an answer");
        assert!(answer.timing.backing_off_ms >= 300_000.0, "the wait is no latency");
    }
    assert!(start.elapsed() < outage + Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(waits.now(), None);
    // All at the beginning, then one after the other with pauses, then all.
    let tries = tries.load(Ordering::SeqCst);
    assert!((40 + 60..40 + 300).contains(&tries), "{tries} tries in five minutes (seed 7)");
}

#[tokio::test(start_paused = true)]
async fn f22_an_endpoint_that_stays_away_ends_the_run() {
    let start = Instant::now();
    let (model, _) = away_until(start + TEN_MINUTES * 10);
    let provider = model.layer(OutageLayer::new(TEN_MINUTES).seed(7)).layer(RetryLayer::new(5));
    let error = provider.complete(&request("m")).await.expect_err("nobody is there");
    assert!(error.kind == Kind::Outage && error.is_fatal() && !error.is_transient(), "{error}");
    assert!(error.message.contains("connection refused") && error.message.contains("600s"), "{error}");
    assert_eq!(start.elapsed(), TEN_MINUTES);
    // Whoever asks all the same is told at once, and is answered when it is back.
    provider.complete(&request("m")).await.expect_err("still nobody");
    assert_eq!(start.elapsed(), TEN_MINUTES);
    tokio::time::sleep(TEN_MINUTES * 10).await;
    assert_eq!(provider.complete(&request("m")).await.expect("it is back").text, "back");
}

/// The questions in flight are still open: nobody was asked.
#[tokio::test(start_paused = true)]
async fn f22_a_run_whose_endpoint_stays_away_is_no_verdict_on_the_model() {
    let samples = (0..9).map(|at| Sample::new(&*format!("q{at}"), format!("question {at}"))).collect();
    let dataset = Dataset::from_samples("capitals", samples).expect("a data set");
    let asked = Arc::new(AtomicUsize::new(0));
    let back = Instant::now() + TEN_MINUTES * 2;
    let model = Scripted::fallible("m", move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0..3 => Ok(Completion::new("answered")),
        _ if Instant::now() < back => Err(refused()),
        _ => Ok(Completion::new("answered later")),
    });
    let provider = model.layer(OutageLayer::new(TEN_MINUTES)).layer(RetryLayer::new(5));
    let evaluator = Evaluator::builder(provider, Fixed).durable(Arc::new(InMemory::new())).concurrency(2).build();
    let evaluator = evaluator.expect("an evaluator");
    let run = evaluator.run(&dataset, &mut ()).await.expect("a run");
    assert_eq!((run.status, run.stop.as_ref().and_then(|stop| stop.kind)), (RunStatus::Failed, Some(Kind::Outage)));
    let counts = run.summary.expect("a summary").counts;
    assert_eq!((counts.scored, counts.failed), (3, 0), "who was not asked has not failed");

    tokio::time::sleep(TEN_MINUTES).await;
    let run = evaluator.resume(run.id, Again::Missing, &dataset, &mut ()).await.expect("it goes on");
    assert_eq!((run.status, run.summary.expect("a summary").counts.scored), (RunStatus::Finished, 9));
}

/// Takes any answer.
struct Fixed;

#[eval_core::async_trait]
impl Judge for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }

    async fn judge(&self, _: &Sample, _: &Completion) -> Result<Verdict, JudgeError> {
        Ok(Verdict::scored("fixed", Score::ONE, "it is there"))
    }
}

#[tokio::test(start_paused = true)]
async fn f22_a_connection_that_broke_is_no_outage() {
    let broke = || Err(ProviderError::new(Kind::Network, "the connection broke"));
    let provider = Scripted::sequence([broke()]).layer(OutageLayer::new(TEN_MINUTES));
    let error = provider.complete(&request("m")).await.expect_err("it broke");
    assert_eq!((error.kind, error.timing.backing_off_ms), (Kind::Network, 0.0));
}

/// Whatever keeps a connection from being made, nothing was sent and the cause is told.
#[tokio::test]
async fn f22_without_a_connection_nothing_was_sent_and_the_cause_is_named() {
    let chaos = Chaos::start().await.expect("a port");
    let tls = chaos.url().replace("http://", "https://");
    let free = TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a port");
    for (what, url, said) in [
        ("TLS", tls.as_str(), "HandshakeFailure"),
        ("nobody", &format!("http://{free}"), "connection refused"),
        ("DNS", "http://no-such-host.invalid", "the name is unknown"),
    ] {
        let client = client(url).timeout(Duration::from_secs(20)).build().expect("a client");
        let error = client.complete(&request("good")).await.expect_err("no connection");
        let shown = eval_core::error_chain(&error);
        assert!(error.kind == Kind::Network && error.unsent && shown.contains(said), "{what}: {shown}");
        assert!(!shown.contains(CANARY), "{what}: {shown}");
    }
    assert_eq!(chaos.ledger().total(), 0);
}

#[tokio::test]
async fn f22_an_endpoint_that_goes_away_and_comes_back_is_asked_again() {
    let chaos = Arc::new(Chaos::start().await.expect("a port"));
    let waits = Waits::new();
    let client = client(&chaos.url()).build().expect("a client");
    let layer = OutageLayer::new(TEN_MINUTES).waits(waits.clone());
    let provider = Arc::new(client.layer(layer).layer(RetryLayer::new(3).base(Duration::from_millis(1))));
    provider.complete(&request("good")).await.expect("it is there");
    chaos.down().await;
    let asking = tokio::spawn({
        let provider = provider.clone();
        async move { provider.complete(&request("good")).await }
    });
    while waits.now().is_none() {
        tokio::task::yield_now().await;
    }
    chaos.up().await.expect("the same port");
    let answer = asking.await.expect("no panic").expect("it is back");
    assert!(answer.text == "Paris." && answer.timing.backing_off_ms > 0.0);
    assert_eq!(chaos.ledger().calls("good"), 2, "what was not sent was not counted");
}
