//! The level of a long history, pooled.

use crate::wilson::of_share;

/// The scores of one run: their sum and how many there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunSum {
    /// The sum of the scores, each from 0 to 1.
    pub sum: f64,
    /// How many scores.
    pub n: u64,
}

/// The pooled level at one place of a history.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PooledLevel {
    /// The place of the first run of the bucket.
    pub first: usize,
    /// The place of its last run.
    pub last: usize,
    /// The mean of the bucket alone, from 0 to 1: what is drawn as a dot.
    pub own: f64,
    /// The mean over the runs that are pooled: what is drawn as the line.
    pub mean: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
}

/// Pools the runs of a history into at most `most` buckets of as many runs each; the mean and the interval at a bucket are
/// those of its own runs and those before it, `window` runs in all (or the bucket's, if it has more).
///
/// The scores and their numbers are summed before anything is divided, so a run with half of the questions weighs half.
/// The interval is [Wilson's](crate::wilson) of the pooled mean, as if each score were a case of its own. The same questions
/// are asked in each run, so for the level of these very questions it is wider than need be, never narrower.
///
/// Nothing is pooled across the `breaks`, which are places of runs that begin anew: a change point, a run after a gap.
/// Runs without scores give no level. Empty when `most` or `window` is 0, or unless `confidence` lies between 0 and 1. O(n)
/// with windows of a constant size.
///
/// ```
/// use eval_drift::{RunSum, pooled_levels};
/// let runs = vec![RunSum { sum: 430.0, n: 500 }; 1_000];
/// let levels = pooled_levels(&runs, &[600], 160, 7, 0.95);
/// assert!(levels.len() <= 160);
/// assert!(levels.iter().all(|level| level.low < 0.86 && 0.86 < level.high));
/// assert!(levels.iter().all(|level| level.last < 600 || level.first >= 600));
/// ```
pub fn pooled_levels(
    runs: &[RunSum],
    breaks: &[usize],
    most: usize,
    window: usize,
    confidence: f64,
) -> Vec<PooledLevel> {
    if most == 0 || window == 0 {
        return Vec::new();
    }
    let mut edges: Vec<usize> = breaks.iter().copied().filter(|at| (1..runs.len()).contains(at)).chain([0]).collect();
    edges.sort_unstable();
    edges.dedup();
    // A part that does not divide evenly has one bucket more.
    let room = most.saturating_sub(edges.len() - 1).max(1);
    let size = runs.len().div_ceil(room).max(1);
    let ends = edges.iter().copied().skip(1).chain([runs.len()]);
    let parts = edges.iter().copied().zip(ends);
    let buckets =
        parts.flat_map(|(from, to)| (from..to).step_by(size).map(move |first| (from, first, (first + size).min(to))));
    let level = |(from, first, end): (usize, usize, usize)| {
        let own = total(&runs[first..end])?;
        let pooled = total(&runs[end.saturating_sub(window.max(end - first)).max(from)..end])?;
        let (low, high) = of_share(pooled.0, pooled.1, confidence)?;
        Some(PooledLevel { first, last: end - 1, own: own.0, mean: pooled.0, low, high })
    };
    buckets.filter_map(level).collect()
}

/// The mean of the scores and how many there are.
fn total(runs: &[RunSum]) -> Option<(f64, f64)> {
    let valid = runs.iter().filter(|run| run.n > 0 && (0.0..=run.n as f64).contains(&run.sum));
    let (sum, n) = valid.fold((0.0, 0.0), |(sum, n), run| (sum + run.sum, n + run.n as f64));
    (n > 0.0).then(|| (sum / n, n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Proportion, wilson};
    use proptest::prelude::*;

    #[test]
    fn sums_are_pooled_before_they_are_divided() {
        let runs = [(90.0, 100), (5.0, 10), (0.0, 0), (80.0, 100)].map(|(sum, n)| RunSum { sum, n });
        let levels = pooled_levels(&runs, &[], 160, 7, 0.95);
        assert_eq!(levels.len(), 3, "a run without scores has no level");
        let last = levels.last().unwrap();
        let interval = wilson(Proportion::new(175, 210).unwrap(), 0.95).unwrap();
        assert_eq!((last.mean, last.own, (last.low, last.high)), (175.0 / 210.0, 0.8, interval));
    }

    #[test]
    fn what_cannot_be_pooled_is_nothing() {
        let bad = [RunSum { sum: f64::NAN, n: 10 }, RunSum { sum: 11.0, n: 10 }];
        assert!(pooled_levels(&bad, &[], 160, 7, 0.95).is_empty());
        assert!(pooled_levels(&[], &[3], 160, 7, 0.95).is_empty());
        let good = [RunSum { sum: 1.0, n: 2 }];
        assert!(pooled_levels(&good, &[], 0, 7, 0.95).is_empty() && pooled_levels(&good, &[], 1, 0, 0.95).is_empty());
        assert!(pooled_levels(&good, &[], 1, 1, 1.5).is_empty());
    }

    proptest! {
        #[test]
        fn buckets_are_few_in_order_and_between_the_breaks(
            counts in prop::collection::vec((0.0..=1.0, 1_u64..600), 0..1_200),
            breaks in prop::collection::vec(0_usize..1_300, 0..4),
            most in 8_usize..200,
        ) {
            let runs: Vec<RunSum> = counts.iter().map(|(share, n)| RunSum { sum: share * *n as f64, n: *n }).collect();
            let levels = pooled_levels(&runs, &breaks, most, 7, 0.95);
            prop_assert!(levels.len() <= most, "{} of {most}", levels.len());
            prop_assert_eq!(levels.iter().map(|level| level.last + 1 - level.first).sum::<usize>(), runs.len());
            prop_assert!(levels.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
            for level in &levels {
                prop_assert!(0.0 <= level.low && level.low <= level.mean && level.mean <= level.high && level.high <= 1.0);
                prop_assert!(!breaks.iter().any(|at| level.first < *at && *at <= level.last));
            }
        }
    }
}
