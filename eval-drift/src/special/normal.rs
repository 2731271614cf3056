//! The standard normal distribution.
//!
//! The tails are our own: `erfc` of `statrs` is off by up to one part in 10^10, where rounded constants of its source
//! were taken over as exact. Its incomplete gamma function has no such flaw.

use std::f64::consts::SQRT_2;

use statrs::function::erf::erfc_inv;
use statrs::function::gamma::gamma_ur;

/// The probability of a value up to `z`.
pub(crate) fn cdf(z: f64) -> f64 {
    sf(-z)
}

/// The probability of a value above `z`.
pub(crate) fn sf(z: f64) -> f64 {
    let tail = 0.5 * chi_squared_tail(z * z);
    if z < 0.0 { 1.0 - tail } else { tail }
}

/// The probability that the square of a standard normal value is above `x`.
fn chi_squared_tail(x: f64) -> f64 {
    // Beyond, the tail is below the smallest float; `statrs` refuses 0 and infinity.
    let far = 1_500.0;
    if x > far {
        0.0
    } else if x > 0.0 {
        gamma_ur(0.5, 0.5 * x)
    } else {
        1.0
    }
}

/// The probability of a value at least as far from 0 as `z`.
pub(crate) fn two_sided(z: f64) -> f64 {
    (2.0 * sf(z.abs())).min(1.0)
}

/// The value below which the probability is `p`, from 0 to 1; infinite at both ends.
pub(crate) fn quantile(p: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * p)
}

/// The half width of an interval of this confidence, in standard errors; `None` unless it lies between 0 and 1.
pub(crate) fn reach(confidence: f64) -> Option<f64> {
    let tail = upper_tail(confidence)?;
    Some(-quantile(tail))
}

/// The probability beyond one end of a two-sided interval of this confidence; `None` unless it lies between 0 and 1.
pub(crate) fn upper_tail(confidence: f64) -> Option<f64> {
    (confidence > 0.0 && confidence < 1.0).then_some((1.0 - confidence) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    // scipy.special.ndtr(-z)
    #[test]
    fn the_tail_is_exact() {
        let cases = [
            (1e-09, 0.49999999960105773),
            (0.1, 0.460172162722971),
            (0.7086, 0.23928636815829263),
            (1.0, 0.15865525393145707),
            (1.6, 0.054799291699557974),
            (2.5, 0.006209665325776132),
            (5.0, 2.866515718791933e-07),
            (12.0, 1.776482112077653e-33),
            (25.0, 3.056696706382561e-138),
            (37.0, 5.7255712225239266e-300),
        ];
        for (z, expected) in cases {
            assert!((sf(z) / expected - 1.0).abs() < 1e-12, "{z}: {:e}", sf(z));
            assert!((cdf(z) - (1.0 - expected)).abs() < 1e-15 && cdf(-z) == sf(z), "{z}");
        }
        assert_eq!((sf(0.0), sf(-0.0), sf(f64::INFINITY), sf(f64::NEG_INFINITY)), (0.5, 0.5, 0.0, 1.0));
        assert_eq!((sf(f64::MAX), cdf(f64::MAX)), (0.0, 1.0));
    }

    #[test]
    fn the_quantile_inverts_it() {
        for p in [1e-300, 1e-20, 0.01, 0.3, 0.5, 0.7, 0.999] {
            assert!((cdf(quantile(p)) / p - 1.0).abs() < 1e-11, "{p}");
        }
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
