//! McNemar's test.

use crate::special::binomial::{at_least, cdf, pmf};
use crate::special::normal::two_sided;

/// What McNemar's test says; see [`mcnemar`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct McNemar {
    /// The exact p: the probability of a split at least as uneven, whichever way, if both ways were equally likely.
    pub p_exact: f64,
    /// The mid-p, which counts only half of the split observed: the one to use. The exact p is never too small, but
    /// with few changed answers far too large.
    pub p_mid: f64,
    /// The exact one-sided p: the probability of as many or more answers that got worse.
    pub p_worse: f64,
    /// The one-sided mid-p: the probability of more answers that got worse, and half of that of as many.
    pub p_worse_mid: f64,
    /// The asymptotic test; `None` when no answer changed.
    pub chi_squared: Option<McNemarChiSquared>,
}

/// The asymptotic form of McNemar's test: one degree of freedom, for some 25 changed answers or more.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct McNemarChiSquared {
    /// `(worse - better)² / (worse + better)`.
    pub statistic: f64,
    /// Its p.
    pub p: f64,
    /// With Edwards' correction for continuity, `(|worse - better| - 1)² / (worse + better)`.
    pub corrected: f64,
    /// Its p.
    pub p_corrected: f64,
}

/// McNemar's test of right and wrong answers to the same questions: `worse` were right and are wrong now, `better` were
/// wrong and are right now.
///
/// McNemar (1947), *Note on the sampling error of the difference between correlated proportions*, Psychometrika 12,
/// 153–157. If nothing changed, each changed answer is a fair coin: `worse ~ Bin(worse + better, 1/2)`. The mid-p is
/// the two-sided exact p less the probability of the smaller count; Fagerland, Lydersen and Laake (2013), BMC Medical
/// Research Methodology 13:91, recommend it. Answers that did not change say nothing.
///
/// Without any change every p is 1. O(sqrt(worse + better)) time.
///
/// ```
/// let found = eval_drift::mcnemar(10, 2);
/// assert!((found.p_mid - 0.0224609375).abs() < 1e-12 && (found.p_exact - 0.03857421875).abs() < 1e-12);
/// ```
pub fn mcnemar(worse: u64, better: u64) -> McNemar {
    let (fewer, n) = (worse.min(better), worse.saturating_add(better));
    let p_exact = (2.0 * cdf(fewer, n, 0.5)).min(1.0);
    let p_mid = if n == 0 { 1.0 } else { p_exact - pmf(fewer, n, 0.5) };
    let p_worse = at_least(worse, n, 0.5);
    let p_worse_mid = if n == 0 { 1.0 } else { p_worse - pmf(worse, n, 0.5) / 2.0 };
    McNemar { p_exact, p_mid, p_worse, p_worse_mid, chi_squared: chi_squared(worse, better) }
}

fn chi_squared(worse: u64, better: u64) -> Option<McNemarChiSquared> {
    let n = worse as f64 + better as f64;
    let apart = worse.abs_diff(better) as f64;
    let [statistic, corrected] = [apart, apart - 1.0].map(|apart| apart * apart / n);
    let [p, p_corrected] = [statistic, corrected].map(|statistic| two_sided(statistic.sqrt()));
    (n > 0.0).then_some(McNemarChiSquared { statistic, p, corrected, p_corrected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_p_is_one_and_the_mid_p_is_the_smaller(worse in 0_u64..100_000, better in 0_u64..100_000) {
            let (found, mirrored) = (mcnemar(worse, better), mcnemar(better, worse));
            prop_assert!(0.0 <= found.p_mid && found.p_mid <= found.p_exact && found.p_exact <= 1.0, "{:?}", found);
            prop_assert_eq!((found.p_exact, found.p_mid), (mirrored.p_exact, mirrored.p_mid));
            prop_assert!((0.0..=1.0).contains(&found.p_worse) && found.p_worse + mirrored.p_worse >= 1.0 - 1e-9);
        }
    }

    #[test]
    fn counts_beyond_all_bounds_are_no_panic() {
        assert!(mcnemar(u64::MAX, 1).p_exact < 1e-300);
    }
}
