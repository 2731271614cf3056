//! Sums that every statistic here begins with.

/// Scores lie between 0 and 1, so a difference below this is the rounding of a subtraction and not a difference.
pub(crate) const ROUNDING: f64 = 1e-12;

/// Whether there are values and all of them are finite numbers.
pub(crate) fn are_numbers(values: &[f64]) -> bool {
    !values.is_empty() && values.iter().all(|value| value.is_finite())
}

/// The mean; `None` without values, or when one of them (or their sum) is not a finite number.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    mean.is_finite().then_some(mean)
}

/// The standard deviation with `n - 1` in the variance, computed in a second pass over the values: numerically
/// stable. `None` below two values, or when it is not a finite number.
pub(crate) fn standard_deviation(values: &[f64], mean: f64) -> Option<f64> {
    let degrees = values.len().checked_sub(1).filter(|degrees| *degrees > 0)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / degrees as f64).sqrt();
    deviation.is_finite().then_some(deviation)
}

/// Keeps an interval of differences of scores within what such differences can be: -1 and 1.
pub(crate) fn clip((low, high): (f64, f64)) -> (f64, f64) {
    (low.clamp(-1.0, 1.0), high.clamp(-1.0, 1.0))
}
