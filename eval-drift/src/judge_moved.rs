//! Whether a judge moved between runs, by the frozen answers that it graded beside them.

use std::collections::BTreeMap;

use eval_core::{SampleKey, SampleScore};

use crate::moments::ROUNDING;
use crate::paired_t;

/// Fewer shared anchors say nothing.
const FEWEST: usize = 10;
/// Below this two-sided p the judge moved: the level of [`attribute`](crate::attribute).
const LEVEL: f64 = 0.01;

/// Says in words how a judge grades frozen answers otherwise than before; `None` when it does not, and when there is too
/// little to say.
///
/// `now` are the scores of the anchors beside a run, `before` those beside each run of its baseline. Each anchor that is in
/// both is compared with its mean over the baseline by [`paired_t`]: the judge moved when the two-sided p is at most 1 %,
/// or when all anchors moved by the same amount. Fewer than 10 shared anchors say nothing. It goes into
/// [`RunScores::judge_moved`](crate::RunScores::judge_moved). O(n log n).
///
/// ```
/// use eval_core::{SampleKey, SampleScore};
/// let beside = |score: f64| -> Vec<_> {
///     (0..50).map(|at| SampleScore::new(SampleKey::new(at.to_string().as_str(), "f00d"), "math", score)).collect()
/// };
/// let moved = eval_drift::judge_moved(&beside(0.7), &[beside(0.8)]).unwrap();
/// assert!(moved.starts_with("50 frozen answers are scored 10.0 points lower than in the baseline"), "{moved}");
/// assert_eq!(eval_drift::judge_moved(&beside(0.7), &[beside(0.7)]), None);
/// ```
pub fn judge_moved(now: &[SampleScore], before: &[Vec<SampleScore>]) -> Option<String> {
    let mut baseline: BTreeMap<&SampleKey, (f64, f64)> = BTreeMap::new();
    for found in before.iter().flatten() {
        let (sum, n) = baseline.entry(&found.key).or_default();
        (*sum, *n) = (*sum + found.score, *n + 1.0);
    }
    let difference = |found: &SampleScore| baseline.get(&*found.key).map(|(sum, n)| found.score - sum / n);
    let differences: Vec<f64> = now.iter().filter_map(difference).collect();
    let found = paired_t(&differences).filter(|found| found.n >= FEWEST)?;
    let interval = match found.test {
        Some(test) if test.p_two <= LEVEL => {
            format!(" (95% interval {:+.1} to {:+.1})", test.low * 100.0, test.high * 100.0)
        }
        None if found.mean.abs() > ROUNDING => String::new(),
        _ => return None,
    };
    let direction = if found.mean < 0.0 { "lower" } else { "higher" };
    let (n, points) = (found.n, found.mean.abs() * 100.0);
    Some(format!("{n} frozen answers are scored {points:.1} points {direction} than in the baseline{interval}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beside(scores: impl Iterator<Item = f64>) -> Vec<SampleScore> {
        let anchor = |(at, score): (usize, f64)| {
            SampleScore::new(SampleKey::new(at.to_string().as_str(), "f00d"), "math", score)
        };
        scores.enumerate().map(anchor).collect()
    }

    #[test]
    fn few_flips_are_no_move_and_many_are() {
        let right = beside((0..60).map(|_| 1.0));
        let flipped = |flips: usize| beside((0..60).map(move |at| f64::from(at >= flips)));
        assert_eq!(judge_moved(&flipped(3), std::slice::from_ref(&right)), None);
        let moved = judge_moved(&flipped(9), &[right.clone(), right]).unwrap();
        assert!(moved.starts_with("60 frozen answers are scored 15.0 points lower"), "{moved}");
    }

    #[test]
    fn too_few_and_other_anchors_say_nothing() {
        let (low, high) = (beside([0.0; 9].into_iter()), beside([1.0; 9].into_iter()));
        assert_eq!(judge_moved(&low, &[high]), None);
        assert_eq!(judge_moved(&beside([0.0; 20].into_iter()), &[]), None);
    }
}
