//! Summation in pairs.

/// Up to so many values are summed in eight lanes.
const BLOCK: usize = 128;

/// The sum, in the order of numpy: in eight lanes up to 128 values, in two halves beyond.
///
/// Its rounding grows with the logarithm of the number of values only, and results that numpy gives are met to the last
/// bit, which counts where sums are compared for equality.
pub(crate) fn pairwise_sum(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return values.iter().sum();
    }
    if n > BLOCK {
        let half = n / 2 / 8 * 8;
        return pairwise_sum(&values[..half]) + pairwise_sum(&values[half..]);
    }
    let mut rows = values.chunks_exact(8);
    let mut lanes = [0.0; 8];
    for row in &mut rows {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane += value;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    rows.remainder().iter().fold(sum, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    // numpy.sum(1.0 / numpy.arange(1, n + 1)), of which a plain loop gets some wrong in the last digit.
    #[test]
    fn sums_are_those_of_numpy() {
        let harmonic = |n: u32| (1..=n).map(|i| 1.0 / f64::from(i)).collect::<Vec<_>>();
        let known = [
            (7, 2.5928571428571425),
            (8, 2.7178571428571425),
            (15, 3.3182289932289937),
            (128, 5.433147092589173),
            (129, 5.440899030573669),
            (1000, 7.485470860550345),
            (5000, 9.094508852984436),
        ];
        for (n, expected) in known {
            assert_eq!(pairwise_sum(&harmonic(n)), expected, "{n}");
        }
    }

    #[test]
    fn nothing_sums_to_nothing() {
        assert_eq!(pairwise_sum(&[]), 0.0);
    }
}
