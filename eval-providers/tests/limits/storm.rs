//! Storms of refusals: how much of what the endpoint takes is used, and how much it refuses.

use std::sync::Arc;
use std::time::Duration;

use eval_core::ProviderExt as _;
use eval_providers::{LimitLayer, RetryLayer};
use tokio::time::Instant;

use crate::endpoint::{Bucket, Says, crowd};

/// The share of a minute's worth that was used, and the share of the calls that was refused, both after the first ten
/// seconds.
async fn minute(says: Says, per_minute: f64, most: f64, takes: Duration, seed: u64) -> (f64, f64) {
    let bucket = Bucket::new(says, per_minute, most, takes);
    let layers = bucket.clone().layer(LimitLayer::adaptive(1, 256).seed(seed)).layer(RetryLayer::new(5).seed(seed));
    let begun = Instant::now();
    crowd(Arc::new(layers), 256, 71).await;
    let (admitted, refused) = bucket.between(begun, 10, 70);
    (admitted as f64 / per_minute, refused as f64 / (admitted + refused).max(1) as f64)
}

/// `keeps_one`: also endpoints that keep no more than one call.
async fn storm(says: Says, keeps_one: bool, used: f64, refused: f64) {
    for per_minute in [60.0, 600.0, 6_000.0_f64] {
        // What the endpoint keeps: a second's worth, a minute's worth, nothing.
        let keeps = [per_minute / 60.0, per_minute, 1.0];
        for most in &keeps[..2 + usize::from(keeps_one)] {
            for millis in [100, 500, 2_000] {
                for seed in 0..3 {
                    let takes = Duration::from_millis(millis);
                    let got = minute(says, per_minute, *most, takes, seed).await;
                    assert!(got.0 >= used && got.1 < refused, "{per_minute} {most} {millis} ms, seed {seed}: {got:?}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f19_with_headers_nearly_all_is_used_and_hardly_anything_refused() {
    storm(Says::Headers, true, 0.95, 0.05).await;
}

#[tokio::test(start_paused = true)]
async fn f19_with_a_time_to_wait_alone_the_rate_is_learned() {
    storm(Says::RetryAfter, false, 0.90, 0.20).await;
}

#[tokio::test(start_paused = true)]
async fn f19_tokens_are_paced_to_what_headers_say_is_left() {
    // 600 calls of 100 tokens a minute, and a full bucket in the beginning.
    let bucket = Bucket::of_tokens(60_000.0, 100, Duration::from_millis(500));
    let layers = bucket.clone().layer(LimitLayer::adaptive(1, 256).seed(1)).layer(RetryLayer::new(5).seed(1));
    let begun = Instant::now();
    crowd(Arc::new(layers), 256, 131).await;
    let (admitted, refused) = bucket.between(begun, 70, 130);
    assert!((570..=630).contains(&admitted), "{admitted} admitted");
    assert!(refused * 20 < admitted, "{refused} refused");
}
