//! The Mann-Whitney U test.

use crate::moments::are_numbers;
use crate::sorting::sorted;
use crate::special::normal;

/// Up to so many pairs, and without ties, the p is exact too.
const EXACT_UP_TO: usize = 400;

/// What the Mann-Whitney test says of two samples; see [`mann_whitney`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MannWhitney {
    /// How many pairs the value after wins, ties counted half.
    pub u: f64,
    /// The share of pairs it wins, `P(after > before) + P(after = before) / 2`: the size of the effect, .5 when there
    /// is none.
    pub superiority: f64,
    /// The asymptotic test; `None` when all values are the same.
    pub asymptotic: Option<MannWhitneyAsymptotic>,
    /// The exact two-sided p; `None` with ties, and with more than 400 pairs.
    pub p_exact: Option<f64>,
}

/// The normal approximation of `U`, corrected for ties.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MannWhitneyAsymptotic {
    /// `U` less its mean, in standard deviations; positive when values rose.
    pub z: f64,
    /// The two-sided p without a correction for continuity.
    pub p_two: f64,
    /// The two-sided p with that correction: the one to use.
    pub p_corrected: f64,
}

/// The Mann-Whitney (Wilcoxon rank sum) test of two independent samples: do values after tend to be larger?
///
/// Mann and Whitney (1947), *On a test of whether one of two random variables is stochastically larger than the other*,
/// Annals of Mathematical Statistics 18, 50–60. `U` counts the pairs that the value after wins; if both samples come
/// from one distribution, its mean is `nm/2` and its variance `nm/12 (N + 1 - sum(t³ - t) / (N (N - 1)))`, the sum over
/// groups of `t` tied values among all `N = n + m`. Up to 400 pairs without ties all orders are counted.
///
/// It asks of the order only, not of the distance: good for latencies, lengths, costs. Values must be independent, so
/// it is not for scores of the same questions (see [`wilcoxon_signed_rank`](crate::wilcoxon_signed_rank)). The shift in
/// the unit of the values is [`hodges_lehmann_shift`](crate::hodges_lehmann_shift).
///
/// `None` when a sample is empty or has a value that is not a finite number. O(N) time for long samples, else
/// O(N log N), and O(N) memory.
///
/// ```
/// let found = eval_drift::mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0, 7.0]).unwrap();
/// assert_eq!((found.u, found.superiority), (12.0, 1.0));
/// assert!((found.p_exact.unwrap() - 2.0 / 35.0).abs() < 1e-12);
/// ```
pub fn mann_whitney(before: &[f64], after: &[f64]) -> Option<MannWhitney> {
    if !(are_numbers(before) && are_numbers(after)) {
        return None;
    }
    let (n, m) = (before.len(), after.len());
    let order = Order::of(&sorted(before), &sorted(after));
    let u = order.wins_doubled as f64 / 2.0;
    let exact = order.ties == 0.0 && n.saturating_mul(m) <= EXACT_UP_TO;
    Some(MannWhitney {
        u,
        superiority: u / (n as f64 * m as f64),
        asymptotic: (order.groups > 1).then(|| asymptotic(u, n as f64, m as f64, order.ties)),
        p_exact: exact.then(|| p_exact(u, n, m)),
    })
}

/// What the order of two samples holds.
#[derive(Default)]
struct Order {
    /// Twice the pairs that the second sample wins, a tie being half a win.
    wins_doubled: u128,
    /// How many different values there are.
    groups: usize,
    /// The sum of `t³ - t` over groups of tied values.
    ties: f64,
}

impl Order {
    /// One walk along both samples, each in ascending order.
    fn of(first: &[f64], second: &[f64]) -> Self {
        let mut order = Self::default();
        let (mut i, mut j) = (0, 0);
        while let Some(value) = lesser(first.get(i), second.get(j)) {
            let (here, there) = (run(&first[i..], value), run(&second[j..], value));
            order.wins_doubled += there as u128 * (2 * i + here) as u128;
            order.groups += 1;
            if here + there > 1 {
                let tied = (here + there) as f64;
                order.ties += tied * tied * tied - tied;
            }
            (i, j) = (i + here, j + there);
        }
        order
    }
}

fn lesser(first: Option<&f64>, second: Option<&f64>) -> Option<f64> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first.min(*second)),
        (one, other) => one.or(other).copied(),
    }
}

/// How often the list begins with this value.
fn run(values: &[f64], value: f64) -> usize {
    values.iter().take_while(|other| **other == value).count()
}

fn asymptotic(u: f64, n: f64, m: f64, ties: f64) -> MannWhitneyAsymptotic {
    let all = n + m;
    let deviation = (n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)))).max(0.0).sqrt();
    let excess = u - n * m / 2.0;
    let corrected = (excess.abs() - 0.5).max(0.0) / deviation;
    let z = excess / deviation;
    MannWhitneyAsymptotic { z, p_two: normal::two_sided(z), p_corrected: normal::two_sided(corrected) }
}

fn p_exact(u: f64, n: usize, m: usize) -> f64 {
    let counts = orders(n, m);
    let extreme = u.max((n * m) as f64 - u) as usize;
    (2.0 * counts[extreme..].iter().sum::<f64>() / counts.iter().sum::<f64>()).min(1.0)
}

/// How many orders of `n` and `m` different values have each `U`: the coefficients of the Gaussian binomial, product of
/// `(1 - x^(m + i)) / (1 - x^i)`. Whole numbers below 2^53, so exact.
fn orders(n: usize, m: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n * m + 1];
    counts[0] = 1.0;
    for i in 1..=n {
        for at in (m + i..counts.len()).rev() {
            counts[at] -= counts[at - m - i];
        }
        for at in i..counts.len() {
            counts[at] += counts[at - i];
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_numbers_there_is_no_order() {
        for bad in [&[][..], &[f64::NAN], &[1.0, f64::INFINITY]] {
            assert_eq!((mann_whitney(bad, &[1.0]), mann_whitney(&[1.0], bad)), (None, None));
        }
        assert!(mann_whitney(&[f64::MAX, f64::MIN], &[f64::MAX, f64::MAX]).is_some());
    }

    #[test]
    fn all_orders_are_counted() {
        assert_eq!(orders(2, 2), [1.0, 1.0, 2.0, 1.0, 1.0]);
        assert_eq!(orders(20, 20).iter().sum::<f64>(), 137_846_528_820.0);
        assert_eq!(orders(1, 400), orders(400, 1));
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![(0_i8..6).prop_map(f64::from), -f64::MAX..f64::MAX], 1..60)
    }

    proptest! {
        #[test]
        fn it_counts_the_pairs_and_mirrors(before in values(), after in values()) {
            let (found, mirrored) = (mann_whitney(&before, &after).unwrap(), mann_whitney(&after, &before).unwrap());
            let won = |a: f64, b: f64| if b > a { 1.0 } else if b == a { 0.5 } else { 0.0 };
            let pairs = || before.iter().flat_map(|a| after.iter().map(|b| won(*a, *b)));
            prop_assert_eq!(found.u, pairs().sum::<f64>());
            prop_assert!((found.superiority + mirrored.superiority - 1.0).abs() < 1e-12);
            prop_assert_eq!(found.p_exact, mirrored.p_exact);
            prop_assert_eq!(found.asymptotic.map(|test| test.p_two), mirrored.asymptotic.map(|test| test.p_two));
            for p in found.p_exact.into_iter().chain(found.asymptotic.map(|test| test.p_corrected)) {
                prop_assert!((0.0..=1.0).contains(&p));
            }
        }
    }
}
