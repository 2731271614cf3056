//! The test of equivalence.

use crate::non_inferiority::{Spread, spread};
use crate::special::student;

/// What the two one-sided tests say; see [`tost`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Tost {
    /// The larger p of the two: small means *equivalent within the margin*.
    pub p: f64,
    /// How many standard errors the mean lies above `-margin`.
    pub t_low: f64,
    /// The p of the test against a mean of `-margin` or less.
    pub p_low: f64,
    /// How many standard errors the mean lies above `margin`; negative when below.
    pub t_high: f64,
    /// The p of the test against a mean of `margin` or more.
    pub p_high: f64,
}

/// The paired test of equivalence of differences `d = current - baseline`: is it *shown* that their mean lies within
/// `-margin` and `margin`?
///
/// Schuirmann (1987), *A comparison of the two one-sided tests procedure and the power approach*, J. Pharmacokinet.
/// Biopharm. 15, 657–680: two one-sided t tests, both of which must reject. Assumptions as for
/// [`paired_t`](crate::paired_t); for one side only see [`non_inferiority`](crate::non_inferiority).
///
/// `None` below two differences, when all are the same, when one of them is not a finite number, or unless `margin` is
/// a finite number of at least 0. O(n) time.
pub fn tost(differences: &[f64], margin: f64) -> Option<Tost> {
    let Spread { mean, error, df } = spread(differences, margin)?;
    let [t_low, t_high] = [margin, -margin].map(|margin| (mean + margin) / error);
    let (p_low, p_high) = (student::sf(t_low, df), student::cdf(t_high, df));
    Some(Tost { p: p_low.max(p_high), t_low, p_low, t_high, p_high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_of_nothing_is_never_held() {
        assert!(tost(&[0.1, -0.1, 0.2], 0.0).unwrap().p >= 0.5);
        assert_eq!(tost(&[0.1, 0.1, 0.1], 0.5), None);
    }
}
