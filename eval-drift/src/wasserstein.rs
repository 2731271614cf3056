//! The Wasserstein distance.

use crate::moments::mean;
use crate::sorting::sorted_finite;
use crate::steps::steps;

/// A standard deviation below is taken as this: a reference without spread has no unit.
const SMALLEST_SPREAD: f64 = 1e-3;

/// The Wasserstein distance of order 1 between two samples, in their unit: `∫ |F(x) - G(x)| dx` over the empirical
/// distribution functions.
///
/// The mean way that values have to move to turn one sample into the other (Kantorovich 1942, Wasserstein 1969; earth
/// mover's distance). The difference of two means is never larger. It describes and does not test.
///
/// `None` when a sample is empty or has a value that is not a finite number, or when the distance is too large for one.
/// O(n + m) time and memory beyond sorting.
///
/// ```
/// assert_eq!(eval_drift::wasserstein(&[0.0, 1.0], &[0.5, 1.0]), Some(0.25));
/// ```
pub fn wasserstein(reference: &[f64], current: &[f64]) -> Option<f64> {
    between(reference, current, f64::abs)
}

/// The [`wasserstein`] distance in units of the reference's standard deviation (with n in the variance), or of 0.001 when
/// that is larger.
///
/// From 0.1 on, Evidently 0.7 says that a column has drifted; that threshold knows nothing of the size of the samples.
///
/// `None` where [`wasserstein`] is, and when the standard deviation or the result is too large for a number.
///
/// ```
/// assert_eq!(eval_drift::wasserstein_normed(&[0.0, 1.0], &[0.5, 1.0]), Some(0.5));
/// ```
pub fn wasserstein_normed(reference: &[f64], current: &[f64]) -> Option<f64> {
    let mean = mean(reference)?;
    let squares: f64 = reference.iter().map(|value| (value - mean).powi(2)).sum();
    let spread = (squares / reference.len() as f64).sqrt().max(SMALLEST_SPREAD);
    let distance = wasserstein(reference, current).filter(|_| spread.is_finite())?;
    Some(distance / spread).filter(|distance| distance.is_finite())
}

/// The integral of `height(F(x) - G(x))`; `None` when it is not a finite number.
pub(crate) fn between(a: &[f64], b: &[f64], height: impl Fn(f64) -> f64) -> Option<f64> {
    let (a, b) = (sorted_finite(a)?, sorted_finite(b)?);
    let (n, m) = (a.len() as f64, b.len() as f64);
    let mut before: Option<(f64, f64)> = None;
    let mut sum = 0.0;
    for step in steps(&a, &b) {
        match before {
            // Where both functions agree there is no area, however wide.
            Some((start, gap)) if gap != 0.0 => sum += height(gap) * (step.value - start),
            _ => {}
        }
        before = Some((step.value, step.a as f64 / n - step.b as f64 / m));
    }
    Some(sum).filter(|sum: &f64| sum.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::energy_distance;

    proptest! {
        #[test]
        fn distances_of_samples_are_symmetric_and_never_negative(
            a in prop::collection::vec(prop_oneof![Just(0.5), -1e3..1e3], 1..40),
            b in prop::collection::vec(prop_oneof![Just(0.5), -1.0..1.0], 1..40),
        ) {
            for distance in [wasserstein, energy_distance] {
                let found = distance(&a, &b).unwrap();
                prop_assert!((found - distance(&b, &a).unwrap()).abs() <= 1e-12 * found.max(1.0));
                prop_assert!(found >= 0.0);
                prop_assert_eq!(distance(&a, &a), Some(0.0));
            }
            let apart = mean(&a).unwrap() - mean(&b).unwrap();
            prop_assert!(wasserstein(&a, &b).unwrap() >= apart.abs() - 1e-9);
        }

        #[test]
        fn no_finite_input_gives_a_nan(
            a in prop::collection::vec(any::<f64>().prop_filter("finite", |value| value.is_finite()), 1..9),
            b in prop::collection::vec(prop_oneof![Just(f64::MAX), Just(f64::MIN), Just(0.0)], 1..9),
        ) {
            for distance in [wasserstein, wasserstein_normed, energy_distance] {
                prop_assert!(distance(&a, &b).is_none_or(|found| found.is_finite() && found >= 0.0));
            }
        }
    }

    #[test]
    fn without_numbers_there_is_no_distance() {
        for distance in [wasserstein, wasserstein_normed, energy_distance] {
            assert_eq!(distance(&[], &[1.0]), None);
            assert_eq!(distance(&[1.0], &[f64::NAN]), None);
            assert_eq!(distance(&[f64::MIN], &[f64::MAX]), None);
        }
    }
}
