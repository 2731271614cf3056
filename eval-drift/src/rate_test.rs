//! The exact test of two rates.

use crate::Proportion;
use crate::special::binomial::{at_least, cdf};

/// What the exact test of two rates says; see [`rate_test`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RateTest {
    /// The probability of as many or more events after, if the rate is the same.
    pub p_increase: f64,
    /// The probability of as many or fewer events after, if the rate is the same.
    pub p_decrease: f64,
}

/// The exact test of two rates of rare events: errors, timeouts, refusals of so many calls.
///
/// Przyborowski and Wilenski (1940), *Homogeneity of results in testing samples from Poisson series*, Biometrika 31,
/// 313–323: if the rate is the same, then of all events those after are `Bin(k1 + k2, n2 / (n1 + n2))`. The events are
/// assumed independent and rare; where they are not, it is cautious, and [`fisher_exact`](crate::fisher_exact) is
/// sharper.
///
/// Without events both p are 1. `None` without any calls. O(sqrt(k1 + k2)) time.
///
/// ```
/// use eval_drift::{Proportion, rate_test};
/// let found = rate_test(Proportion::new(0, 50).unwrap(), Proportion::new(5, 50).unwrap()).unwrap();
/// assert!((found.p_increase - 1.0 / 32.0).abs() < 1e-12);
/// ```
pub fn rate_test(before: Proportion, after: Proportion) -> Option<RateTest> {
    let (n1, n2) = (before.of() as f64, after.of() as f64);
    let events = before.count().saturating_add(after.count());
    let share = n2 / (n1 + n2);
    let [p_increase, p_decrease] = [at_least, cdf].map(|tail| tail(after.count(), events, share));
    (n1 + n2 > 0.0).then_some(RateTest { p_increase, p_decrease })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_calls_there_is_no_rate() {
        let [nothing, some] = [(0, 0), (3, 9)].map(|(count, of)| Proportion::new(count, of).unwrap());
        assert_eq!(rate_test(nothing, nothing), None);
        assert_eq!(rate_test(some, nothing), Some(RateTest { p_increase: 1.0, p_decrease: 1.0 }));
        assert_eq!(rate_test(nothing, some), Some(RateTest { p_increase: 1.0, p_decrease: 1.0 }));
    }
}
