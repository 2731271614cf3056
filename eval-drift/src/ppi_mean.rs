//! Prediction-powered inference for a mean.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::moments::mean;

/// A mean from few labels and many predictions; see [`ppi_mean`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PpiMean {
    /// The mean of the labels alone.
    pub classical: f64,
    /// The prediction-powered mean: all of the predictions, corrected by their error where there are labels.
    pub estimate: PpiEstimate,
    /// How far PPI++ trusts the predictions: 0 makes its mean the classical one, 1 the prediction-powered one.
    pub lambda: f64,
    /// The PPI++ mean: never less precise than the classical one, for many labels.
    pub tuned: PpiEstimate,
}

/// One estimate with its precision.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PpiEstimate {
    /// The estimate.
    pub mean: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The lower end of the 95 % interval, not clipped to what a score can be.
    pub low: f64,
    /// The upper end of the 95 % interval, not clipped.
    pub high: f64,
}

/// The mean of human labels where only few answers have one, but a judge's prediction is there for all: `predictions` for
/// the labelled answers, in the order of `labels`, and `unlabeled` for others of the same kind.
///
/// Angelopoulos, A. N. et al. (2023), *Prediction-powered inference*, Science 382, 669–674: `mean(f_unlabeled) + mean(y -
/// f)`, with the variance `var(y - f) / n + var(f_unlabeled) / N`. Angelopoulos, Duchi and Zrnic (2023), *PPI++*, arXiv
/// 2311.01453: the same with `lambda f` for f, `lambda = cov(y, f) / ((1 + n / N) var(f))` over all predictions; a judge that
/// knows nothing then costs nothing. Variances have n in the denominator, and lambda is not clipped. The intervals are normal
/// ones.
///
/// It assumes that the labelled answers were chosen at random from all, and that there are enough of them (some 50) for
/// a normal interval. With one label the variance of the labels is unknown and counts as 0: do not believe that interval.
///
/// `None` without labels or without unlabelled answers, when there is not one prediction for each label, or when a number
/// is not finite. O(n + N) time.
///
/// ```
/// let found = eval_drift::ppi_mean(&[1.0, 0.0, 1.0], &[1.0, 0.0, 0.5], &[1.0, 0.5, 0.0, 1.0]).unwrap();
/// assert!((found.estimate.mean - (0.625 + 0.5 / 3.0)).abs() < 1e-12);
/// ```
pub fn ppi_mean(labels: &[f64], predictions: &[f64], unlabeled: &[f64]) -> Option<PpiMean> {
    if labels.len() != predictions.len() {
        return None;
    }
    let (classical, predicted) = (mean(labels)?, mean(predictions)?);
    let (n, m) = (labels.len() as f64, unlabeled.len() as f64);
    let products = labels.iter().zip(predictions).map(|(y, f)| (y - classical) * (f - predicted));
    let covariance = products.sum::<f64>() / n;
    let spread = variance(&[predictions, unlabeled].concat())?;
    // Predictions that never vary tell nothing apart; their variance may still be the rounding of a mean.
    let varies = predictions.iter().chain(unlabeled).any(|prediction| *prediction != predictions[0]);
    let lambda = if varies && spread > 0.0 { covariance / ((1.0 + n / m) * spread) } else { 0.0 };
    Some(PpiMean {
        classical,
        estimate: estimate(labels, predictions, unlabeled, 1.0)?,
        lambda,
        tuned: estimate(labels, predictions, unlabeled, lambda)?,
    })
}

fn estimate(labels: &[f64], predictions: &[f64], unlabeled: &[f64], lambda: f64) -> Option<PpiEstimate> {
    let errors: Vec<f64> = labels.iter().zip(predictions).map(|(y, f)| y - lambda * f).collect();
    let mean = lambda * mean(unlabeled)? + mean(&errors)?;
    let of_errors = variance(&errors)? / errors.len() as f64;
    let of_predictions = lambda * lambda * variance(unlabeled)? / unlabeled.len() as f64;
    let standard_error = (of_errors + of_predictions).sqrt();
    let reach = Normal::standard().inverse_cdf(0.975) * standard_error;
    let found = PpiEstimate { mean, standard_error, low: mean - reach, high: mean + reach };
    [found.low, found.high].iter().all(|end| end.is_finite()).then_some(found)
}

/// The variance with n in the denominator.
fn variance(values: &[f64]) -> Option<f64> {
    let center = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - center).powi(2)).sum();
    Some(squares / values.len() as f64).filter(|variance| variance.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn predictions_that_move_together_move_nothing(
            pairs in prop::collection::vec((0.0..1.0, 0.0..1.0), 1..20),
            unlabeled in prop::collection::vec(0.0..1.0, 1..20),
        ) {
            let (labels, predictions): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let shifted = |values: &[f64]| values.iter().map(|value| value + 0.5).collect::<Vec<_>>();
            let found = ppi_mean(&labels, &predictions, &unlabeled).unwrap();
            let other = ppi_mean(&labels, &shifted(&predictions), &shifted(&unlabeled)).unwrap();
            for (found, other) in [(found.estimate, other.estimate), (found.tuned, other.tuned)] {
                prop_assert!((found.mean - other.mean).abs() < 1e-9);
                prop_assert!(found.low <= found.mean && found.mean <= found.high);
            }
        }
    }

    #[test]
    fn a_judge_that_knows_nothing_costs_nothing() {
        let found = ppi_mean(&[0.0, 1.0, 1.0, 1.0], &[0.5; 4], &[0.5; 9]).unwrap();
        assert_eq!((found.lambda, found.tuned.mean), (0.0, 0.75));
    }

    #[test]
    fn without_numbers_there_is_no_estimate() {
        assert_eq!(ppi_mean(&[], &[], &[1.0]), None);
        assert_eq!(ppi_mean(&[1.0], &[1.0], &[]), None);
        assert_eq!(ppi_mean(&[1.0], &[1.0, 1.0], &[1.0]), None);
        assert_eq!(ppi_mean(&[1.0], &[f64::NAN], &[1.0]), None);
        assert_eq!(ppi_mean(&[1.0], &[1e300], &[-1e300]), None);
    }
}
