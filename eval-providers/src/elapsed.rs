//! How long something took.

use std::time::Duration;

use tokio::time::Instant;

/// The milliseconds since an instant.
pub(crate) fn ms_since(start: Instant) -> f64 {
    ms(start.elapsed())
}

/// A duration in milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
