//! Two histograms as shares.

/// The shares of two counts over the same bins; `None` without bins, when their numbers differ, or when a side counts
/// nothing.
pub(crate) fn shares(reference: &[u64], current: &[u64]) -> Option<impl Iterator<Item = (f64, f64)>> {
    let (n, m) = (total(reference)?, total(current)?);
    let pairs = reference.iter().zip(current).map(move |(p, q)| (*p as f64 / n, *q as f64 / m));
    (reference.len() == current.len()).then_some(pairs)
}

fn total(counts: &[u64]) -> Option<f64> {
    // In floats: many large counts do not overflow.
    let total: f64 = counts.iter().map(|count| *count as f64).sum();
    (total > 0.0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_counts_there_are_no_shares() {
        for (reference, current) in [(&[][..], &[][..]), (&[1], &[1, 0]), (&[0, 0], &[1, 0]), (&[1, 0], &[0, 0])] {
            assert!(shares(reference, current).is_none());
        }
        assert_eq!(shares(&[1, 3], &[u64::MAX, u64::MAX]).unwrap().collect::<Vec<_>>(), [(0.25, 0.5), (0.75, 0.5)]);
    }
}
