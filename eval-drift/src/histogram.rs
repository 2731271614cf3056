//! Counts of two samples over the same bins.

/// How many values of each sample lie in each of `bins` bins of equal width, which together reach from the smallest to
/// the largest value of both samples.
///
/// A bin contains its lower edge, the last one its upper edge too. If all values are the same they are in the first bin. The
/// counts are what [`population_stability_index`](crate::population_stability_index),
/// [`jensen_shannon_distance`](crate::jensen_shannon_distance) and [`total_variation`](crate::total_variation) compare.
///
/// `None` when a sample is empty or has a value that is not a finite number, or without bins. O(n + m) time.
///
/// ```
/// let (reference, current) = eval_drift::histogram(&[0.0, 0.1, 0.9], &[0.5, 1.0], 2).unwrap();
/// assert_eq!((reference, current), (vec![2, 1], vec![0, 2]));
/// ```
pub fn histogram(reference: &[f64], current: &[f64], bins: usize) -> Option<(Vec<u64>, Vec<u64>)> {
    if reference.is_empty() || current.is_empty() || bins == 0 {
        return None;
    }
    let (low, high) = extent(reference)?;
    let (other_low, other_high) = extent(current)?;
    let (low, high) = (low.min(other_low), high.max(other_high));
    // Halves, so that the width of the widest range is a number too; a width of 0 puts every value into the first bin.
    let scale = bins as f64 / (high / 2.0 - low / 2.0);
    let scale = if scale.is_finite() { scale } else { 0.0 };
    let count = |values| counts(values, bins, |value| (value / 2.0 - low / 2.0) * scale);
    Some((count(reference), count(current)))
}

/// The smallest and the largest value; `None` when one is not a finite number.
fn extent(values: &[f64]) -> Option<(f64, f64)> {
    // Lanes, which the compiler turns into vector instructions. A NaN in a value makes the check for finite values fail.
    let mut lanes = [(f64::INFINITY, f64::NEG_INFINITY, 0.0); 8];
    for chunk in values.chunks(8) {
        for ((low, high, check), value) in lanes.iter_mut().zip(chunk) {
            *low = if value < low { *value } else { *low };
            *high = if value > high { *value } else { *high };
            *check += value * 0.0;
        }
    }
    let finite = lanes.iter().all(|(_, _, check)| *check == 0.0);
    let fold = |(low, high): (f64, f64), lane: &(f64, f64, f64)| (low.min(lane.0), high.max(lane.1));
    finite.then(|| lanes.iter().fold((f64::INFINITY, f64::NEG_INFINITY), fold))
}

fn counts(values: &[f64], bins: usize, place: impl Fn(f64) -> f64) -> Vec<u64> {
    // Two tables in turns: a count need not wait for the one before it, which is often in the same bin.
    let mut counts = [vec![0_u64; bins], vec![0; bins]];
    for pair in values.chunks(2) {
        for (counts, value) in counts.iter_mut().zip(pair) {
            counts[(place(*value) as usize).min(bins - 1)] += 1;
        }
    }
    let [first, second] = counts;
    first.into_iter().zip(second).map(|(first, second)| first + second).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_value_is_counted_once(
            a in prop::collection::vec(any::<f64>().prop_filter("finite", |value| value.is_finite()), 1..40),
            b in prop::collection::vec(-1.0..1.0, 1..40),
            bins in 1_usize..20,
        ) {
            let (first, second) = histogram(&a, &b, bins).unwrap();
            prop_assert_eq!((first.len(), second.len()), (bins, bins));
            prop_assert_eq!(first.iter().sum::<u64>(), a.len() as u64);
            prop_assert_eq!(second.iter().sum::<u64>(), b.len() as u64);
        }
    }

    #[test]
    fn what_cannot_be_counted_has_no_histogram() {
        assert_eq!(histogram(&[], &[1.0], 3), None);
        assert_eq!(histogram(&[1.0], &[1.0], 0), None);
        for odd in [f64::NAN, f64::INFINITY] {
            assert_eq!(histogram(&[1.0, odd], &[1.0], 3), None);
            assert_eq!(histogram(&[1.0], &[odd, 1.0], 3), None);
        }
        assert_eq!(histogram(&[1.0, 1.0], &[1.0], 2), Some((vec![2, 0], vec![1, 0])));
    }
}
