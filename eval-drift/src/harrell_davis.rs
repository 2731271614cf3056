//! Harrell and Davis's quantile.

use crate::quantile::numbers;
use crate::special::beta::regularized_beta;

/// Harrell and Davis's estimate of a quantile: a mean of all values, each weighted by how likely it is the quantile.
///
/// Harrell and Davis (1982), *A new distribution-free quantile estimator*, Biometrika 69, 635–640: the `i`-th of `n`
/// values has the weight `I(i/n) - I((i-1)/n)`, where `I` is the distribution function of `Beta((n+1) p, (n+1)(1-p))`.
/// It varies less from sample to sample than [the plain quantile](crate::quantile), which rests on two values; in the
/// tail of a small sample a single outlier moves it more.
///
/// `None` without values, when one of them is not a finite number, or unless `probability` lies between 0 and 1.
/// O(n sqrt(n)) time.
///
/// ```
/// let found = eval_drift::harrell_davis(&[3.89804, 2.22802], 0.9).unwrap();
/// assert!((found - 3.840613869439574).abs() < 1e-9);
/// ```
pub fn harrell_davis(values: &[f64], probability: f64) -> Option<f64> {
    let values = numbers(values, probability).filter(|_| probability > 0.0 && probability < 1.0)?;
    let n = values.len() as f64;
    let (a, b) = ((n + 1.0) * probability, (n + 1.0) * (1.0 - probability));
    let mut below = 0.0;
    let weighted = |(at, value): (usize, &f64)| {
        let so_far = (at + 1) as f64;
        let up_to = regularized_beta(a, b, so_far / n, (n - so_far) / n);
        let weight = up_to - std::mem::replace(&mut below, up_to);
        weight * value
    };
    let quantile: f64 = values.iter().enumerate().map(weighted).sum();
    quantile.is_finite().then_some(quantile)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_number_or_no_probability_has_no_quantile() {
        for (values, probability) in [(&[][..], 0.5), (&[f64::NAN], 0.5), (&[1.0], 0.0), (&[1.0], 1.0)] {
            assert_eq!(harrell_davis(values, probability), None);
        }
    }

    proptest! {
        #[test]
        fn it_is_a_mean_of_the_values(values in prop::collection::vec(-1e3..1e3, 1..80), p in 0.001..0.999) {
            let found = harrell_davis(&values, p).unwrap();
            let [low, high] = [0.0, 1.0].map(|p| crate::quantile(&values, p).unwrap());
            prop_assert!(low - 1e-9 <= found && found <= high + 1e-9, "{low} {found} {high}");
        }
    }
}
