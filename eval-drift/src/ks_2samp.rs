//! The two-sample Kolmogorov-Smirnov test.

use crate::kolmogorov::survival;
use crate::sorting::sorted_finite;
use crate::steps::steps;

/// Up to so many pairs of values the exact probability is computed.
const EXACT_PAIRS: u64 = 1_000_000;

/// What the Kolmogorov-Smirnov test says about two samples; see [`ks_2samp`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct KolmogorovSmirnov {
    /// The largest distance between the two empirical distribution functions, from 0 to 1.
    pub d: f64,
    /// The probability of a distance at least this large if both samples come from one distribution, by the
    /// distribution of the one-sample statistic; `None` for one value on each side.
    pub p_asymptotic: Option<f64>,
    /// The same probability by counting all orders of the pooled values; `None` when there are more than 1,000,000
    /// pairs.
    pub p_exact: Option<f64>,
}

/// The two-sample Kolmogorov-Smirnov test, two-sided: do both samples come from one distribution?
///
/// Smirnov, N. V. (1939), *On the estimation of the discrepancy between empirical curves of distribution for two
/// independent samples*: `D = max |F(x) - G(x)|` over the empirical distribution functions. Its probability is
///
/// - *exact*, from the share of lattice paths from (0, 0) to (n, m) that leave the band `|i/n - j/m| < D` (Viehmann
///   2021, *Numerically more stable computation of the p-values for the two-sample Kolmogorov-Smirnov test*, arXiv
///   2102.08037): only sums of positive numbers, so small probabilities are right too;
/// - *asymptotic*, as in scipy: the one-sample distribution for `round(n m / (n + m))` values (Simard and L'Ecuyer 2011,
///   *Computing the two-sided Kolmogorov-Smirnov distribution*, Journal of Statistical Software 39(11)).
///
/// It assumes independent values of a continuous scale. With ties both probabilities are too large: on a scale of five
/// grades the test hardly ever fires. Use it for latencies and lengths, not for scores.
///
/// `None` when a sample is empty or has a value that is not a finite number. O(n + m) time and memory beyond sorting; the
/// exact probability takes O(n m) time, O(m) memory.
///
/// ```
/// let found = eval_drift::ks_2samp(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0, 7.0]).unwrap();
/// assert_eq!(found.d, 1.0);
/// assert!((found.p_exact.unwrap() - 2.0 / 35.0).abs() < 1e-12);
/// assert!(eval_drift::ks_2samp(&[], &[1.0]).is_none());
/// ```
pub fn ks_2samp(a: &[f64], b: &[f64]) -> Option<KolmogorovSmirnov> {
    let (a, b) = (sorted_finite(a)?, sorted_finite(b)?);
    let (n, m) = (a.len() as u64, b.len() as u64);
    // In integers: |i/n - j/m| = |i m - j n| / (n m), without rounding.
    let gap = steps(&a, &b).map(|step| (step.a as u64 * m).abs_diff(step.b as u64 * n)).max()?;
    let d = gap as f64 / (n * m) as f64;
    let effective = (n as f64 * m as f64 / (n + m) as f64).round_ties_even();
    Some(KolmogorovSmirnov {
        d,
        p_asymptotic: (effective >= 1.0).then(|| survival(effective, d)),
        p_exact: (n * m <= EXACT_PAIRS).then(|| exact(n, m, gap)),
    })
}

/// The share of lattice paths from (0, 0) to (n, m) that reach a point with `|i m - j n| >= gap`.
///
/// The last step of a random path to (i, j) comes from (i - 1, j) with probability `i / (i + j)`, else from (i, j - 1).
fn exact(n: u64, m: u64, gap: u64) -> f64 {
    let mut left = vec![0.0; m as usize + 1];
    for i in 0..=n {
        let mut before = 0.0;
        for (j, share) in (0..).zip(&mut left) {
            let outside = (i * m).abs_diff(j * n) >= gap;
            before = if outside { 1.0 } else { (i as f64 * *share + j as f64 * before) / (i + j).max(1) as f64 };
            *share = before;
        }
    }
    left.last().copied().unwrap_or(1.0).min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> impl Strategy<Value = Vec<f64>> {
        prop_oneof![
            prop::collection::vec((-4_i32..4).prop_map(|value| f64::from(value) / 4.0), 1..60),
            prop::collection::vec(any::<f64>().prop_filter("finite", |value| value.is_finite()), 1..60),
        ]
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_within_bounds(a in sample(), b in sample()) {
            let found = ks_2samp(&a, &b).unwrap();
            let other = ks_2samp(&b, &a).unwrap();
            prop_assert_eq!((found.d, found.p_asymptotic), (other.d, other.p_asymptotic));
            let (p, mirrored) = (found.p_exact.unwrap(), other.p_exact.unwrap());
            prop_assert!((p - mirrored).abs() <= 1e-12);
            for share in [found.d, p].into_iter().chain(found.p_asymptotic) {
                prop_assert!((0.0..=1.0).contains(&share), "{found:?}");
            }
        }

        #[test]
        fn a_sample_does_not_differ_from_itself(a in sample()) {
            let found = ks_2samp(&a, &a).unwrap();
            prop_assert_eq!((found.d, found.p_exact), (0.0, Some(1.0)));
        }
    }

    #[test]
    fn many_values_have_no_exact_probability() {
        let values: Vec<f64> = (0..1_001).map(f64::from).collect();
        let found = ks_2samp(&values, &values[..1_000]).unwrap();
        assert_eq!(found.p_exact, None);
        assert!(found.p_asymptotic.unwrap() > 0.999);
    }

    // Of 2 n values n lie below all others with probability 2 / C(2n, n).
    #[test]
    fn tiny_probabilities_are_right() {
        let low: Vec<f64> = (0..300).map(f64::from).collect();
        let high: Vec<f64> = (300..600).map(f64::from).collect();
        let ways: f64 = (1..=300).map(|k| f64::from(300 + k) / f64::from(k)).map(f64::ln).sum();
        let found = ks_2samp(&low, &high).unwrap().p_exact.unwrap();
        assert!((found.ln() - (2.0_f64.ln() - ways)).abs() < 1e-9, "{found:e}");
    }
}
