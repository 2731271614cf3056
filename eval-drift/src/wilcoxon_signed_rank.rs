//! The Wilcoxon signed rank test.

use crate::moments::{ROUNDING, are_numbers};
use crate::special::normal::two_sided;

/// Up to so many differences, without zeros and ties, the p is exact too: the counts are whole numbers below 2^53.
const EXACT_UP_TO: usize = 50;

/// What becomes of differences of 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Zeros {
    /// They are left out before ranking, as Wilcoxon did.
    Dropped,
    /// They are ranked with the others and left out of the sums (Pratt 1959): the default, because the more answers
    /// stayed the same, the less a few changes are worth.
    #[default]
    Pratt,
}

/// What the signed rank test says of differences; see [`wilcoxon_signed_rank`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct WilcoxonSignedRank {
    /// How many differences there are, those of 0 included.
    pub n: usize,
    /// The sum of the ranks of differences above 0.
    pub rank_sum_up: f64,
    /// The sum of the ranks of differences below 0.
    pub rank_sum_down: f64,
    /// The asymptotic test; `None` when all differences are 0.
    pub asymptotic: Option<WilcoxonAsymptotic>,
    /// The exact test; `None` with differences of 0 or ties, and with more than 50 differences.
    pub exact: Option<WilcoxonExact>,
}

impl WilcoxonSignedRank {
    /// The smaller rank sum: the statistic that tables have.
    pub fn statistic(&self) -> f64 {
        self.rank_sum_up.min(self.rank_sum_down)
    }
}

/// The normal approximation of the rank sum, corrected for ties.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct WilcoxonAsymptotic {
    /// The upper rank sum less its mean, in standard deviations; negative when scores fell.
    pub z: f64,
    /// The two-sided p without a correction for continuity.
    pub p_two: f64,
    /// The two-sided p with that correction.
    pub p_corrected: f64,
}

/// What all patterns of signs say.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct WilcoxonExact {
    /// The probability of rank sums at least this far apart, if the signs were chance.
    pub p_two: f64,
    /// The probability of an upper rank sum this low or lower, if the signs were chance.
    pub p_less: f64,
    /// The probability of an upper rank sum this high or higher, if the signs were chance.
    pub p_greater: f64,
}

/// The signed rank test of differences `d = current - baseline`, one for each question.
///
/// Wilcoxon (1945), *Individual comparisons by ranking methods*, Biometrics Bulletin 1, 80–83; Pratt (1959), *Remarks
/// on zeros and ties in the Wilcoxon signed rank procedures*, JASA 54, 655–667. The absolute differences are ranked,
/// ties sharing their mean rank; under chance signs the sum of the ranks of the positive ones has the mean `n(n+1)/4`
/// and the variance `(n(n+1)(2n+1) - sum(t³ - t)/2) / 24`, each less the same of the zeros under [`Zeros::Pratt`]. Up
/// to 50 differences without zeros and ties all patterns of signs are counted as well.
///
/// It assumes independent differences, symmetric around 0 if nothing changed. It looks at ranks: robust against a few
/// wild differences, blind to how large they are; [`sign_flip`](crate::sign_flip) tests the mean itself. Differences of
/// scores that are at most 1e-12 count as 0, and those that close to each other as tied.
///
/// `None` without differences, or when one of them is not a finite number. O(n log n) time.
///
/// ```
/// use eval_drift::{Zeros, wilcoxon_signed_rank};
/// let found = wilcoxon_signed_rank(&[-0.1, -0.2, -0.3, -0.4, 0.05], Zeros::default()).unwrap();
/// assert_eq!((found.statistic(), found.exact.unwrap().p_two), (1.0, 0.125));
/// ```
pub fn wilcoxon_signed_rank(differences: &[f64], zeros: Zeros) -> Option<WilcoxonSignedRank> {
    let ranks = are_numbers(differences).then(|| Ranks::of(differences, zeros))?;
    let n = differences.len();
    let exact = ranks.zeros == 0 && ranks.ties == 0.0 && n <= EXACT_UP_TO;
    Some(WilcoxonSignedRank {
        n,
        rank_sum_up: ranks.up,
        rank_sum_down: ranks.down,
        asymptotic: (ranks.zeros < n).then(|| ranks.asymptotic(n, zeros)),
        exact: exact.then(|| wilcoxon_exact(ranks.up as usize, n)),
    })
}

/// The signed ranks, summed.
#[derive(Default)]
struct Ranks {
    zeros: usize,
    up: f64,
    down: f64,
    /// The sum of `t³ - t` over groups of tied differences that are not 0.
    ties: f64,
}

impl Ranks {
    fn of(differences: &[f64], method: Zeros) -> Self {
        let mut moved: Vec<f64> =
            differences.iter().copied().filter(|difference| difference.abs() > ROUNDING).collect();
        moved.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
        let zeros = differences.len() - moved.len();
        let mut ranks = Self { zeros, ..Self::default() };
        let mut below = if method == Zeros::Pratt { zeros } else { 0 };
        let mut rest = &moved[..];
        while let Some(first) = rest.first() {
            let tied = rest.iter().take_while(|other| other.abs() <= first.abs() + ROUNDING).count();
            ranks.add(&rest[..tied], below);
            (below, rest) = (below + tied, &rest[tied..]);
        }
        ranks
    }

    /// Adds a group of tied differences that has so many ranks below it.
    fn add(&mut self, group: &[f64], below: usize) {
        let tied = group.len() as f64;
        let rank = below as f64 + (tied + 1.0) / 2.0;
        let up = group.iter().filter(|difference| **difference > 0.0).count() as f64;
        self.up += up * rank;
        self.down += (tied - up) * rank;
        self.ties += tied * tied * tied - tied;
    }

    fn asymptotic(&self, n: usize, method: Zeros) -> WilcoxonAsymptotic {
        let zeros = self.zeros as f64;
        let (all, left_out) = match method {
            Zeros::Pratt => (n as f64, zeros),
            Zeros::Dropped => (n as f64 - zeros, 0.0),
        };
        let mean = |n: f64| n * (n + 1.0) / 4.0;
        let variance = |n: f64| n * (n + 1.0) * (2.0 * n + 1.0) / 24.0;
        let deviation = (variance(all) - variance(left_out) - self.ties / 48.0).sqrt();
        let excess = self.up - (mean(all) - mean(left_out));
        let z = excess / deviation;
        let corrected = (excess.abs() - 0.5) / deviation;
        // Exactly in the middle there is nothing to correct.
        let p_corrected = if excess == 0.0 { 1.0 } else { two_sided(corrected) };
        WilcoxonAsymptotic { z, p_two: two_sided(z), p_corrected }
    }
}

fn wilcoxon_exact(rank_sum: usize, n: usize) -> WilcoxonExact {
    let counts = patterns(n);
    let all: f64 = counts.iter().sum();
    let p_less = counts[..=rank_sum].iter().sum::<f64>() / all;
    let p_greater = counts[rank_sum..].iter().sum::<f64>() / all;
    WilcoxonExact { p_two: (2.0 * p_less.min(p_greater)).min(1.0), p_less, p_greater }
}

/// How many of the `2^n` patterns of signs have each sum of positive ranks.
fn patterns(n: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n * (n + 1) / 2 + 1];
    counts[0] = 1.0;
    for rank in 1..=n {
        for sum in (rank..counts.len()).rev() {
            counts[sum] += counts[sum - rank];
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_numbers_or_changes_there_is_no_test() {
        assert_eq!(wilcoxon_signed_rank(&[], Zeros::Pratt), None);
        assert_eq!(wilcoxon_signed_rank(&[0.5, f64::NAN], Zeros::Pratt), None);
        for zeros in [Zeros::Dropped, Zeros::Pratt] {
            let found = wilcoxon_signed_rank(&[0.0, 1e-13], zeros).unwrap();
            assert_eq!((found.statistic(), found.asymptotic, found.exact), (0.0, None, None));
        }
    }

    #[test]
    fn all_patterns_are_counted() {
        assert_eq!(patterns(3), [1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0]);
        assert_eq!(patterns(50).iter().sum::<f64>(), 2.0_f64.powi(50));
    }

    proptest! {
        #[test]
        fn the_other_sign_mirrors_it(
            differences in prop::collection::vec(prop_oneof![(-4_i8..5).prop_map(f64::from), -1.0..1.0], 1..80),
        ) {
            let mirrored: Vec<f64> = differences.iter().map(|difference| -difference).collect();
            for zeros in [Zeros::Dropped, Zeros::Pratt] {
                let test = |differences: &[f64]| wilcoxon_signed_rank(differences, zeros).unwrap();
                let (found, other) = (test(&differences), test(&mirrored));
                prop_assert_eq!((found.rank_sum_up, found.rank_sum_down), (other.rank_sum_down, other.rank_sum_up));
                prop_assert_eq!(found.exact.map(|test| test.p_less), other.exact.map(|test| test.p_greater));
                if let (Some(test), Some(other)) = (found.asymptotic, other.asymptotic) {
                    prop_assert!((test.z + other.z).abs() < 1e-9);
                    prop_assert!(0.0 < test.p_two && test.p_two <= test.p_corrected + 1e-12 && test.p_corrected <= 1.0);
                }
            }
        }
    }
}
