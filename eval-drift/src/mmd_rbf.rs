//! The maximum mean discrepancy.

/// How far apart two sets of vectors lie; see [`mmd_rbf`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Mmd {
    /// The unbiased estimate of MMD²: around 0, and often below, if both sets come from one distribution. `None` when a
    /// set has only one vector.
    pub unbiased: Option<f64>,
    /// The biased estimate of MMD²: never negative, and above 0 for finite sets of one distribution too.
    pub biased: f64,
}

/// The squared maximum mean discrepancy between two sets of vectors (embeddings of answers, say), with the kernel
/// `k(x, y) = exp(-|x - y|² / (2 variance))`.
///
/// Gretton, A., Borgwardt, K. M., Rasch, M. J., Schölkopf, B. and Smola, A. (2012), *A kernel two-sample test*, Journal of
/// Machine Learning Research 13, 723–773: `mean k(x, x') + mean k(y, y') - 2 mean k(x, y)`, where the pairs of a vector with
/// itself are left out (unbiased, equation 3) or not (biased, equation 5). It describes and does not test: a probability
/// needs permutations. [`mmd_variance`] is the usual choice of the variance.
///
/// `None` when a set is empty, when vectors differ in length, when a number is not finite, or when the variance is not a
/// finite number above 0. O((n + m)² d) time, no allocation.
///
/// ```
/// let (x, y) = ([[0.0, 0.0], [0.0, 1.0]], [[3.0, 0.0], [3.0, 1.0]]);
/// let found = eval_drift::mmd_rbf(&x, &y, 1.0).unwrap();
/// assert!(found.biased > 1.0 && found.unbiased.unwrap() > 1.0);
/// assert!(eval_drift::mmd_rbf(&x, &x, 1.0).unwrap().biased.abs() < 1e-12);
/// ```
pub fn mmd_rbf<V: AsRef<[f64]>>(x: &[V], y: &[V], variance: f64) -> Option<Mmd> {
    check(x, y)?;
    if !(variance > 0.0 && variance.is_finite()) {
        return None;
    }
    let kernel = |a: &V, b: &V| (-squared_distance(a.as_ref(), b.as_ref()) / variance / 2.0).exp();
    let (n, m) = (x.len() as f64, y.len() as f64);
    let (within_x, within_y) = (pair_sum(x, kernel), pair_sum(y, kernel));
    let cross = x.iter().flat_map(|x| y.iter().map(move |y| kernel(x, y))).sum::<f64>() / (n * m);
    let unbiased = within_x / (n * (n - 1.0)) + within_y / (m * (m - 1.0)) - 2.0 * cross;
    let biased = (within_x + n) / (n * n) + (within_y + m) / (m * m) - 2.0 * cross;
    // The mean of no pairs is not a number.
    Some(Mmd { unbiased: Some(unbiased).filter(|found| found.is_finite()), biased: biased.max(0.0) })
}

/// The median heuristic for [`mmd_rbf`]: half the median of the squared distances between all vectors of both sets.
///
/// Gretton et al. (2012), section 8. `None` where [`mmd_rbf`] is, and when more than half of all pairs are the same vectors,
/// so that the median is 0. O((n + m)²) memory, O((n + m)² d) time and a sort of the distances.
///
/// ```
/// assert_eq!(eval_drift::mmd_variance(&[[0.0], [1.0]], &[[3.0]]), Some(2.0));
/// ```
pub fn mmd_variance<V: AsRef<[f64]>>(x: &[V], y: &[V]) -> Option<f64> {
    check(x, y)?;
    let pooled: Vec<&[f64]> = x.iter().chain(y).map(AsRef::as_ref).collect();
    let pairs = pooled.iter().enumerate();
    let mut distances: Vec<f64> =
        pairs.flat_map(|(at, a)| pooled[..at].iter().map(|b| squared_distance(a, b))).collect();
    distances.sort_unstable_by(f64::total_cmp);
    let (lower, upper) = (distances[(distances.len() - 1) / 2], distances[distances.len() / 2]);
    Some((lower / 2.0 + upper / 2.0) / 2.0).filter(|variance| *variance > 0.0 && variance.is_finite())
}

/// Whether both sets have finite vectors of one length.
fn check<V: AsRef<[f64]>>(x: &[V], y: &[V]) -> Option<()> {
    let length = x.first()?.as_ref().len();
    y.first()?;
    let fits = |vector: &V| vector.as_ref().len() == length && vector.as_ref().iter().all(|value| value.is_finite());
    x.iter().chain(y).all(fits).then_some(())
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// The sum of the kernel over all ordered pairs of different places.
fn pair_sum<V>(vectors: &[V], kernel: impl Fn(&V, &V) -> f64) -> f64 {
    let before = |(at, a): (usize, &V)| vectors[..at].iter().map(|b| kernel(a, b)).sum::<f64>();
    2.0 * vectors.iter().enumerate().map(before).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vectors() -> impl Strategy<Value = Vec<[f64; 3]>> {
        prop::collection::vec([-1e200..1e200, -1.0..1.0, 0.0..1e-3], 1..12)
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_within_bounds(x in vectors(), y in vectors(), variance in 1e-9..1e9) {
            let (found, other) = (mmd_rbf(&x, &y, variance).unwrap(), mmd_rbf(&y, &x, variance).unwrap());
            prop_assert!((found.biased - other.biased).abs() < 1e-12);
            prop_assert!((0.0..=2.0).contains(&found.biased));
            prop_assert_eq!(found.unbiased.is_some(), x.len() > 1 && y.len() > 1);
            prop_assert!(found.unbiased.is_none_or(|found| (-2.0..=2.0).contains(&found)));
        }
    }

    #[test]
    fn what_cannot_be_compared_has_no_discrepancy() {
        let none: [[f64; 1]; 0] = [];
        assert_eq!(mmd_rbf(&none, &[[1.0]], 1.0), None);
        assert_eq!(mmd_rbf(&[[1.0]], &none, 1.0), None);
        assert_eq!(mmd_rbf(&[[1.0]], &[[f64::NAN]], 1.0), None);
        assert_eq!(mmd_rbf(&[vec![1.0]], &[vec![1.0, 2.0]], 1.0), None);
        for variance in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(mmd_rbf(&[[1.0]], &[[1.0]], variance), None);
        }
        assert_eq!(mmd_variance(&[[1.0], [1.0]], &[[1.0]]), None);
        assert_eq!(mmd_variance(&[[0.0]], &[[2.0]]), Some(2.0));
    }
}
