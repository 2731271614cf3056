//! How long to wait before the next attempt.

use std::time::Duration;

use crate::random::Random;

/// Exponential backoff with full jitter: a pause drawn evenly from 0 to `base * 2^n`, at most `cap`.
///
/// Full jitter spreads the callers that one outage has sent to wait at the same moment (Brooker, "Exponential
/// Backoff And Jitter", 2015).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) base: Duration,
    pub(crate) cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The pause after this many failed attempts, counted from 1.
    pub(crate) fn pause(&self, failures: u32, random: &mut Random) -> Duration {
        self.longest(failures).mul_f64(random.unit())
    }

    fn longest(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_cap() {
        let backoff = Backoff::default();
        let longest = |failures| backoff.longest(failures).as_millis();
        assert_eq!([1, 2, 3, 7, 99].map(longest), [500, 1000, 2000, 30_000, 30_000]);
    }

    #[test]
    fn draws_from_the_whole_range() {
        let (backoff, mut random) = (Backoff::default(), Random::seeded(3));
        let pauses: Vec<Duration> = (0..1000).map(|_| backoff.pause(2, &mut random)).collect();
        let within = |low, high| pauses.iter().filter(|p| (low..high).contains(&p.as_millis())).count();
        assert_eq!(within(0, 1000), 1000);
        assert!((400..600).contains(&within(0, 500)), "{}", within(0, 500));
    }
}
