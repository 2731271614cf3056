//! The chi-squared distribution, from `statrs`.

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The probability of a value above `x` with `df` degrees of freedom; `None` unless they are positive.
pub(crate) fn sf(x: f64, df: f64) -> Option<f64> {
    let distribution = ChiSquared::new(df).ok()?;
    // `statrs` refuses an infinite argument.
    Some(if x == f64::INFINITY { 0.0 } else { distribution.sf(x) })
}
