//! When to try again.

use std::time::Duration;

use sha2::{Digest, Sha256};

/// The example schedule of the specification, over three days: the pause before the first attempt, the second, ….
const PAUSES_S: [u64; 10] = [0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];

/// The most that a pause grows by, as a share of it.
const JITTER: f64 = 0.1;

/// How long to wait after the last attempt when so many have failed: 0, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h,
/// 24 h, each longer by up to a tenth; `None` after the tenth, which was the last.
///
/// The tenth is drawn from the webhook's id and the number of failures, not from chance: the answer is the same after
/// a restart, and a thousand webhooks that failed together do not come back together.
///
/// ```
/// use std::time::Duration;
/// use eval_server::retry_delay;
///
/// assert_eq!(retry_delay("msg_1", 0), Some(Duration::ZERO));
/// let second = retry_delay("msg_1", 1).unwrap();
/// assert!((Duration::from_secs(5)..Duration::from_millis(5_500)).contains(&second));
/// assert_eq!(retry_delay("msg_1", 10), None);
/// ```
pub fn retry_delay(webhook_id: &str, failures: u32) -> Option<Duration> {
    let pause = Duration::from_secs(*PAUSES_S.get(failures as usize)?);
    Some(pause + pause.mul_f64(JITTER * fraction(webhook_id, failures)))
}

/// From 0 up to, but without, 1.
fn fraction(webhook_id: &str, failures: u32) -> f64 {
    let digest = Sha256::new().chain_update(failures.to_be_bytes()).chain_update(webhook_id).finalize();
    let drawn = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
}
