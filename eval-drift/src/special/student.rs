//! Student's t distribution.
//!
//! Our own, because the quantile of `statrs` is wrong by orders of magnitude in the far tail (one degree of freedom,
//! p below 1e-9), and its upper tail goes through `1 - x`.

use super::beta::regularized_beta;
use crate::floats::first_float;

/// The probability of a value above `t` with `df` degrees of freedom.
pub(crate) fn sf(t: f64, df: f64) -> f64 {
    let tail = upper(t.abs(), df);
    if t < 0.0 { 1.0 - tail } else { tail }
}

/// The probability of a value up to `t`.
pub(crate) fn cdf(t: f64, df: f64) -> f64 {
    sf(-t, df)
}

/// The probability of a value at least as far from 0 as `t`.
pub(crate) fn two_sided(t: f64, df: f64) -> f64 {
    (2.0 * upper(t.abs(), df)).min(1.0)
}

/// The value below which the probability is `p`, from 0 to 1; infinite at both ends.
pub(crate) fn quantile(p: f64, df: f64) -> f64 {
    let tail = p.min(1.0 - p);
    let t = first_float(0.0, f64::INFINITY, |t| tail > 0.0 && upper(t, df) <= tail);
    if p < 0.5 { -t } else { t }
}

/// The tail above a `t` that is not negative.
fn upper(t: f64, df: f64) -> f64 {
    // The smaller of the ratio and its inverse is squared, so that nothing overflows.
    let ratio = t / df.sqrt();
    let (x, y) = if ratio > 1.0 {
        let square = ratio.recip().powi(2);
        (square / (1.0 + square), 1.0 / (1.0 + square))
    } else {
        let square = ratio * ratio;
        (1.0 / (1.0 + square), square / (1.0 + square))
    };
    0.5 * regularized_beta(0.5 * df, 0.5, x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// With one degree of freedom the distribution is Cauchy's.
    #[test]
    fn one_degree_of_freedom_is_cauchy() {
        for t in [1e-9_f64, 0.3, 1.0, 12.0, 1e5, 3e9, 1e15] {
            let expected = (1.0 / t).atan() / std::f64::consts::PI;
            assert!((sf(t, 1.0) / expected - 1.0).abs() < 1e-12, "{t}: {}", sf(t, 1.0));
            assert!((quantile(expected, 1.0) / -t - 1.0).abs() < 1e-9 || expected > 0.4, "{t}");
        }
        assert_eq!((sf(f64::INFINITY, 1.0), cdf(f64::NEG_INFINITY, 1.0)), (0.0, 0.0));
        assert_eq!((quantile(0.0, 1.0), quantile(1.0, 1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn many_degrees_of_freedom_are_the_normal_distribution() {
        for t in [0.1, 1.0, 3.0, 8.0] {
            assert!((sf(t, 1e9) / crate::special::normal::sf(t) - 1.0).abs() < 1e-5, "{t}");
        }
    }

    proptest! {
        #[test]
        fn it_is_monotone_and_symmetric(t in -1e3..1e3, step in 0.0..9.0, df in 0.5..1e5) {
            prop_assert!(sf(t + step, df) <= sf(t, df));
            prop_assert!((sf(t, df) + sf(-t, df) - 1.0).abs() < 1e-13);
            prop_assert!((two_sided(t, df) - 2.0 * sf(t.abs(), df)).abs() < 1e-13);
        }
    }
}
