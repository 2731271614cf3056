//! Hodges and Lehmann's estimators.

use crate::floats::first_float;
use crate::moments::are_numbers;
use crate::sorting::sorted;
use crate::special::normal::reach;

/// The shift between two independent samples: the median of all differences `after - before`.
///
/// Hodges and Lehmann (1963), *Estimates of location based on rank tests*, Annals of Mathematical Statistics 34,
/// 598–611. In the unit of the values; the size that belongs to [`mann_whitney`](crate::mann_whitney). Nearly as sharp
/// as the difference of means for normal values, and up to 29 % of the values may be anything.
///
/// The pairs are counted, not listed: the median is searched among all floats by how many differences lie below. So it
/// is exact in O((n + m) log(n + m)) time and O(n + m) memory. `None` when a sample is empty, when a value is not a
/// finite number, or when the shift is beyond the largest float.
///
/// ```
/// assert_eq!(eval_drift::hodges_lehmann_shift(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0, 7.0]), Some(3.5));
/// ```
pub fn hodges_lehmann_shift(before: &[f64], after: &[f64]) -> Option<f64> {
    if !(are_numbers(before) && are_numbers(after)) {
        return None;
    }
    let (before, after) = (sorted(before), sorted(after));
    median(before.len() as u128 * after.len() as u128, |limit| {
        let mut below = 0;
        let count = |low: &f64| {
            below += after[below..].iter().take_while(|high| **high - low <= limit).count();
            below as u128
        };
        before.iter().map(count).sum()
    })
}

/// The pseudomedian of one sample: the median of the means of all pairs, each value paired with itself too.
///
/// Hodges and Lehmann (1963); Walsh (1949). For paired differences it is the size that belongs to
/// [`wilcoxon_signed_rank`](crate::wilcoxon_signed_rank), in their unit; for symmetric values it is the median.
///
/// Counted and not listed but for those near the median: exact, O(n log n) time, O(n) memory. `None` without values, or when one of
/// them is not a finite number.
pub fn hodges_lehmann(values: &[f64]) -> Option<f64> {
    let walsh = Walsh::of(values)?;
    middle(walsh.pairs(), |limit| walsh.at_most(limit), |rank| walsh.nth(rank))
}

/// The interval of the [pseudomedian](hodges_lehmann) that belongs to the signed rank test, low and high, of this
/// confidence (usually 0.95).
///
/// Hollander, Wolfe and Chicken (2014), *Nonparametric Statistical Methods*, section 3.3: the means of pairs of rank `k`
/// from either end, `k = n(n+1)/4 - z sqrt(n(n+1)(2n+1)/24)` rounded down. It assumes independent values, symmetric
/// around the pseudomedian.
///
/// `None` where so few values show no ends (below 6 at 0.95), when one of them is not a finite number, or unless
/// `confidence` lies between 0 and 1. O(n log n) time.
///
/// ```
/// let values: Vec<f64> = (1..=6).map(f64::from).collect();
/// assert_eq!(eval_drift::hodges_lehmann_interval(&values, 0.95), Some((1.0, 6.0)));
/// assert_eq!(eval_drift::hodges_lehmann_interval(&values[..5], 0.95), None);
/// ```
pub fn hodges_lehmann_interval(values: &[f64], confidence: f64) -> Option<(f64, f64)> {
    let (walsh, z) = (Walsh::of(values)?, reach(confidence)?);
    let n = values.len() as f64;
    let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    let rank = (n * (n + 1.0) / 4.0 - z * deviation).floor();
    let rank = (rank >= 1.0).then_some(rank as u128)?;
    Some((walsh.nth(rank), walsh.nth(walsh.pairs() + 1 - rank)))
}

/// The means of all pairs of values, each value paired with itself too: counted, not listed.
struct Walsh(Vec<f64>);

impl Walsh {
    fn of(values: &[f64]) -> Option<Self> {
        are_numbers(values).then(|| Self(sorted(values)))
    }

    fn pairs(&self) -> u128 {
        let n = self.0.len() as u128;
        n * (n + 1) / 2
    }

    /// How many means are at most this.
    fn at_most(&self, limit: f64) -> u128 {
        let mut above = self.0.len();
        let count = |(at, low): (usize, &f64)| {
            let within = |high: &f64| low / 2.0 + high / 2.0 <= limit;
            above -= self.0[..above].iter().rev().take_while(|high| !within(high)).count();
            above.saturating_sub(at) as u128
        };
        self.0.iter().enumerate().map(count).sum()
    }
}

impl Walsh {
    /// The mean of this rank, from 1: narrowed down by where it would lie were all equally far apart, until few are left.
    fn nth(&self, rank: u128) -> f64 {
        let (Some(mut low), Some(mut high)) = (self.0.first().copied(), self.0.last().copied()) else {
            return f64::NAN;
        };
        let (mut below, mut up_to) = (self.at_most(low), self.pairs());
        if below >= rank {
            return low;
        }
        for _ in 0..NARROWED {
            if up_to - below <= LISTED * self.0.len() as u128 {
                return self.listed(low, high, (rank - below - 1) as usize);
            }
            let share = ((rank - below) as f64 / (up_to - below) as f64).clamp(0.05, 0.95);
            let guess = low * (1.0 - share) + high * share;
            let count = self.at_most(guess);
            if count >= rank { (high, up_to) = (guess, count) } else { (low, below) = (guess, count) }
        }
        // Many pairs of one mean: no list gets shorter than those.
        first_float(low, high, |limit| self.at_most(limit) >= rank)
    }

    /// Of the means above `low` and at most `high` the one of this rank, from 0.
    fn listed(&self, low: f64, high: f64, rank: usize) -> f64 {
        let (mut means, mut begin, mut end) = (vec![], self.0.len(), self.0.len());
        for (at, one) in self.0.iter().enumerate() {
            let mean = |other: &f64| one / 2.0 + other / 2.0;
            // The larger the one value, the fewer others keep the mean below a limit.
            let above =
                |up_to: usize, limit: f64| self.0[..up_to].iter().rev().take_while(|other| mean(other) > limit).count();
            begin -= above(begin, low);
            end -= above(end, high);
            if end > at {
                means.extend(self.0[begin.max(at)..end].iter().map(mean));
            }
        }
        *means.select_nth_unstable_by(rank, f64::total_cmp).1
    }
}

/// Steps by which a rank is narrowed down, and for each value so many pairs that are listed at most.
const NARROWED: usize = 30;
const LISTED: u128 = 16;

/// By what factor paired, positive values changed; see [`hodges_lehmann_ratio`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct HodgesLehmannRatio {
    /// The typical `ln(after / before)`.
    pub log_ratio: f64,
    /// The typical `after / before`: 1.2 is a fifth slower, or longer, or dearer.
    pub ratio: f64,
}

/// By what factor paired, positive values (latencies, lengths, costs of the same questions) changed: the
/// [pseudomedian](hodges_lehmann) of `ln(after / before)`.
///
/// Logarithms make a doubling and a halving equally large, so neither slow questions nor a few outliers decide.
///
/// `None` without values, or unless all are finite, positive and paired. O(n log n) time.
///
/// ```
/// let found = eval_drift::hodges_lehmann_ratio(&[1.0, 2.0, 4.0], &[2.0, 4.0, 8.0]).unwrap();
/// assert!((found.ratio - 2.0).abs() < 1e-12);
/// ```
pub fn hodges_lehmann_ratio(before: &[f64], after: &[f64]) -> Option<HodgesLehmannRatio> {
    let positive = before.iter().chain(after).all(|value| *value > 0.0);
    let log_ratio = |(before, after): (&f64, &f64)| (after / before).ln();
    let log_ratios: Vec<f64> = before.iter().zip(after).map(log_ratio).collect();
    let log_ratio = hodges_lehmann(&log_ratios).filter(|_| positive && before.len() == after.len())?;
    Some(HodgesLehmannRatio { log_ratio, ratio: log_ratio.exp() })
}

/// The median of `n` numbers of which `count` says how many are at most a limit.
fn median(n: u128, count: impl Fn(f64) -> u128) -> Option<f64> {
    middle(n, &count, |rank| first_float(f64::NEG_INFINITY, f64::INFINITY, |limit| count(limit) >= rank))
}

/// The same where the number of a rank is known.
fn middle(n: u128, count: impl Fn(f64) -> u128, nth: impl Fn(u128) -> f64) -> Option<f64> {
    let low = nth(n.div_ceil(2));
    let high = if n % 2 == 1 || count(low) > n / 2 { low } else { nth(n / 2 + 1) };
    let median = low / 2.0 + high / 2.0;
    median.is_finite().then_some(median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_number_has_no_location() {
        for bad in [&[][..], &[f64::NAN], &[1.0, f64::INFINITY]] {
            assert_eq!((hodges_lehmann_shift(bad, &[1.0]), hodges_lehmann_shift(&[1.0], bad)), (None, None));
            assert_eq!(hodges_lehmann(bad), None);
            assert_eq!(hodges_lehmann_ratio(bad, bad), None);
        }
        assert_eq!(hodges_lehmann_shift(&[f64::MIN], &[f64::MAX]), None);
        assert_eq!(hodges_lehmann_ratio(&[1.0, 0.0], &[1.0, 2.0]), None);
        assert_eq!(hodges_lehmann_ratio(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(hodges_lehmann_ratio(&[-1.0], &[-1.0]), None);
        assert_eq!(hodges_lehmann(&[f64::MAX, f64::MAX]), Some(f64::MAX));
    }

    /// The median of a list, listed.
    fn listed(mut values: Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
    }

    fn sample() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![(-4_i8..5).prop_map(f64::from), -1.0..1.0, -1e6..1e6], 1..40)
    }

    proptest! {
        // As many pairs as are never listed at once.
        #[test]
        fn a_rank_is_narrowed_down_to_the_very_number(values in prop::collection::vec(-1.0..1.0, 60..90), part in 0.0..1.0) {
            let walsh = Walsh::of(&values).unwrap();
            let rank = 1 + ((walsh.pairs() - 1) as f64 * part) as u128;
            let slowly = first_float(f64::NEG_INFINITY, f64::INFINITY, |limit| walsh.at_most(limit) >= rank);
            prop_assert_eq!(walsh.nth(rank), slowly);
        }

        #[test]
        fn counting_finds_what_listing_finds(before in sample(), after in sample()) {
            let pairs = before.iter().flat_map(|low| after.iter().map(move |high| high - low)).collect();
            prop_assert_eq!(hodges_lehmann_shift(&before, &after), Some(listed(pairs)));
            let walsh = |at: usize| before[at..].iter().map(move |other| (other, at));
            let pairs = (0..before.len()).flat_map(walsh).map(|(other, at)| (before[at] + other) / 2.0).collect();
            prop_assert_eq!(hodges_lehmann(&before), Some(listed(pairs)));
            let walsh = Walsh::of(&before).unwrap();
            for rank in 1..=walsh.pairs() {
                let slowly = first_float(f64::NEG_INFINITY, f64::INFINITY, |limit| walsh.at_most(limit) >= rank);
                prop_assert_eq!(walsh.nth(rank), slowly);
            }
            if let Some((low, high)) = hodges_lehmann_interval(&before, 0.95) {
                let middle = hodges_lehmann(&before).unwrap();
                prop_assert!(low <= middle && middle <= high && before.len() > 5);
            }
        }
    }
}
