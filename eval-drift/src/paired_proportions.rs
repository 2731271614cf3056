//! The difference of two proportions of the same questions.

use crate::bonett_price::{BonettPrice, of_sums};
use crate::special::normal::reach;

/// The difference of two proportions of the same questions; see [`paired_proportions`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PairedProportions {
    /// The difference, `(better - worse) / n`.
    pub difference: f64,
    /// Wald's interval of it, not clipped. For comparison only: it has width 0 when all questions changed alike.
    pub wald: (f64, f64),
    /// Bonett and Price's interval, the one to show.
    pub bonett_price: BonettPrice,
}

/// The difference of the proportions of right answers before and after, when `worse` of `n` questions were right and
/// are wrong now, and `better` were wrong and are right now. `confidence` is usually 0.95.
///
/// Wald: `d ± z sqrt(((worse + better) / n - d²) / n)`. Bonett and Price (2012), see
/// [`bonett_price`](crate::bonett_price): the same of `worse + 1`, `better + 1` and `n + 2`, clipped to -1 and 1; it
/// holds its level from small `n` on, where Wald's does not.
///
/// `None` without questions, when more changed than there are, or unless `confidence` lies between 0 and 1. O(1).
///
/// ```
/// let found = eval_drift::paired_proportions(4, 1, 50, 0.95).unwrap();
/// assert_eq!(found.difference, -0.06);
/// assert!((found.bonett_price.low - -0.15617439665355495).abs() < 1e-12);
/// ```
pub fn paired_proportions(worse: u64, better: u64, n: u64, confidence: f64) -> Option<PairedProportions> {
    let changed = worse.checked_add(better).filter(|changed| *changed <= n && n > 0)? as f64;
    let (sum, n) = (better as f64 - worse as f64, n as f64);
    let difference = sum / n;
    // Rounding may leave less than nothing when all changed alike.
    let variance = ((changed / n - difference * difference) / n).max(0.0);
    let reach = reach(confidence)? * variance.sqrt();
    let bonett_price = of_sums(sum, changed, n, confidence)?;
    Some(PairedProportions { difference, wald: (difference - reach, difference + reach), bonett_price })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_counts_and_confidences_have_no_interval() {
        for (worse, better, n, confidence) in [
            (0, 0, 0, 0.95),
            (2, 2, 3, 0.95),
            (u64::MAX, 1, 3, 0.95),
            (1, 1, 3, 0.0),
            (1, 1, 3, 1.0),
            (1, 1, 3, f64::NAN),
        ] {
            assert_eq!(paired_proportions(worse, better, n, confidence), None);
        }
    }

    #[test]
    fn counts_and_differences_give_the_same_interval() {
        let found = paired_proportions(2, 1, 5, 0.95).unwrap().bonett_price;
        assert_eq!(Some(found), crate::bonett_price(&[-1.0, -1.0, 1.0, 0.0, 0.0]));
    }
}
