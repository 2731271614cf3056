//! Quantiles and their intervals.

use crate::moments::are_numbers;
use crate::sorting::sorted;
use crate::special::binomial::{at_least, cdf, first};
use crate::special::normal::upper_tail;

/// The quantile of a sample at this probability: .95 for the 95th percentile.
///
/// Type 7 of Hyndman and Fan (1996), *Sample quantiles in statistical packages*, The American Statistician 50, 361–365,
/// the default of R, numpy and most others: linear between the two values around position `(n - 1) p`.
///
/// `None` without values, when one of them is not a finite number, or unless `probability` lies from 0 to 1. O(n) time
/// for long samples, else O(n log n).
///
/// ```
/// assert_eq!(eval_drift::quantile(&[30.0, 10.0, 20.0, 40.0], 0.5), Some(25.0));
/// ```
pub fn quantile(values: &[f64], probability: f64) -> Option<f64> {
    let values = numbers(values, probability)?;
    let position = (values.len() - 1) as f64 * probability;
    let below = position.floor() as usize;
    let above = (below + 1).min(values.len() - 1);
    let part = position - below as f64;
    Some(values[below] * (1.0 - part) + values[above] * part)
}

/// The values in order; `None` unless there are values, all of them numbers, and the probability is one.
pub(crate) fn numbers(values: &[f64], probability: f64) -> Option<Vec<f64>> {
    let valid = are_numbers(values) && (0.0..=1.0).contains(&probability);
    valid.then(|| sorted(values))
}

/// An interval of a quantile; see [`quantile_interval`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct QuantileInterval {
    /// The low end; `None` when no value of the sample is low enough to be sure.
    pub low: Option<f64>,
    /// The high end; `None` when no value of the sample is high enough to be sure.
    pub high: Option<f64>,
}

/// The interval of a quantile of the distribution that a sample comes from, between two values of the sample.
///
/// Conover (1999), *Practical Nonparametric Statistics*, section 3.2: how many of `n` values lie below the quantile is
/// binomial, so its tails say between which order statistics it lies with at least this confidence. It assumes
/// independent values and nothing of their distribution. For the median at .95 it takes 6 values, for the 95th
/// percentile 72 until there is a high end.
///
/// `None` without values, when one of them is not a finite number, or unless `probability` and `confidence` lie between
/// 0 and 1. O(n) time for long samples, else O(n log n).
///
/// ```
/// let found = eval_drift::quantile_interval(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.5, 0.95).unwrap();
/// assert_eq!((found.low, found.high), (Some(1.0), Some(6.0)));
/// ```
pub fn quantile_interval(values: &[f64], probability: f64, confidence: f64) -> Option<QuantileInterval> {
    let tail = upper_tail(confidence).filter(|_| probability > 0.0 && probability < 1.0)?;
    let values = numbers(values, probability)?;
    let n = values.len() as u64;
    let low = first(n, |k| cdf(k, n, probability) >= tail).checked_sub(1);
    let high = first(n, |k| at_least(k + 1, n, probability) <= tail);
    let at = |k: u64| values.get(k as usize).copied();
    Some(QuantileInterval { low: low.and_then(at), high: at(high) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_number_or_no_probability_has_no_quantile() {
        for (values, probability) in
            [(&[][..], 0.5), (&[f64::NAN], 0.5), (&[1.0], -0.1), (&[1.0], 1.1), (&[1.0], f64::NAN)]
        {
            assert_eq!(quantile(values, probability), None);
            assert_eq!(quantile_interval(values, probability, 0.95), None);
        }
        assert_eq!(quantile_interval(&[1.0], 0.5, 1.0), None);
    }

    #[test]
    fn an_end_needs_values_enough() {
        let values: Vec<f64> = (0..72).map(f64::from).collect();
        assert_eq!(quantile_interval(&values[..5], 0.5, 0.95), Some(QuantileInterval { low: None, high: None }));
        assert_eq!(quantile_interval(&values[..71], 0.95, 0.95).unwrap().high, None);
        assert_eq!(quantile_interval(&values, 0.95, 0.95).unwrap().high, Some(71.0));
    }

    proptest! {
        #[test]
        fn quantiles_rise_within_the_sample(
            values in prop::collection::vec(-f64::MAX..f64::MAX, 1..60), p in 0.0..1.0, step in 0.0..0.5,
        ) {
            let [low, median, high] = [0.0, p, f64::min(p + step, 1.0)].map(|p| quantile(&values, p).unwrap());
            prop_assert!(low <= median && median <= high, "{low} {median} {high}");
            prop_assert!(high <= quantile(&values, 1.0).unwrap());
        }
    }
}
