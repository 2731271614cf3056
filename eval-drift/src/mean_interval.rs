//! A mean with its error bar.

use crate::moments::{mean, standard_deviation};
use crate::special::normal::upper_tail;
use crate::special::student;

/// A mean with its error bar; see [`mean_interval`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MeanInterval {
    /// How many values there are.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// The standard deviation with `n - 1` in the variance; `None` for one value.
    pub standard_deviation: Option<f64>,
    /// The standard error of the mean, `sd / sqrt(n)`; `None` for one value.
    pub standard_error: Option<f64>,
    /// Student's interval, low and high; `None` for one value.
    ///
    /// When all values are the same it has width 0: that is what the formula gives, but not what anybody knows. Where
    /// that can happen, as with scores of 0 and 1, ask [`wilson`](crate::wilson) instead.
    pub interval: Option<(f64, f64)>,
}

/// The mean of values, its standard error and its interval of this confidence, usually 0.95.
///
/// Student (1908): `mean ± t((1 + confidence) / 2, n - 1) sd / sqrt(n)`. Miller (2024), *Adding error bars to evals*,
/// arXiv 2411.00640, equation 1, for scores of questions drawn from many. It assumes independent values and a mean
/// close to normal; for questions that share a document see [`clustered_mean`](crate::clustered_mean).
///
/// `None` without values, when one of them is not a finite number, or unless `confidence` lies between 0 and 1. O(n)
/// time, no allocation.
///
/// ```
/// let found = eval_drift::mean_interval(&[1.0, 0.0, 1.0], 0.95).unwrap();
/// let (low, high) = found.interval.unwrap();
/// assert!((low - -0.7675509099164876).abs() < 1e-9 && (high - 2.100884243249821).abs() < 1e-9);
/// assert_eq!(eval_drift::mean_interval(&[0.5], 0.95).unwrap().interval, None);
/// ```
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<MeanInterval> {
    let tail = upper_tail(confidence)?;
    let n = values.len();
    let mean = mean(values)?;
    let standard_deviation = standard_deviation(values, mean);
    let standard_error = standard_deviation.map(|deviation| deviation / (n as f64).sqrt());
    let interval = standard_error.map(|error| {
        let reach = -student::quantile(tail, (n - 1) as f64) * error;
        (mean - reach, mean + reach)
    });
    Some(MeanInterval { n, mean, standard_deviation, standard_error, interval })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_numbers_or_a_confidence_there_is_no_mean() {
        for (values, confidence) in [(&[][..], 0.95), (&[f64::NAN], 0.95), (&[1.0], 1.0), (&[1.0], 0.0)] {
            assert_eq!(mean_interval(values, confidence), None);
        }
    }

    proptest! {
        #[test]
        fn more_confidence_is_a_wider_interval_around_the_mean(
            values in prop::collection::vec(-1e6..1e6, 2..40), confidence in 0.01..0.98,
        ) {
            let found = [confidence, confidence + 0.01].map(|level| mean_interval(&values, level).unwrap());
            let [(low, high), (lower, higher)] = found.map(|found| found.interval.unwrap());
            prop_assert!(lower <= low && low <= found[0].mean && found[0].mean <= high && high <= higher);
        }
    }
}
