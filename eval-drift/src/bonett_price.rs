//! Bonett and Price's interval for paired differences.

use crate::moments::{clip, mean};
use crate::special::normal::reach;

/// An interval that never has width zero; see [`bonett_price`] (95 %) and
/// [`paired_proportions`](crate::paired_proportions) (of any confidence).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BonettPrice {
    /// The centre: the mean of the differences and the two added ones.
    pub center: f64,
    /// The standard error of the centre; never 0.
    pub standard_error: f64,
    /// The lower end of the interval, at least -1.
    pub low: f64,
    /// The upper end of the interval, at most 1.
    pub high: f64,
}

/// Bonett and Price's 95 % interval for the mean of differences `d = current - baseline` between -1 and 1.
///
/// Bonett, D. G. and Price, R. M. (2012), *Adjusted Wald confidence interval for a difference of binomial proportions
/// based on paired data*, Journal of Educational and Behavioral Statistics 37, 479–488. Two differences are added, one
/// of -1 and one of 1; then `center = sum(d) / (n + 2)`, `se = sqrt(((sum(d²) + 2) / (n + 2) - center²) / (n + 2))`, and
/// the interval is `center ± z(0.975) se`, clipped to -1 and 1.
///
/// For answers that are right or wrong (differences of -1, 0 and 1) this is the published interval; in simulation it
/// covered the truth in 96 % of cases or more from n = 10 on, where the t interval does not. For graded differences the
/// same formula is ours, and cautious: the two added differences are the largest that can be.
///
/// `None` without differences, or when one of them is not between -1 and 1. O(n) time, no allocation.
///
/// ```
/// let unchanged = eval_drift::bonett_price(&[0.0; 10]).unwrap();
/// assert!((unchanged.high - 0.2309839707249463).abs() < 1e-12);
/// assert_eq!(unchanged.low, -unchanged.high);
/// ```
pub fn bonett_price(differences: &[f64]) -> Option<BonettPrice> {
    mean(differences).filter(|_| differences.iter().all(|difference| difference.abs() <= 1.0))?;
    let squares = differences.iter().map(|difference| difference * difference).sum();
    of_sums(differences.iter().sum(), squares, differences.len() as f64, 0.95)
}

/// The interval of `n` differences with this sum and this sum of squares.
pub(crate) fn of_sums(sum: f64, squares: f64, n: f64, confidence: f64) -> Option<BonettPrice> {
    let n = n + 2.0;
    let center = sum / n;
    let standard_error = (((squares + 2.0) / n - center * center) / n).sqrt();
    let reach = reach(confidence)? * standard_error;
    let (low, high) = clip((center - reach, center + reach));
    Some(BonettPrice { center, standard_error, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_difference_of_scores_has_no_interval() {
        for differences in [&[][..], &[f64::NAN], &[1.5], &[f64::NEG_INFINITY]] {
            assert_eq!(bonett_price(differences), None, "{differences:?}");
        }
    }
}
