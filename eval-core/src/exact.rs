//! Sums of scores that do not depend on the order in which the scores come.
//!
//! Questions end in any order, and a sum of floating-point numbers depends on it in its last digits. A run that was
//! interrupted and resumed must end with the very figures of one that was not, so scores are added as whole numbers.

/// 1.0 in the units of the sum: every score from 2^-11 upwards is a whole number of them.
const ONE: f64 = 18_446_744_073_709_551_616.0; // 2^64
/// 1.0 in the units of the squares, coarser, so that the squares of 2^34 scores have room.
const COARSE: f64 = 281_474_976_710_656.0; // 2^48

/// Scores from 0 to 1, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    n: u64,
    total: u128,
    coarse: u128,
    squares: u128,
}

impl Sum {
    /// Adds a score.
    pub(crate) fn add(&mut self, score: f64) {
        let coarse = (score * COARSE).round() as u128;
        self.n += 1;
        self.total += (score * ONE) as u128;
        self.coarse += coarse;
        self.squares = self.squares.wrapping_add(coarse * coarse);
    }

    /// How many scores there are.
    pub(crate) fn n(&self) -> u64 {
        self.n
    }

    /// Their mean; `None` when there are none.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.total as f64 / ONE / self.n as f64)
    }

    /// The sum of squared deviations from the mean.
    ///
    /// Taken around the whole number nearest to the mean. The terms may exceed 128 bits and wrap around; what is left of
    /// them cannot, so it is exact.
    pub(crate) fn squared_deviations(&self) -> f64 {
        let Some(n) = std::num::NonZeroU128::new(self.n.into()) else { return 0.0 };
        let middle = (self.coarse + n.get() / 2) / n;
        let cross = middle.wrapping_mul(self.coarse).wrapping_mul(2);
        let rest = middle.wrapping_mul(middle).wrapping_mul(n.get());
        self.squares.wrapping_sub(cross).wrapping_add(rest) as f64 / COARSE / COARSE
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(scores: impl IntoIterator<Item = f64>) -> Sum {
        let mut sum = Sum::default();
        scores.into_iter().for_each(|score| sum.add(score));
        sum
    }

    #[test]
    fn equal_scores_have_their_own_mean_and_no_spread() {
        for score in [0.0, 0.1, 0.3, 0.7, 1.0 / 3.0, 1.0] {
            let sum = sum([score; 7]);
            assert!((sum.mean().unwrap() - score).abs() < 1e-16, "{score}");
            assert_eq!(sum.squared_deviations(), 0.0, "{score}");
            assert_eq!(super::tests::sum([score]).mean(), Some(score));
        }
        assert_eq!(sum([]).mean(), None);
    }

    #[test]
    fn a_hundred_million_scores_have_room() {
        let mut sum = Sum::default();
        for score in [0.0, 1.0] {
            let one = super::tests::sum([score]);
            for _ in 0..50_000 {
                sum.add(score);
            }
            assert_eq!(one.squared_deviations(), 0.0);
        }
        // As if each had come a thousand times.
        let scaled =
            Sum { n: sum.n * 1000, total: sum.total * 1000, coarse: sum.coarse * 1000, squares: sum.squares * 1000 };
        assert_eq!(scaled.mean(), Some(0.5));
        assert_eq!(scaled.squared_deviations(), 25_000_000.0);
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter_and_the_figures_are_right(scores in proptest::collection::vec(0.0..=1.0f64, 1..60)) {
            let found = sum(scores.iter().copied());
            prop_assert_eq!(found, sum(scores.iter().rev().copied()));
            let n = scores.len() as f64;
            let mean = scores.iter().sum::<f64>() / n;
            let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
            prop_assert!((found.mean().unwrap() - mean).abs() < 1e-14);
            prop_assert!((found.squared_deviations() - squares).abs() < 1e-12);
        }
    }
}
