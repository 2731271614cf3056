//! Clopper and Pearson's interval of a proportion.

use crate::Proportion;
use crate::special::beta::beta_quantile;
use crate::special::normal::upper_tail;

/// Clopper and Pearson's "exact" interval of a proportion, low and high, of this confidence (usually 0.95).
///
/// Clopper and Pearson (1934), *The use of confidence or fiducial limits illustrated in the case of the binomial*,
/// Biometrika 26, 404–413: all `p` that neither binomial tail rejects, which are the quantiles of `Beta(k, n - k + 1)`
/// and `Beta(k + 1, n - k)`. It covers *at least* its level whatever `p`, and with few answers much more: the one to
/// take when being too sure is the worse mistake. The low end of none is 0, the high end of all is 1.
///
/// `None` of 0 of 0, or unless `confidence` lies between 0 and 1. O(sqrt(n)) time.
pub fn clopper_pearson(proportion: Proportion, confidence: f64) -> Option<(f64, f64)> {
    let tail = upper_tail(confidence).filter(|_| proportion.of() > 0)?;
    let (hits, misses) = (proportion.count() as f64, (proportion.of() - proportion.count()) as f64);
    let low = if hits == 0.0 { 0.0 } else { beta_quantile(hits, misses + 1.0, tail) };
    let high = if misses == 0.0 { 1.0 } else { beta_quantile(hits + 1.0, misses, 1.0 - tail) };
    Some((low, high))
}
