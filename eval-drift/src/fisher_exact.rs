//! Fisher's exact test.

use crate::Proportion;

/// What Fisher's exact test says of two proportions; see [`fisher_exact`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct FisherExact {
    /// The probability of a table at most as likely as the one observed, if both shares are the same.
    pub p_two: f64,
    /// The probability of as many or more hits after, if both shares are the same.
    pub p_increase: f64,
    /// The probability of as many or fewer hits after, if both shares are the same.
    pub p_decrease: f64,
}

/// Fisher's exact test of two proportions of different questions or calls.
///
/// Fisher (1935), *The logic of inductive inference*, JRSS 98, 39–82. Given how many there were on each side and how
/// many hits in all, the hits after are hypergeometric if both shares are the same. The two-sided p adds up all tables
/// that are at most as likely as the one observed; tables whose probabilities differ by less than one part in 10⁷ count
/// as equally likely, as in R. Exact at any size, and with small counts cautious.
///
/// If a side is 0 of 0, or there are no hits, or nothing else, every p is 1. O(number of possible tables) time and
/// memory, those aside whose probability is below the smallest float.
///
/// ```
/// use eval_drift::{Proportion, fisher_exact};
/// let found = fisher_exact(Proportion::new(0, 50).unwrap(), Proportion::new(5, 50).unwrap());
/// assert!((found.p_increase - 0.028142247214412164).abs() < 1e-12);
/// ```
pub fn fisher_exact(before: Proportion, after: Proportion) -> FisherExact {
    let tables = Tables::new(before, after);
    let Tables { least, weights } = &tables;
    let place = |count: u128| usize::try_from(count.saturating_sub(*least)).unwrap_or(usize::MAX).min(weights.len());
    let observed = u128::from(after.count());
    let (from, to) = (place(observed), place(observed + 1));
    let limit = weights[from..to].iter().sum::<f64>() * (1.0 + TIE);
    let share = |weights: &[f64]| weights.iter().sum::<f64>() / tables.total();
    let p_two = weights.iter().filter(|weight| **weight <= limit).sum::<f64>() / tables.total();
    FisherExact { p_two, p_increase: share(&weights[from..]), p_decrease: share(&weights[..to]) }
}

/// Probabilities closer than this part of them count as equal.
const TIE: f64 = 1e-7;

/// The tables with the margins observed.
struct Tables {
    /// The hits after in the first of them.
    least: u128,
    /// How likely each is, as a multiple of the most likely one, for one more hit after each.
    weights: Vec<f64>,
}

impl Tables {
    /// Starts at the most likely table, so that what underflows is what does not matter.
    fn new(before: Proportion, after: Proportion) -> Self {
        let (n1, n2) = (u128::from(before.of()), u128::from(after.of()));
        let hits = u128::from(before.count()) + u128::from(after.count());
        let (least, most) = (hits.saturating_sub(n1), hits.min(n2));
        let mode = (hits + 1) as f64 * ((n2 + 1) as f64 / (n1 + n2 + 2) as f64);
        let mode = (mode as u128).clamp(least, most);
        // How much likelier one more hit after is than `k`.
        let ratio = |k: u128| ((hits - k) * (n2 - k)) as f64 / ((k + 1) as f64 * (n1 + k + 1 - hits) as f64);
        let down = (least..mode).rev().scan(1.0, |weight, k| positive(weight, 1.0 / ratio(k)));
        let mut weights: Vec<f64> = down.collect();
        weights.reverse();
        let least = mode - weights.len() as u128;
        weights.push(1.0);
        weights.extend((mode..most).scan(1.0, |weight, k| positive(weight, ratio(k))));
        Self { least, weights }
    }

    fn total(&self) -> f64 {
        self.weights.iter().sum()
    }
}

/// The next weight, until it underflows.
fn positive(weight: &mut f64, factor: f64) -> Option<f64> {
    *weight *= factor;
    (*weight > 0.0).then_some(*weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn test(k1: u64, n1: u64, k2: u64, n2: u64) -> FisherExact {
        fisher_exact(Proportion::new(k1, n1).unwrap(), Proportion::new(k2, n2).unwrap())
    }

    #[test]
    fn where_only_one_table_is_possible_every_p_is_one() {
        let certain = FisherExact { p_two: 1.0, p_increase: 1.0, p_decrease: 1.0 };
        for (k1, n1, k2, n2) in [(0, 0, 0, 0), (0, 9, 0, 4), (9, 9, 4, 4), (3, 9, 0, 0)] {
            assert_eq!(test(k1, n1, k2, n2), certain);
        }
    }

    #[test]
    fn a_table_beyond_the_smallest_float_is_no_panic() {
        let found = test(0, 1_000_000, 1_000_000, 1_000_000);
        assert_eq!((found.p_two, found.p_increase, found.p_decrease), (0.0, 0.0, 1.0));
        let found = test(1_000_000, 1_000_000, 0, 1_000_000);
        assert_eq!((found.p_two, found.p_increase, found.p_decrease), (0.0, 1.0, 0.0));
    }

    proptest! {
        #[test]
        fn both_tails_overlap_in_the_table_observed(n1 in 0_u64..300, n2 in 0_u64..300, a in 0.0..1.0, b in 0.0..1.0) {
            let (k1, k2) = ((n1 as f64 * a) as u64, (n2 as f64 * b) as u64);
            let (found, mirrored) = (test(k1, n1, k2, n2), test(n1 - k1, n1, n2 - k2, n2));
            prop_assert!(found.p_increase + found.p_decrease >= 1.0 - 1e-12);
            prop_assert!((found.p_increase - mirrored.p_decrease).abs() < 1e-12);
            prop_assert!(found.p_two >= found.p_increase.min(found.p_decrease) - 1e-12 && found.p_two <= 1.0 + 1e-12);
        }
    }
}
