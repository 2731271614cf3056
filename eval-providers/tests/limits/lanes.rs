//! What a lane does with what an endpoint says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eval_core::{
    Completion, Message, Provider, ProviderError, ProviderErrorKind as Kind, ProviderExt as _, Request, Scripted,
    Timing, Usage, Waits, async_trait,
};
use eval_providers::{LimitLayer, RetryLayer};
use tokio::time::{Instant, sleep, timeout};

use crate::endpoint::crowd;

/// Answers after a while, and refuses whoever comes while so many are inside.
struct Rooms {
    rooms: usize,
    takes: Duration,
    inside: AtomicUsize,
}

impl Rooms {
    fn new(rooms: usize, takes: Duration) -> Arc<Self> {
        Arc::new(Self { rooms, takes, inside: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Provider for Rooms {
    fn name(&self) -> &str {
        "rooms"
    }

    async fn complete(&self, _: &Request) -> Result<Completion, ProviderError> {
        if self.inside.load(Ordering::SeqCst) >= self.rooms {
            return Err(ProviderError::new(Kind::RateLimited, "429: no room"));
        }
        self.inside.fetch_add(1, Ordering::SeqCst);
        let leaves = Leaves(&self.inside);
        sleep(self.takes).await;
        drop(leaves);
        Ok(Completion::new("ok").timing(Timing::service(self.takes.as_secs_f64() * 1e3)))
    }
}

struct Leaves<'a>(&'a AtomicUsize);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn request(model: &str) -> Request {
    Request::new(model, vec![Message::user("What is 2 + 2?")])
}

fn refusal(asked: Option<u64>) -> Result<Completion, ProviderError> {
    Err(ProviderError::new(Kind::RateLimited, "429").with_retry_after(asked.map(seconds)))
}

/// The mean of the calls inside from 20 s to 30 s.
async fn inside_after_20_s(rooms: Arc<Rooms>, callers: usize) -> f64 {
    let layers = rooms.clone().layer(LimitLayer::adaptive(1, 1_000).seed(1)).layer(RetryLayer::new(5));
    let calls = tokio::spawn(crowd(Arc::new(layers), callers, 30));
    sleep(Duration::from_millis(20_100)).await;
    let mut sum = 0;
    for _ in 0..98 {
        sum += rooms.inside.load(Ordering::SeqCst);
        sleep(Duration::from_millis(100)).await;
    }
    calls.await.expect("nobody panics");
    sum as f64 / 98.0
}

#[tokio::test(start_paused = true)]
async fn climbs_to_the_best_concurrency_within_20_seconds() {
    for rooms in [100, 300, 600, 900, usize::MAX] {
        let inside = inside_after_20_s(Rooms::new(rooms, Duration::from_millis(500)), 1_000).await;
        assert!(inside >= 0.9 * rooms.min(1_000) as f64, "{rooms} rooms: {inside}");
    }
}

#[tokio::test(start_paused = true)]
async fn f19_a_time_to_wait_holds_the_whole_lane_and_no_other() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (begun, noted) = (Instant::now(), calls.clone());
    let busy = Scripted::fallible("busy", move |request: &Request| {
        let mut noted = noted.lock().unwrap();
        noted.push((request.model.clone(), begun.elapsed()));
        let first = noted.iter().filter(|(model, _)| model == "held").count() == 1;
        if request.model == "held" && first { refusal(Some(8)) } else { Ok(Completion::new("ok")) }
    });
    let waits = Waits::new();
    let layer = LimitLayer::adaptive(1, 64).waits(waits.clone()).seed(3);
    let provider = Arc::new(busy.layer(layer).layer(RetryLayer::new(2)));
    let callers: Vec<_> = (0..6)
        .map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move { provider.complete(&request("held")).await.unwrap().timing })
        })
        .collect();
    sleep(seconds(2)).await;
    let wait = waits.now().expect("somebody waits");
    assert_eq!((wait.reason.as_str(), wait.pauses), ("429", false));
    assert!(wait.until.is_some());
    provider.complete(&request("free")).await.unwrap();
    let mut waited = 0;
    for caller in callers {
        let timing = caller.await.unwrap();
        assert!(timing.service_ms.is_none(), "nobody measured it, and no wait is taken for it: {timing:?}");
        waited += usize::from(timing.queued_ms + timing.backing_off_ms >= 8_000.0);
    }
    assert_eq!(waited, wait.count as usize, "whoever waited says so");
    for (model, at) in calls.lock().unwrap().iter() {
        assert!(model == "free" || at.is_zero() || *at >= seconds(8), "{model} at {at:?}");
    }
    assert!(begun.elapsed() < seconds(10));
    assert_eq!(waits.now(), None);
}

#[tokio::test(start_paused = true)]
async fn f19_a_time_past_the_patience_fails_at_once_and_says_how_long() {
    for asked in [601, 3_600, 1_000_000_000, u64::MAX] {
        let begun = Instant::now();
        let script = Scripted::sequence([refusal(Some(asked)), Ok(Completion::new("must not be asked for"))]);
        let provider = script.layer(LimitLayer::adaptive(1, 8)).layer(RetryLayer::new(5));
        for _ in 0..3 {
            let error = provider.complete(&request("m")).await.unwrap_err();
            assert_eq!((error.kind, error.retry_after), (Kind::Outage, Some(seconds(asked))));
            assert!(error.is_fatal() && error.message.contains(&format!("{asked}")), "{error}");
        }
        assert!(begun.elapsed().is_zero());
    }
}

#[tokio::test(start_paused = true)]
async fn f19_a_storm_without_a_time_to_wait_costs_no_question() {
    for asked in [None, Some(0)] {
        let (begun, calls) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let counted = calls.clone();
        // Nine of ten are refused for a minute.
        let storm = Scripted::fallible("storm", move |_| {
            let call = counted.fetch_add(1, Ordering::SeqCst);
            if call % 10 != 9 && begun.elapsed() < seconds(60) { refusal(asked) } else { Ok(Completion::new("ok")) }
        });
        let provider = Arc::new(storm.layer(LimitLayer::adaptive(1, 32).seed(7)).layer(RetryLayer::new(5)));
        let callers: Vec<_> = (0..32)
            .map(|_| {
                let provider = provider.clone();
                tokio::spawn(async move { provider.complete(&request("m")).await })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap().expect("the storm is waited out");
        }
        let calls = calls.load(Ordering::SeqCst);
        assert!(calls < 150, "{calls} calls for 32 questions");
        assert!(begun.elapsed() < seconds(120), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_user_allows_is_kept_and_evenly() {
    let begun = Instant::now();
    let ok = || Scripted::fallible("ok", |_| Ok(Completion::new("ok").usage(Usage::new(4, 96))));
    let provider = ok().layer(LimitLayer::adaptive(1, 64).per_minute(60));
    for _ in 0..31 {
        provider.complete(&request("m")).await.unwrap();
    }
    assert_eq!(begun.elapsed().as_secs(), 30);

    let begun = Instant::now();
    let provider = ok().layer(LimitLayer::adaptive(1, 64).tokens_per_minute(6_000));
    for _ in 0..61 {
        provider.complete(&request("m")).await.unwrap();
    }
    // 100 tokens a call at 100 a second; the first was taken for 260.
    let took = begun.elapsed().as_secs();
    assert!((58..=62).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn clones_share_their_lanes() {
    let layer = LimitLayer::adaptive(1, 1);
    let rooms = Rooms::new(9, seconds(1));
    let (answers, judge) = (rooms.clone().layer(layer.clone()), rooms.layer(layer));
    let (one, other) = (request("m"), request("other"));
    let (first, second, third) = tokio::join!(answers.complete(&one), judge.complete(&one), judge.complete(&other));
    let queued = [first, second, third].map(|result| result.unwrap().timing.queued_ms.round());
    assert_eq!(queued, [0.0, 1_000.0, 0.0]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_leaves_its_place() {
    let provider = Rooms::new(9, seconds(10)).layer(LimitLayer::adaptive(1, 1));
    let asked = request("m");
    assert!(timeout(seconds(1), provider.complete(&asked)).await.is_err());
    assert!(timeout(seconds(11), provider.complete(&asked)).await.expect("there is a place").is_ok());
}
