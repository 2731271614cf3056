//! The layers, on the paused clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eval_core::{
    Completion, Money, Provider, ProviderError, ProviderErrorKind as Kind, ProviderExt as _, Request, Scripted, Timing,
    async_trait,
};
use eval_providers::{LimitLayer, RetryLayer, TimeoutLayer};
use tokio::time::Instant;

fn request() -> Request {
    Request::new("m", vec![])
}

fn failure(kind: Kind) -> Result<Completion, ProviderError> {
    Err(ProviderError::new(kind, "no").with_timing(Timing::service(1.0)))
}

fn busy(seconds: u64) -> Result<Completion, ProviderError> {
    let error = ProviderError::new(Kind::RateLimited, "slow down");
    Err(error.with_retry_after(Some(Duration::from_secs(seconds))))
}

/// Takes its time, counts its calls and how many are in it at once, and fails so many times first.
struct Slow {
    takes: Duration,
    failures: usize,
    calls: AtomicUsize,
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Slow {
    fn new(takes: Duration, failures: usize) -> Arc<Self> {
        let zero = || AtomicUsize::new(0);
        Arc::new(Self { takes, failures, calls: zero(), inside: zero(), most: zero() })
    }
}

#[async_trait]
impl Provider for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    async fn complete(&self, _: &Request) -> Result<Completion, ProviderError> {
        let start = Instant::now();
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        self.most.fetch_max(self.inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        let timing = Timing::service(start.elapsed().as_secs_f64() * 1e3);
        if call < self.failures {
            return Err(ProviderError::new(Kind::Unavailable, "503").with_timing(timing));
        }
        Ok(Completion::new("ok").timing(timing))
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_attempt_is_a_transient_timeout() {
    let provider = Slow::new(Duration::from_secs(10), 0).layer(TimeoutLayer::new(Duration::from_secs(3)));
    let error = provider.complete(&request()).await.unwrap_err();
    assert_eq!((error.kind, error.is_transient()), (Kind::Timeout, true));
    assert_eq!(error.timing.service_ms.map(f64::round), Some(3_000.0));
    assert_eq!(provider.name(), "slow");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_permit_is_queued_time_and_not_latency() {
    let slow = Slow::new(Duration::from_secs(1), 0);
    let provider = Arc::new(slow.clone().layer(LimitLayer::new(2)));
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move { provider.complete(&request()).await })
        })
        .collect();
    let mut queued = Vec::new();
    for call in calls {
        let timing = call.await.unwrap().unwrap().timing;
        queued.push(timing.queued_ms.round());
        assert_eq!(timing.service_ms.map(f64::round), Some(1_000.0));
    }
    assert_eq!(queued, [0.0, 0.0, 1_000.0, 1_000.0, 2_000.0, 2_000.0]);
    assert_eq!(slow.most.load(Ordering::SeqCst), 2);
    assert_eq!(provider.name(), "slow");
}

#[tokio::test(start_paused = true)]
async fn errors_tell_their_queued_time_too() {
    let provider = Arc::new(Slow::new(Duration::from_secs(1), 9).layer(LimitLayer::new(0)));
    let request = request();
    let (first, second) = tokio::join!(provider.complete(&request), provider.complete(&request));
    let queued = [first, second].map(|result| result.unwrap_err().timing.queued_ms.round());
    assert_eq!(queued, [0.0, 1_000.0], "a limit of 0 is a limit of 1");
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_tried_again_and_others_are_not() {
    for kind in Kind::ALL {
        let provider = Scripted::sequence([failure(kind), Ok(Completion::new("ok"))]).layer(RetryLayer::new(3));
        assert_eq!(provider.complete(&request()).await.is_ok(), kind.is_transient(), "{kind}");
        assert_eq!(provider.name(), "scripted");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded_and_the_last_error_says_how_many() {
    let slow = Slow::new(Duration::from_millis(100), usize::MAX);
    let error = slow.clone().layer(RetryLayer::new(4).seed(1)).complete(&request()).await.unwrap_err();
    assert_eq!(slow.calls.load(Ordering::SeqCst), 4);
    assert_eq!(error.to_string(), "unavailable: 503 (after 4 attempts)");
    assert_eq!(error.timing.service_ms.map(f64::round), Some(100.0));
    assert!(error.timing.backing_off_ms >= 300.0, "{:?}", error.timing);

    let error = slow.clone().layer(RetryLayer::new(0)).complete(&request()).await.unwrap_err();
    assert_eq!((slow.calls.load(Ordering::SeqCst), error.to_string().as_str()), (5, "unavailable: 503"));
    assert_eq!(error.timing.backing_off_ms, 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_answer_is_asked_for_once_more_only() {
    let provider = |failures: usize| {
        let script = std::iter::repeat_with(|| failure(Kind::Malformed)).take(failures);
        Scripted::sequence(script.chain([Ok(Completion::new("ok"))])).layer(RetryLayer::new(9))
    };
    assert!(provider(1).complete(&request()).await.is_ok());
    assert_eq!(provider(2).complete(&request()).await.unwrap_err().kind, Kind::Malformed);

    let mixed = [failure(Kind::Malformed), failure(Kind::Timeout), failure(Kind::Malformed), Ok(Completion::new("ok"))];
    let error = Scripted::sequence(mixed).layer(RetryLayer::new(9)).complete(&request()).await.unwrap_err();
    assert!(error.message.ends_with("(after 3 attempts)"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn never_before_the_time_that_the_endpoint_names() {
    for seed in 0..50 {
        let start = Instant::now();
        let provider = Scripted::sequence([busy(7), Ok(Completion::new("ok"))]).layer(RetryLayer::new(2).seed(seed));
        let timing = provider.complete(&request()).await.unwrap().timing;
        let waited = start.elapsed();
        assert!((7_000..7_501).contains(&waited.as_millis()), "seed {seed}: {waited:?}");
        assert_eq!(timing.backing_off_ms.round(), (waited.as_secs_f64() * 1e3).round());
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_past_the_cap_is_given_up_at_once() {
    for (seconds, cap, expected) in [(60, 60, true), (61, 60, false), (61, 90, true), (u64::MAX, 60, false)] {
        let start = Instant::now();
        let layer = RetryLayer::new(5).max_retry_after(Duration::from_secs(cap));
        let provider = Scripted::sequence([busy(seconds), Ok(Completion::new("ok"))]).layer(layer);
        assert_eq!(provider.complete(&request()).await.is_ok(), expected, "{seconds} {cap}");
        assert!(expected || start.elapsed().is_zero());
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_double_from_the_base_to_the_cap_and_repeat_with_the_seed() {
    let pauses = |seed| async move {
        let layer = RetryLayer::new(6).base(Duration::from_secs(1)).cap(Duration::from_secs(4)).seed(seed);
        let start = Instant::now();
        let failures = std::iter::repeat_with(|| failure(Kind::Network)).take(5);
        let provider = Scripted::sequence(failures.chain([Ok(Completion::new("ok"))])).layer(layer);
        provider.complete(&request()).await.unwrap();
        start.elapsed()
    };
    assert_eq!(pauses(3).await, pauses(3).await);
    assert_ne!(pauses(3).await, pauses(4).await);
    for seed in 0..20 {
        assert!(pauses(seed).await <= Duration::from_secs(1 + 2 + 4 + 4 + 4), "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_attempts_cost_is_added() {
    let nanos = |nanos| Some(Money::from_nanos(nanos));
    let paid = |cost| {
        let mut error = ProviderError::new(Kind::Malformed, "null");
        error.cost = cost;
        Err(error)
    };
    let cost = |script: Vec<Result<Completion, ProviderError>>| async {
        match Scripted::sequence(script).layer(RetryLayer::new(9)).complete(&request()).await {
            Ok(completion) => completion.cost,
            Err(error) => error.cost,
        }
    };
    let answer = |cost| Ok(Completion::new("ok").cost(cost));
    assert_eq!(cost(vec![paid(nanos(5)), failure(Kind::Timeout), answer(nanos(7))]).await, nanos(12));
    assert_eq!(cost(vec![failure(Kind::Timeout), answer(nanos(7))]).await, nanos(7));
    assert_eq!(cost(vec![paid(nanos(5)), answer(None)]).await, None, "unknown stays unknown");
    assert_eq!(cost(vec![paid(nanos(5)), failure(Kind::Auth)]).await, nanos(5));
    assert_eq!(cost(vec![paid(nanos(5)), paid(nanos(6))]).await, nanos(11));
}

/// With the recommended order a permit is free while a retry pauses, and the deadline is an attempt's own.
#[tokio::test(start_paused = true)]
async fn no_permit_is_held_during_a_pause() {
    let slow = Slow::new(Duration::from_secs(1), 1);
    let provider = slow
        .layer(TimeoutLayer::new(Duration::from_millis(1_500)))
        .layer(LimitLayer::new(1))
        .layer(RetryLayer::new(2).base(Duration::from_secs(100)).seed(5));
    let start = Instant::now();
    let quick = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        provider.complete(&request()).await.unwrap();
        start.elapsed()
    };
    let request = request();
    let (retried, quick) = tokio::join!(provider.complete(&request), quick);
    let timing = retried.unwrap().timing;
    assert_eq!(quick.as_secs(), 2, "the second call ran during the first one's pause");
    assert!(timing.backing_off_ms > 5_000.0, "{timing:?}");
    assert_eq!((timing.queued_ms.round(), timing.service_ms.map(f64::round)), (0.0, Some(1_000.0)));
}

/// The other way round, a call that pauses would keep the others waiting: the last layer is the outermost.
#[tokio::test(start_paused = true)]
async fn the_last_layer_is_outermost() {
    let provider = Slow::new(Duration::from_secs(1), 1)
        .layer(RetryLayer::new(2).base(Duration::from_secs(100)).seed(5))
        .layer(LimitLayer::new(1));
    let second = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        provider.complete(&request()).await
    };
    let request = request();
    let (first, second) = tokio::join!(provider.complete(&request), second);
    let pause = first.unwrap().timing.backing_off_ms;
    assert!(second.unwrap().timing.queued_ms > pause);
}
