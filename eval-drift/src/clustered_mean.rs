//! The standard error of a mean whose values come in clusters.

use std::collections::BTreeMap;

use crate::moments::mean;

/// A mean whose values come in clusters; see [`clustered_mean`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ClusteredMean {
    /// How many values there are.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// How many clusters there are.
    pub clusters: usize,
    /// The clustered standard error without a correction for few clusters (CR0).
    pub cr0: f64,
    /// The same, corrected for the number of clusters (CR1); `None` for a single cluster.
    pub cr1: Option<f64>,
}

/// The mean of values and its standard error, when values of one cluster (questions about one document, say) may depend
/// on each other.
///
/// Liang and Zeger (1986); Miller (2024), arXiv 2411.00640, equation 4. With the residuals `e = value - mean`, `CR0 =
/// sqrt(sum over clusters of (sum of e)²) / n`, and `CR1 = CR0 sqrt(G / (G - 1))` for `G` clusters. Values of different
/// clusters are assumed independent. Below some ten clusters both are too small; with a cluster for each value CR1 is
/// the plain standard error.
///
/// A single cluster says nothing of how clusters vary: its CR0 is 0 by construction.
///
/// `None` without values, when one of them is not a finite number, or unless each value has its cluster.
/// O(n log G) time, O(G) memory.
///
/// ```
/// let found = eval_drift::clustered_mean(&[1.0, 1.0, 0.0, 0.0], &["a", "a", "b", "b"]).unwrap();
/// assert_eq!((found.clusters, found.mean, found.cr0), (2, 0.5, 0.125_f64.sqrt()));
/// ```
pub fn clustered_mean<C: Ord>(values: &[f64], clusters: &[C]) -> Option<ClusteredMean> {
    let mean = mean(values).filter(|_| values.len() == clusters.len())?;
    let mut sums = BTreeMap::new();
    for (value, cluster) in values.iter().zip(clusters) {
        *sums.entry(cluster).or_insert(0.0) += value - mean;
    }
    let squares: f64 = sums.values().map(|sum: &f64| sum * sum).sum();
    let (n, clusters) = (values.len(), sums.len());
    let cr0 = squares.sqrt() / n as f64;
    let correction = clusters as f64 / (clusters as f64 - 1.0);
    let cr1 = (clusters > 1).then(|| cr0 * correction.sqrt());
    cr0.is_finite().then_some(ClusteredMean { n, mean, clusters, cr0, cr1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_for_each_value_gives_the_plain_error() {
        let values = [0.3, 0.9, 0.1, 0.4, 0.45];
        let plain = crate::mean_interval(&values, 0.95).unwrap().standard_error.unwrap();
        let found = clustered_mean(&values, &[5, 3, 1, 2, 4]).unwrap();
        assert!((found.cr1.unwrap() - plain).abs() < 1e-15);
        assert!((found.cr0 - plain * 0.8_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn what_has_no_cluster_or_no_number_has_no_error() {
        assert_eq!(clustered_mean::<u8>(&[], &[]), None);
        assert_eq!(clustered_mean(&[1.0, 2.0], &[1]), None);
        assert_eq!(clustered_mean(&[1.0, f64::NAN], &[1, 2]), None);
        assert_eq!(clustered_mean(&[1e200, -1e200], &[1, 2]), None);
        let single = clustered_mean(&[1.0, 2.0], &[1, 1]).unwrap();
        assert_eq!((single.cr0, single.cr1), (0.0, None));
    }
}
