//! The total variation distance.

use crate::shares::shares;

/// The total variation distance of two counts over the same bins: `sum |p - q| / 2` over the shares, from 0 to 1.
///
/// The share of answers that would have to move to another bin to make both histograms the same. It describes and does
/// not test.
///
/// `None` without bins, when their numbers differ, or when a side counts nothing. O(bins) time, no allocation.
///
/// ```
/// assert_eq!(eval_drift::total_variation(&[3, 1], &[1, 1]), Some(0.25));
/// ```
pub fn total_variation(reference: &[u64], current: &[u64]) -> Option<f64> {
    Some(shares(reference, current)?.map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{jensen_shannon_distance, population_stability_index, total_variation};

    proptest! {
        #[test]
        fn distances_of_counts_are_symmetric_and_within_bounds(
            counts in prop::collection::vec((0_u64..u64::MAX, prop_oneof![Just(0), 0_u64..9]), 1..12),
        ) {
            let (a, b): (Vec<_>, Vec<_>) = counts.into_iter().unzip();
            prop_assume!(a.iter().any(|count| *count > 0) && b.iter().any(|count| *count > 0));
            for (distance, most) in [
                (population_stability_index as fn(&[u64], &[u64]) -> Option<f64>, 1e3),
                (jensen_shannon_distance, 0.833),
                (total_variation, 1.0 + 1e-12),
            ] {
                let found = distance(&a, &b).unwrap();
                prop_assert!((0.0..=most).contains(&found), "{found}");
                prop_assert!((found - distance(&b, &a).unwrap()).abs() <= 1e-12 * found.max(1.0));
                prop_assert_eq!(distance(&a, &a), Some(0.0));
            }
        }
    }
}
