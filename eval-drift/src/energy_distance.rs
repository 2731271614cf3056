//! The energy distance.

use crate::wasserstein::between;

/// The energy distance between two samples: `sqrt(2 ∫ (F(x) - G(x))² dx)` over the empirical distribution functions, in
/// the root of their unit.
///
/// Székely, G. J. and Rizzo, M. L. (2013), *Energy statistics*, Journal of Statistical Planning and Inference 143,
/// 1249–1272: the same as `sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|)`, without the quadratic number of pairs. It describes
/// and does not test.
///
/// `None` when a sample is empty or has a value that is not a finite number, or when the distance is too large for one.
/// O(n + m) time and memory beyond sorting.
///
/// ```
/// assert_eq!(eval_drift::energy_distance(&[0.0], &[2.0]), Some(2.0));
/// ```
pub fn energy_distance(reference: &[f64], current: &[f64]) -> Option<f64> {
    let squared = 2.0 * between(reference, current, |gap| gap * gap)?;
    squared.is_finite().then(|| squared.sqrt())
}
