//! Many tests at once.

/// Bonferroni's adjusted p-values: `min(1, m p)` for m tests.
///
/// Rejecting what is at most alpha keeps the probability of *any* false rejection at alpha or below, however the tests
/// depend on each other. [`holm`] does the same and rejects more.
///
/// In the order of `p`, empty for none; `None` when one is not a number from 0 to 1. O(m) time.
pub fn bonferroni(p: &[f64]) -> Option<Vec<f64>> {
    let m = p.len() as f64;
    are_probabilities(p).then(|| p.iter().map(|p| (m * p).min(1.0)).collect())
}

/// Holm's adjusted p-values: the running maximum of `(m - i + 1) p_(i)` over the sorted ones, at most 1.
///
/// Holm, S. (1979), *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 6, 65–70.
/// Rejecting what is at most alpha keeps the probability of *any* false rejection at alpha or below, however the tests
/// depend on each other. For decisions, such as a gate over categories.
///
/// In the order of `p`, empty for none; `None` when one is not a number from 0 to 1. O(m log m) time.
///
/// ```
/// assert_eq!(eval_drift::holm(&[0.5, 0.01, 0.02]), Some(vec![0.5, 0.03, 0.04]));
/// ```
pub fn holm(p: &[f64]) -> Option<Vec<f64>> {
    let order = ascending(p)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut highest = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        highest = highest.max((p.len() - rank) as f64 * p[at]).min(1.0);
        adjusted[at] = highest;
    }
    Some(adjusted)
}

/// Benjamini and Hochberg's adjusted p-values (q-values): the running minimum, from the largest one down, of
/// `m p_(i) / i` over the sorted ones, at most 1.
///
/// Benjamini, Y. and Hochberg, Y. (1995), *Controlling the false discovery rate*, Journal of the Royal Statistical Society B
/// 57, 289–300. Rejecting what is at most alpha keeps the expected *share* of false rejections at alpha or below, if the
/// tests are independent or positively dependent. For lists that somebody reads.
///
/// In the order of `p`, empty for none; `None` when one is not a number from 0 to 1. O(m log m) time.
///
/// ```
/// assert_eq!(eval_drift::benjamini_hochberg(&[0.5, 0.01, 0.02]), Some(vec![0.5, 0.03, 0.03]));
/// ```
pub fn benjamini_hochberg(p: &[f64]) -> Option<Vec<f64>> {
    step_up(p, 1.0)
}

/// Benjamini and Yekutieli's adjusted p-values: those of [`benjamini_hochberg`] times `1 + 1/2 + … + 1/m`, at most 1.
///
/// Benjamini, Y. and Yekutieli, D. (2001), *The control of the false discovery rate in multiple testing under dependency*,
/// Annals of Statistics 29, 1165–1188. The same promise, however the tests depend on each other.
///
/// In the order of `p`, empty for none; `None` when one is not a number from 0 to 1. O(m log m) time.
pub fn benjamini_yekutieli(p: &[f64]) -> Option<Vec<f64>> {
    step_up(p, (1..=p.len()).map(|i| 1.0 / i as f64).sum())
}

/// The e-BH procedure: which e-values are rejected at this level, as places in `e` in ascending order.
///
/// Wang, R. and Ramdas, A. (2022), *False discovery rate control with e-values*, Journal of the Royal Statistical Society B
/// 84, 822–852: the k largest, for the largest k with `e_(k) >= m / (k alpha)`. The expected share of false rejections is at
/// most alpha, however the e-values depend on each other. An e-value is a number from 0, infinity included, whose mean is at
/// most 1 if nothing is there.
///
/// `None` when one is not such a number, or when the level is not above 0 and at most 1. O(m log m) time.
///
/// ```
/// assert_eq!(eval_drift::e_benjamini_hochberg(&[1.0, 50.0, 0.2, 70.0], 0.05), Some(vec![1, 3]));
/// ```
pub fn e_benjamini_hochberg(e: &[f64], alpha: f64) -> Option<Vec<usize>> {
    let valid = e.iter().all(|e| *e >= 0.0) && alpha > 0.0 && alpha <= 1.0;
    if !valid {
        return None;
    }
    let m = e.len() as f64;
    let mut falling = e.to_vec();
    falling.sort_unstable_by(|a, b| b.total_cmp(a));
    let reaches = |(rank, e): (usize, &f64)| *e >= m / ((rank + 1) as f64 * alpha);
    let last = falling.iter().enumerate().rev().find(|last| reaches(*last)).map(|(_, e)| *e);
    // Ties with the last one reach a threshold that only falls with their rank.
    Some((0..e.len()).filter(|at| last.is_some_and(|last| e[*at] >= last)).collect())
}

fn step_up(p: &[f64], factor: f64) -> Option<Vec<f64>> {
    let order = ascending(p)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut lowest = 1.0_f64;
    for (rank, at) in order.into_iter().enumerate().rev() {
        lowest = lowest.min(factor * p.len() as f64 * p[at] / (rank + 1) as f64);
        adjusted[at] = lowest;
    }
    Some(adjusted)
}

/// The places of the probabilities in ascending order.
fn ascending(p: &[f64]) -> Option<Vec<usize>> {
    are_probabilities(p).then(|| {
        let mut order: Vec<usize> = (0..p.len()).collect();
        order.sort_unstable_by(|a, b| p[*a].total_cmp(&p[*b]));
        order
    })
}

fn are_probabilities(p: &[f64]) -> bool {
    p.iter().all(|p| (0.0..=1.0).contains(p))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Adjust = fn(&[f64]) -> Option<Vec<f64>>;
    const ADJUST: [Adjust; 4] = [bonferroni, holm, benjamini_hochberg, benjamini_yekutieli];

    proptest! {
        #[test]
        fn adjusted_values_keep_the_order_and_the_ranks_of_methods(p in prop::collection::vec(0.0..=1.0, 0..40)) {
            let found = ADJUST.map(|adjust| adjust(&p).unwrap());
            for adjusted in &found {
                for (i, j) in (0..p.len()).flat_map(|i| (0..p.len()).map(move |j| (i, j))) {
                    prop_assert!(p[i] > p[j] || adjusted[i] <= adjusted[j]);
                }
                prop_assert!(adjusted.iter().zip(&p).all(|(adjusted, p)| (*p..=1.0).contains(&(adjusted + 1e-15).min(1.0))));
            }
            let [bonferroni, holm, hochberg, yekutieli] = &found;
            let at_most = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| *a <= b + 1e-12);
            prop_assert!(at_most(holm, bonferroni) && at_most(hochberg, holm) && at_most(hochberg, yekutieli));
        }

        // 1 / p is not an e-value, but the procedures are the same.
        #[test]
        fn rejected_e_values_are_those_of_benjamini_and_hochberg(p in prop::collection::vec(1e-6..=1.0, 0..40), alpha in 0.001..0.9_f64) {
            let e: Vec<f64> = p.iter().map(|p| 1.0 / p).collect();
            let adjusted = benjamini_hochberg(&p).unwrap();
            prop_assume!(adjusted.iter().all(|p| (p - alpha).abs() > 1e-9));
            let expected: Vec<usize> = (0..p.len()).filter(|at| adjusted[*at] <= alpha).collect();
            prop_assert_eq!(e_benjamini_hochberg(&e, alpha), Some(expected));
        }
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        for adjust in ADJUST {
            assert_eq!(adjust(&[0.5, f64::NAN]), None);
            assert_eq!(adjust(&[1.5]), None);
            assert_eq!(adjust(&[-0.1]), None);
            assert_eq!(adjust(&[]), Some(vec![]));
        }
        for (e, alpha) in [(-1.0, 0.05), (f64::NAN, 0.05), (1.0, 0.0), (1.0, f64::NAN)] {
            assert_eq!(e_benjamini_hochberg(&[e], alpha), None);
        }
        assert_eq!(e_benjamini_hochberg(&[f64::INFINITY, 0.0], 0.01), Some(vec![0]));
        assert_eq!(e_benjamini_hochberg(&[], 0.05), Some(vec![]));
    }
}
