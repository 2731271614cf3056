//! The k-sample Anderson-Darling test.

use crate::sorting::sorted_finite;
use crate::steps::equal_values;

/// The levels of the table, the largest and the smallest probability that is ever said among them.
const LEVELS: [f64; 7] = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001];
/// Table 2 of Scholz and Stephens: the critical value of a level is `b0 + b1 / sqrt(k - 1) + b2 / (k - 1)`.
const TABLE: [[f64; 3]; 7] = [
    [0.675, -0.245, -0.105],
    [1.281, 0.25, -0.305],
    [1.645, 0.678, -0.362],
    [1.96, 1.149, -0.391],
    [2.326, 1.822, -0.396],
    [2.573, 2.364, -0.345],
    [3.085, 3.615, -0.154],
];

/// What the Anderson-Darling test says about samples; see [`anderson_darling`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AndersonDarling {
    /// The statistic, standardised: around 0 if all samples come from one distribution, and larger if not.
    pub statistic: f64,
    /// The probability of a statistic at least this large if all samples come from one distribution, from 0.001 (or
    /// less) to 0.25 (or more).
    pub p: f64,
}

/// The k-sample Anderson-Darling test: do all samples come from one distribution? It weighs the tails more than
/// [`ks_2samp`](crate::ks_2samp) and [`cramer_von_mises`](crate::cramer_von_mises) do.
///
/// Scholz, F. W. and Stephens, M. A. (1987), *K-sample Anderson-Darling tests*, Journal of the American Statistical
/// Association 82, 918–924: the statistic of equation 7, in which ties count half on each side, less its mean `k - 1`, over
/// its standard deviation. The logarithm of the probability is interpolated in their table 2 by a parabola, as in scipy;
/// beyond the table it is 0.001 or 0.25. The parabola misses the table's own levels by up to 2 % of their value.
///
/// It assumes independent values within and between samples; ties are allowed.
///
/// `None` with less than 2 samples, with an empty one, with less than 4 values in all (the standard deviation is
/// undefined), when all values are the same, or when one is not a finite number. O(k N) time beyond sorting.
///
/// ```
/// let found = eval_drift::anderson_darling(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0, 7.0]]).unwrap();
/// assert!((found.statistic - 3.122255566252819).abs() < 1e-9 && found.p < 0.02);
/// assert!(eval_drift::anderson_darling(&[&[1.0, 1.0], &[1.0, 1.0]]).is_none());
/// ```
pub fn anderson_darling(samples: &[&[f64]]) -> Option<AndersonDarling> {
    let pooled = sorted_finite(&samples.concat())?;
    let samples: Option<Vec<_>> = samples.iter().map(|sample| sorted_finite(sample)).collect();
    let samples = samples.filter(|samples| samples.len() >= 2 && pooled.len() >= 4)?;
    if pooled.first() == pooled.last() {
        return None;
    }
    let groups = (samples.len() - 1) as f64;
    let spread = standard_deviation(&samples, pooled.len());
    let statistic = (sum(&samples, &pooled) - groups) / spread;
    statistic.is_finite().then(|| AndersonDarling { statistic, p: probability(statistic, groups) })
}

/// The statistic of equation 7.
fn sum(samples: &[Vec<f64>], pooled: &[f64]) -> f64 {
    let total = pooled.len() as f64;
    let of_sample = |sample: &Vec<f64>| {
        let n = sample.len() as f64;
        let (mut seen, mut own_seen, mut sum) = (0, 0, 0.0);
        while let Some(value) = pooled.get(seen) {
            let ties = equal_values(&pooled[seen..], *value);
            let own = equal_values(&sample[own_seen..], *value);
            let count = ties as f64;
            let rank = seen as f64 + count / 2.0;
            let own_rank = own_seen as f64 + own as f64 / 2.0;
            sum += count * (total * own_rank - rank * n).powi(2) / (rank * (total - rank) - total * count / 4.0);
            (seen, own_seen) = (seen + ties, own_seen + own);
        }
        sum / n
    };
    samples.iter().map(of_sample).sum::<f64>() * (total - 1.0) / (total * total)
}

/// The standard deviation of the statistic if all samples come from one distribution, equation 4.
fn standard_deviation(samples: &[Vec<f64>], total: usize) -> f64 {
    let k = samples.len() as f64;
    let sizes: f64 = samples.iter().map(|sample| 1.0 / sample.len() as f64).sum();
    let (mut h, mut g) = (0.0, 0.0);
    for i in 1..total - 1 {
        h += 1.0 / (total - i) as f64;
        g += h / (i + 1) as f64;
    }
    h += 1.0;
    let a = (4.0 * g - 6.0) * (k - 1.0) + (10.0 - 6.0 * g) * sizes;
    let b = (2.0 * g - 4.0) * k * k + 8.0 * h * k + (2.0 * g - 14.0 * h - 4.0) * sizes - 8.0 * h + 4.0 * g - 6.0;
    let c = (6.0 * h + 2.0 * g - 2.0) * k * k + (4.0 * h - 4.0 * g + 6.0) * k + (2.0 * h - 6.0) * sizes + 4.0 * h;
    let d = (2.0 * h + 6.0) * k * k - 4.0 * h * k;
    let n = total as f64;
    ((((a * n + b) * n + c) * n + d) / ((n - 1.0) * (n - 2.0) * (n - 3.0))).sqrt()
}

/// The probability by the parabola through the table, within its ends.
fn probability(statistic: f64, groups: f64) -> f64 {
    let critical = TABLE.map(|[b0, b1, b2]| b0 + b1 / groups.sqrt() + b2 / groups);
    if statistic < critical[0] {
        return LEVELS[0];
    }
    if statistic > critical[6] {
        return LEVELS[6];
    }
    parabola(&critical, &LEVELS.map(f64::ln), statistic).exp()
}

/// The least-squares parabola through the points, at `at`; by orthogonal polynomials (Forsythe 1957), which need no matrix.
fn parabola(x: &[f64; 7], y: &[f64; 7], at: f64) -> f64 {
    let dot = |a: &[f64; 7], b: &[f64; 7]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let center = x.iter().sum::<f64>() / 7.0;
    let line = x.map(|x| x - center);
    let square = line.map(|x| x * x);
    let (mean, slope) = (dot(&line, &line) / 7.0, dot(&line, &square) / dot(&line, &line));
    let curve = line.map(|x| x * x - slope * x - mean);
    let t = at - center;
    y.iter().sum::<f64>() / 7.0
        + t * dot(&line, y) / dot(&line, &line)
        + (t * t - slope * t - mean) * dot(&curve, y) / dot(&curve, &curve)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_symmetric_and_within_bounds(
            a in prop::collection::vec(prop_oneof![Just(0.5), -1.0..1.0], 1..40),
            b in prop::collection::vec(prop_oneof![Just(0.5), -1e300..1e300], 3..40),
            c in prop::collection::vec(0.0..1.0, 1..9),
        ) {
            prop_assume!(a.iter().chain(&b).any(|value| *value != 0.5));
            for (found, other) in [
                (anderson_darling(&[&a, &b]).unwrap(), anderson_darling(&[&b, &a]).unwrap()),
                (anderson_darling(&[&a, &b, &c]).unwrap(), anderson_darling(&[&c, &a, &b]).unwrap()),
            ] {
                prop_assert!((found.statistic - other.statistic).abs() < 1e-9);
                prop_assert!((0.0009..=0.26).contains(&found.p), "{found:?}");
            }
        }
    }

    #[test]
    fn three_values_or_one_distinct_value_have_no_test() {
        assert_eq!(anderson_darling(&[&[1.0], &[2.0, 3.0]]), None);
        assert_eq!(anderson_darling(&[&[1.0, 1.0], &[1.0, 1.0]]), None);
        assert_eq!(anderson_darling(&[&[1.0, 2.0, 3.0, 4.0]]), None);
        assert_eq!(anderson_darling(&[&[1.0, 2.0, 3.0, 4.0], &[]]), None);
    }
}
