//! The Jensen-Shannon distance.

use crate::shares::shares;

/// The Jensen-Shannon distance of two counts over the same bins: the square root of `(KL(p, m) + KL(q, m)) / 2` with
/// `m = (p + q) / 2`, in nats; from 0 to `sqrt(ln 2)` = 0.83.
///
/// Lin, J. (1991), *Divergence measures based on the Shannon entropy*, IEEE Transactions on Information Theory 37, 145–151;
/// that its root is a metric: Endres and Schindelin (2003). Empty bins need no correction. It describes and does not test.
///
/// `None` without bins, when their numbers differ, or when a side counts nothing. O(bins) time, no allocation.
///
/// ```
/// let apart = eval_drift::jensen_shannon_distance(&[1, 0], &[0, 1]).unwrap();
/// assert!((apart - 2.0_f64.ln().sqrt()).abs() < 1e-12);
/// ```
pub fn jensen_shannon_distance(reference: &[u64], current: &[u64]) -> Option<f64> {
    let entropy = |share: f64, middle: f64| if share > 0.0 { share * (share / middle).ln() } else { 0.0 };
    let both = |(p, q): (f64, f64)| entropy(p, (p + q) / 2.0) + entropy(q, (p + q) / 2.0);
    let divergence = shares(reference, current)?.map(both).sum::<f64>() / 2.0;
    // Rounding must not make a root of a negative number.
    Some(divergence.max(0.0).sqrt())
}
