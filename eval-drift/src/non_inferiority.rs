//! The test of non-inferiority.

use crate::moments::{ROUNDING, mean, standard_deviation};
use crate::special::student;

/// What the test of non-inferiority says; see [`non_inferiority`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct NonInferiority {
    /// How many standard errors the mean lies above `-margin`.
    pub t: f64,
    /// The probability of a `t` this high, if the true mean lay at `-margin`: small means *not worse by the margin*.
    pub p: f64,
    /// The lower end of the 90 % interval of the mean. It lies above `-margin` exactly when `p < 0.05`.
    pub low90: f64,
}

/// The paired test of non-inferiority of differences `d = current - baseline`: is it *shown* that scores did not fall
/// by `margin` or more?
///
/// The one-sided t test of `mean(d) <= -margin`: `t = (mean(d) + margin) / se` with `n - 1` degrees of freedom. Walker
/// and Nowacki (2011), *Understanding equivalence and noninferiority testing*, J. Gen. Intern. Med. 26, 192–196. That
/// no drop was found proves nothing; this does. Assumptions as for [`paired_t`](crate::paired_t).
///
/// `None` below two differences, when all are the same, when one of them is not a finite number, or unless `margin` is
/// a finite number of at least 0. O(n) time.
///
/// ```
/// let found = eval_drift::non_inferiority(&[0.0, 0.1, -0.1, 0.05, 0.0], 0.2).unwrap();
/// assert!(found.p < 0.05 && found.low90 > -0.2);
/// ```
pub fn non_inferiority(differences: &[f64], margin: f64) -> Option<NonInferiority> {
    let Spread { mean, error, df } = spread(differences, margin)?;
    let t = (mean + margin) / error;
    Some(NonInferiority { t, p: student::sf(t, df), low90: mean - student::quantile(0.95, df) * error })
}

/// A mean, its standard error and the degrees of freedom of that.
pub(crate) struct Spread {
    pub(crate) mean: f64,
    pub(crate) error: f64,
    pub(crate) df: f64,
}

/// What a t test against a margin starts from; `None` where there is none.
pub(crate) fn spread(differences: &[f64], margin: f64) -> Option<Spread> {
    let n = differences.len() as f64;
    let mean = mean(differences).filter(|_| (0.0..f64::INFINITY).contains(&margin))?;
    let deviation = standard_deviation(differences, mean).filter(|deviation| *deviation > ROUNDING)?;
    Some(Spread { mean, error: deviation / n.sqrt(), df: n - 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_spread_or_margin_there_is_no_test() {
        for (differences, margin) in [
            (&[][..], 0.1),
            (&[0.1], 0.1),
            (&[0.1, 0.1], 0.1),
            (&[0.1, f64::NAN], 0.1),
            (&[0.1, 0.2], -0.1),
            (&[0.1, 0.2], f64::NAN),
        ] {
            assert_eq!(non_inferiority(differences, margin), None);
        }
    }

    proptest! {
        #[test]
        fn the_p_and_the_interval_agree(differences in prop::collection::vec(-1.0..1.0, 2..50), margin in 0.0..0.5) {
            let found = non_inferiority(&differences, margin).unwrap();
            prop_assert!((found.p - 0.05).abs() < 1e-9 || (found.p < 0.05) == (found.low90 > -margin));
            prop_assert!(non_inferiority(&differences, margin + 0.1).unwrap().p <= found.p);
        }
    }
}
