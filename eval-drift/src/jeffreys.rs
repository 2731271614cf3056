//! Jeffreys' interval of a proportion.

use crate::Proportion;
use crate::special::beta::beta_quantile;
use crate::special::normal::upper_tail;

/// Jeffreys' interval of a proportion, low and high, of this confidence (usually 0.95).
///
/// The quantiles of `Beta(k + 1/2, n - k + 1/2)`: what is believed of `p` after `k` of `n`, having begun with Jeffreys'
/// prior. Brown, Cai and DasGupta (2001), *Interval estimation for a binomial proportion*, Statistical Science 16,
/// 101–133, recommend it beside [Wilson's](crate::wilson) for small `n`. Its ends are never quite 0 or 1.
///
/// `None` of 0 of 0, or unless `confidence` lies between 0 and 1. O(sqrt(n)) time.
pub fn jeffreys(proportion: Proportion, confidence: f64) -> Option<(f64, f64)> {
    let tail = upper_tail(confidence).filter(|_| proportion.of() > 0)?;
    let (hits, misses) = (proportion.count() as f64, (proportion.of() - proportion.count()) as f64);
    let end = |p| beta_quantile(hits + 0.5, misses + 0.5, p);
    Some((end(tail), end(1.0 - tail)))
}
