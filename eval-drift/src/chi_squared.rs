//! Pearson's chi-squared tests of counts.

use crate::special;

/// A chi-squared statistic; see [`chi_squared_homogeneity`] and [`chi_squared_fit`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ChiSquared {
    /// The statistic; infinite when there is something where nothing was expected.
    pub statistic: f64,
    /// Its degrees of freedom: one less than there are bins with something in them.
    pub df: usize,
    /// The probability of a statistic this large or larger, if the distribution is the same; `None` when one bin alone
    /// has something in it, and there is nothing to compare.
    pub p: Option<f64>,
}

/// The chi-squared test of whether two samples, counted in the same bins, come from one distribution.
///
/// Pearson (1900): the sum of `(count - expected)² / expected` over both samples and all bins, where what is expected
/// is the bin's share of both together. No correction for continuity. It takes some five expected in each bin; order
/// and distance of the bins do not count. Bins that are empty in both are left out.
///
/// `None` when a sample is empty, or unless both have the same bins. O(bins) time.
///
/// ```
/// let found = eval_drift::chi_squared_homogeneity(&[34, 17], &[19, 31]).unwrap();
/// assert!((found.statistic - 8.319530922431866).abs() < 1e-9 && found.df == 1);
/// ```
pub fn chi_squared_homogeneity(before: &[u64], after: &[u64]) -> Option<ChiSquared> {
    let (n1, n2) = totals(before, after)?;
    let term = |first: f64, second: f64| {
        let share = (first + second) / (n1 + n2);
        excess(first, share * n1) + excess(second, share * n2)
    };
    // One bin that has everything of both is the same distribution, without a doubt.
    tested(before, after, term).map(|found| ChiSquared { p: found.p.or(Some(1.0)), ..found })
}

/// The chi-squared test of whether a sample fits the shares of a reference that is taken as known.
///
/// The sum of `(count - expected)² / expected` over the bins, where what is expected is the reference's share. It takes
/// the reference's own noise for nothing, so unless that is many times larger the p is too small: use
/// [`chi_squared_homogeneity`]. Kept because others report it. Bins that are empty in both are left out.
///
/// `None` when a sample is empty, or unless both have the same bins. O(bins) time.
pub fn chi_squared_fit(reference: &[u64], counts: &[u64]) -> Option<ChiSquared> {
    let (n1, n2) = totals(reference, counts)?;
    tested(reference, counts, |first, second| excess(second, first / n1 * n2))
}

fn totals(first: &[u64], second: &[u64]) -> Option<(f64, f64)> {
    let [n1, n2] = [first, second].map(|counts| counts.iter().map(|count| *count as f64).sum::<f64>());
    (first.len() == second.len() && n1 > 0.0 && n2 > 0.0).then_some((n1, n2))
}

fn excess(count: f64, expected: f64) -> f64 {
    (count - expected) * (count - expected) / expected
}

fn tested(first: &[u64], second: &[u64], term: impl Fn(f64, f64) -> f64) -> Option<ChiSquared> {
    let bins = || first.iter().zip(second).filter(|(first, second)| **first > 0 || **second > 0);
    let statistic = bins().map(|(first, second)| term(*first as f64, *second as f64)).sum();
    let df = bins().count().checked_sub(1)?;
    Some(ChiSquared { statistic, df, p: special::chi_squared::sf(statistic, df as f64) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_counts_or_common_bins_there_is_no_test() {
        for (first, second) in [(&[][..], &[][..]), (&[0, 0], &[1, 2]), (&[1, 2], &[0, 0]), (&[1], &[1, 2])] {
            assert_eq!((chi_squared_homogeneity(first, second), chi_squared_fit(first, second)), (None, None));
        }
    }

    #[test]
    fn one_bin_compares_nothing() {
        let found = chi_squared_homogeneity(&[0, 5], &[0, 7]).unwrap();
        assert_eq!((found.statistic, found.df, found.p), (0.0, 0, Some(1.0)));
        let found = chi_squared_fit(&[0, 5], &[0, 7]).unwrap();
        assert_eq!((found.statistic, found.df, found.p), (0.0, 0, None));
    }

    #[test]
    fn what_was_never_expected_is_infinite_evidence_against_the_reference() {
        let found = chi_squared_fit(&[5, 0], &[7, 1]).unwrap();
        assert_eq!((found.statistic, found.p), (f64::INFINITY, Some(0.0)));
        assert!(chi_squared_homogeneity(&[5, 0], &[7, 1]).unwrap().p.unwrap() > 0.3);
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_a_probability(counts in prop::collection::vec((0_u64..50, 0_u64..50), 1..9)) {
            let (first, second): (Vec<u64>, Vec<u64>) = counts.into_iter().unzip();
            let found = chi_squared_homogeneity(&first, &second);
            let mirrored = chi_squared_homogeneity(&second, &first);
            prop_assert_eq!(found.is_some(), mirrored.is_some());
            if let (Some(found), Some(mirrored)) = (found, mirrored) {
                prop_assert!((found.statistic - mirrored.statistic).abs() < 1e-9);
                prop_assert!((0.0..=1.0).contains(&found.p.unwrap()));
            }
        }
    }
}
