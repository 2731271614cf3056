//! The two-sample Cramér-von Mises test.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use crate::sorting::sorted_finite;
use crate::steps::steps;

/// Up to so many values in both samples the exact probability is computed.
const EXACT_UP_TO: usize = 20;
/// The series of the limit distribution ends with the first term below; see [`cramer_von_mises`].
const LAST_TERM: f64 = 1e-7;

/// What the Cramér-von Mises test says about two samples; see [`cramer_von_mises`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CramerVonMises {
    /// The statistic T; about 1/6 if both samples come from one distribution, and larger if not.
    pub statistic: f64,
    /// The probability of a T at least this large if both samples come from one distribution, by the limit distribution.
    pub p_asymptotic: f64,
    /// The same probability over all orders of the pooled values; `None` when both samples have more than 20 values
    /// together.
    pub p_exact: Option<f64>,
}

/// The two-sample Cramér-von Mises test: do both samples come from one distribution?
///
/// Anderson, T. W. (1962), *On the distribution of the two-sample Cramér-von Mises criterion*, Annals of Mathematical
/// Statistics 33, 1148–1159. With the ranks `r`, `s` of the two samples among all `N = n + m` values (ties get the mean
/// rank), `U = n sum (r_i - i)² + m sum (s_j - j)²` and `T = U / (n m N) - (4 n m - 1) / (6 N)`. Its probability is
///
/// - *exact* by counting (Xiao, Gordon and Yakovlev 2007, Journal of Statistical Software 17(8));
/// - *asymptotic*: T is scaled to the mean and variance of its limit, whose distribution is the series of Csörgő and
///   Faraway (1996). As in scipy the series ends with the first term below 1e-7: a probability below that is a bound.
///
/// It assumes independent values of a continuous scale. **With many ties T is far too large** and the probabilities mean
/// nothing, above all when the samples differ in size: do not use it for scores of a few grades.
///
/// `None` when a sample has less than two values, or one that is not a finite number. O(n + m) time beyond sorting; U is
/// summed in integers, so T has no rounding but the last.
///
/// ```
/// let found = eval_drift::cramer_von_mises(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0, 7.0]).unwrap();
/// assert!((found.statistic - 0.595238095238095).abs() < 1e-12);
/// assert!((found.p_exact.unwrap() - 2.0 / 35.0).abs() < 1e-12);
/// ```
pub fn cramer_von_mises(a: &[f64], b: &[f64]) -> Option<CramerVonMises> {
    let (a, b) = (sorted_finite(a)?, sorted_finite(b)?);
    if a.len().min(b.len()) < 2 {
        return None;
    }
    let (n, m) = (a.len() as i128, b.len() as i128);
    let pairs = n * m;
    let excess = 6 * four_u(&a, &b) - 4 * pairs * (4 * pairs - 1);
    let statistic = excess as f64 / (24 * pairs * (n + m)) as f64;
    Some(CramerVonMises {
        statistic,
        p_asymptotic: asymptotic(statistic, n as f64, m as f64),
        p_exact: (a.len() + b.len() <= EXACT_UP_TO).then(|| exact(excess, n, m)),
    })
}

/// Four times U, which is a whole number even with the halves of mean ranks.
fn four_u(a: &[f64], b: &[f64]) -> i128 {
    let (mut first, mut second) = (0, 0);
    let (mut i, mut j) = (0, 0);
    for step in steps(a, b) {
        let (next_i, next_j) = (step.a as i128, step.b as i128);
        // Twice the mean rank of the values of this step.
        let rank = i + j + next_i + next_j + 1;
        first += squares(rank - 2 * i, next_i - i);
        second += squares(rank - 2 * j, next_j - j);
        (i, j) = (next_i, next_j);
    }
    a.len() as i128 * first + b.len() as i128 * second
}

/// The sum of `(x - 2 l)²` over l from 1 to `count`.
fn squares(x: i128, count: i128) -> i128 {
    count * x * x - 2 * x * count * (count + 1) + 2 * count * (count + 1) * (2 * count + 1) / 3
}

/// The probability of T in its limit distribution, after scaling to the limit's mean 1/6 and variance 1/45.
fn asymptotic(statistic: f64, n: f64, m: f64) -> f64 {
    let (total, pairs) = (n + m, n * m);
    let mean = (1.0 + 1.0 / total) / 6.0;
    let variance = (total + 1.0) * (4.0 * pairs * total - 3.0 * (n * n + m * m) - 2.0 * pairs)
        / (45.0 * total * total * 4.0 * pairs);
    let scaled = 1.0 / 6.0 + (statistic - mean) / (45.0 * variance).sqrt();
    // Below, the distribution function is less than 1e-17.
    if scaled < 0.003 { 1.0 } else { (1.0 - limit(scaled)).clamp(0.0, 1.0) }
}

/// The limit distribution function `sum_k Γ(k + 1/2) / (k! π^(3/2) sqrt(x)) sqrt(4 k + 1) e^-q K(q)`, where K is the
/// modified Bessel function of order 1/4 and `q = (4 k + 1)² / (16 x)`.
fn limit(x: f64) -> f64 {
    let mut gammas = PI.sqrt(); // Γ(k + 1/2) / k!
    let mut sum = 0.0;
    for k in (0_u32..).map(f64::from) {
        let y = 4.0 * k + 1.0;
        let term = gammas * (y / x).sqrt() / PI.powf(1.5) * damped_bessel(y * y / (16.0 * x));
        sum += term;
        if term < LAST_TERM {
            break;
        }
        gammas *= (k + 0.5) / (k + 1.0);
    }
    sum
}

/// `e^-q K(q)`, with the modified Bessel function K of order 1/4, which `statrs` has not.
///
/// The trapezoidal rule for `∫ exp(-q (1 + cosh t)) cosh(t/4) dt` from 0: the integrand falls doubly exponentially, so a
/// step of 1/8 is good to the last digit wherever the result counts.
fn damped_bessel(q: f64) -> f64 {
    const STEP: f64 = 0.125;
    let mut sum = (-2.0 * q).exp() / 2.0;
    for t in (1_u32..).map(|at| f64::from(at) * STEP) {
        let term = (-q * (1.0 + t.cosh())).exp() * (t / 4.0).cosh();
        sum += term;
        if term <= sum * 1e-18 {
            break;
        }
    }
    sum * STEP
}

/// The share of orders with a statistic at least as large.
///
/// `counts[i]` has, for paths from (0, 0) to (i, j), how many have which sum of `(i l/n - j l/m)²`, l the least common
/// multiple; T is that sum times `n m / (l² N²)`, in integers at the end.
fn exact(excess: i128, n: i128, m: i128) -> f64 {
    let multiple = n * m / common_divisor(n, m);
    let mut counts = vec![BTreeMap::<i128, u64>::new(); n as usize + 1];
    for j in 0..=m {
        let mut reached = BTreeMap::new();
        for (i, counts) in (0..).zip(&mut counts) {
            if (i, j) == (0, 0) {
                counts.insert(0, 1);
            }
            for (sum, ways) in std::mem::take(&mut reached) {
                *counts.entry(sum).or_insert(0) += ways;
            }
            let gap = (i * multiple / n - j * multiple / m).pow(2);
            *counts = counts.iter().map(|(sum, ways)| (sum + gap, *ways)).collect();
            reached = counts.clone();
        }
    }
    let last = counts.pop().unwrap_or_default();
    // Rounded down, as in scipy: with ties a statistic may lie between those that orders have.
    let needed = (multiple * multiple * (n + m) * excess).div_euclid(24 * n * m * n * m);
    let extreme: u64 = last.range(needed..).map(|(_, ways)| ways).sum();
    extreme as f64 / last.values().sum::<u64>() as f64
}

fn common_divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_symmetric_and_within_bounds(
            a in prop::collection::vec(-1e300..1e300, 2..40),
            b in prop::collection::vec(prop_oneof![Just(0.5), -1.0..1.0], 2..40),
        ) {
            let (found, other) = (cramer_von_mises(&a, &b).unwrap(), cramer_von_mises(&b, &a).unwrap());
            prop_assert_eq!(found.statistic, other.statistic);
            prop_assert_eq!(found.p_exact, other.p_exact);
            prop_assert!((found.p_asymptotic - other.p_asymptotic).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&found.p_asymptotic));
            prop_assert!(found.p_exact.is_none_or(|p| (0.0..=1.0).contains(&p)));
        }
    }

    // scipy.special.kv(0.25, q)
    #[test]
    fn the_bessel_function_is_that_of_scipy() {
        let known = [
            (1e-6, 68.107_227_889_734_9),
            (0.01, 6.165_741_264_139_234),
            (1.0, 0.430_739_774_448_581_4),
            (10.0, 1.783_318_443_980_639_5e-5),
        ];
        for (q, expected) in known {
            let found = damped_bessel(q) * q.exp();
            assert!((found / expected - 1.0_f64).abs() < 1e-13, "{q}: {found}");
        }
    }

    #[test]
    fn less_than_two_values_have_no_test() {
        assert_eq!(cramer_von_mises(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(cramer_von_mises(&[1.0, 2.0], &[]), None);
        assert_eq!(cramer_von_mises(&[1.0, f64::NAN], &[1.0, 2.0]), None);
    }
}
