//! From other distributions to the scale of the normal one.

use crate::special::{normal, student};

/// The normal score of a `t` with `df` degrees of freedom, exactly: the `z` that is as far out.
///
/// `z(F(t))`, through the nearer tail, so that far values stay exact. `None` unless `t` is finite and `df` is finite
/// and positive, and beyond 1e-300 in the tail. O(sqrt(df)) time; [`hill_score`] is within .01 of it for `|t| < 6` and
/// 12 degrees of freedom or more, and much faster.
pub fn normal_score(t: f64, df: f64) -> Option<f64> {
    let tail = are_t(t, df).then(|| student::sf(t.abs(), df)).filter(|tail| *tail > 1e-300)?;
    Some(-normal::quantile(tail) * t.signum())
}

/// The normal score of a `t` with `df` degrees of freedom, by Hill's approximation.
///
/// Wallace (1959), *Bounds on normal approximations to Student's and the chi-square distributions*; Hill (1970),
/// Algorithm 395: `sign(t) (8 df + 1) / (8 df + 3) sqrt(df ln(1 + t² / df))`. Monotone and odd. `None` unless `t` is
/// finite and `df` is finite and positive. O(1).
///
/// ```
/// let found = eval_drift::hill_score(-3.85532, 65.101).unwrap();
/// assert!((found - -3.644929804585078).abs() < 1e-12);
/// ```
pub fn hill_score(t: f64, df: f64) -> Option<f64> {
    are_t(t, df).then(|| student_to_normal(t, df))
}

/// [`hill_score`] of what is known to be a `t`.
pub(crate) fn student_to_normal(t: f64, df: f64) -> f64 {
    // Not `t * t`, which overflows for what is still a number.
    let ratio = t.abs() / df.sqrt();
    let logarithm = if ratio > 1e100 { 2.0 * ratio.ln() } else { (ratio * ratio).ln_1p() };
    let size = (8.0 * df + 1.0) / (8.0 * df + 3.0) * (df * logarithm).sqrt();
    size.copysign(t)
}

fn are_t(t: f64, df: f64) -> bool {
    t.is_finite() && df > 0.0 && df.is_finite()
}

/// The normal score of a standardised sum `z` that has this skewness.
///
/// Wilson and Hilferty (1931), *The distribution of chi-square*, PNAS 17, 684–688, in Pearson's type III form: `6/g
/// (cbrt(1 + g z / 2) - 1) + g/6`. The skewness is clipped to -2 and 2 and taken as at least 1e-4 in size, the argument
/// of the root as at least 1e-6, so that the score is always a number and monotone in `z`. `None` unless both are
/// finite. O(1).
///
/// ```
/// let found = eval_drift::wilson_hilferty_score(3.0, 0.5).unwrap();
/// assert!(found < 3.0, "with a long upper tail a value of 3 is less surprising");
/// ```
pub fn wilson_hilferty_score(z: f64, skewness: f64) -> Option<f64> {
    (z.is_finite() && skewness.is_finite()).then(|| wilson_hilferty(z, skewness))
}

/// [`wilson_hilferty_score`] of what are known to be numbers.
pub(crate) fn wilson_hilferty(z: f64, skewness: f64) -> f64 {
    let clipped = skewness.clamp(-2.0, 2.0);
    let g = if clipped.abs() < 1e-4 { 1e-4 } else { clipped };
    let root = (1.0 + g * z / 2.0).max(1e-6).cbrt();
    6.0 / g * (root - 1.0) + g / 6.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_number_has_no_score() {
        for (t, df) in [(f64::NAN, 9.0), (f64::INFINITY, 9.0), (1.0, 0.0), (1.0, f64::NAN), (1.0, f64::INFINITY)] {
            assert_eq!((normal_score(t, df), hill_score(t, df)), (None, None));
        }
        assert_eq!((wilson_hilferty_score(f64::NAN, 0.0), wilson_hilferty_score(1.0, f64::NAN)), (None, None));
        assert!(hill_score(f64::MAX, 3.0).unwrap().is_finite());
        assert!(wilson_hilferty_score(f64::MAX, -2.0).unwrap().is_finite());
    }

    proptest! {
        #[test]
        fn hill_is_close_odd_and_monotone(t in -6.0..6.0, df in 12.0..1e4, step in 0.0..1.0) {
            let hill = |t| hill_score(t, df).unwrap();
            prop_assert!((hill(t) - normal_score(t, df).unwrap()).abs() < 0.01);
            prop_assert!(hill(t) == -hill(-t) && hill(t + step) >= hill(t));
        }

        #[test]
        fn wilson_hilferty_is_a_monotone_number(z in -1e3..1e3, step in 0.0..9.0, g in -9.0..9.0) {
            let score = |z| wilson_hilferty_score(z, g).unwrap();
            prop_assert!(score(z + step) >= score(z) - 1e-9);
        }
    }
}
