//! The pooled z test of two proportions.

use crate::Proportion;
use crate::special::normal::two_sided;

/// The z test of two proportions; see [`two_proportion_z`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct TwoProportionZ {
    /// The difference `before - after` in standard errors: negative when the share rose.
    pub z: f64,
    /// The probability of a `z` at least this far from 0 on either side, if both shares are the same.
    pub p_two: f64,
}

/// The pooled z test of two proportions of different questions or calls.
///
/// `z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2))` with `p` the share of both together. For counts of some ten or more
/// on each side; below, ask [`fisher_exact`](crate::fisher_exact). Answers to the *same* questions are not independent:
/// for them see [`mcnemar`](crate::mcnemar).
///
/// `None` when one of them is 0 of 0, and when nothing varies (all hits, or all misses, on both sides). O(1).
pub fn two_proportion_z(before: Proportion, after: Proportion) -> Option<TwoProportionZ> {
    let (first, second) = (before.share()?, after.share()?);
    let (n1, n2) = (before.of() as f64, after.of() as f64);
    let pooled = (before.count() as f64 + after.count() as f64) / (n1 + n2);
    let error = (pooled * (1.0 - pooled) * (n1.recip() + n2.recip())).sqrt();
    let z = (first - second) / error;
    (error > 0.0).then(|| TwoProportionZ { z, p_two: two_sided(z) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_varies_there_is_no_test() {
        for (k1, n1, k2, n2) in [(0, 9, 0, 5), (9, 9, 5, 5), (0, 0, 1, 5), (1, 5, 0, 0)] {
            assert_eq!(two_proportion_z(Proportion::new(k1, n1).unwrap(), Proportion::new(k2, n2).unwrap()), None);
        }
    }
}
