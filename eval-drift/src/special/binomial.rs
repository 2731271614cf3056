//! The binomial distribution, from [the incomplete beta function](super::beta).

use super::beta::{power_term, regularized_beta};

/// The probability of exactly `k` of `n`, each with probability `p`.
pub(crate) fn pmf(k: u64, n: u64, p: f64) -> f64 {
    let (hits, misses, q) = (k as f64, n.saturating_sub(k) as f64, 1.0 - p);
    match k {
        _ if k > n => 0.0,
        0 => (misses * (-p).ln_1p()).exp(),
        _ if k == n => p.powf(hits),
        _ if p <= 0.0 || q <= 0.0 => 0.0,
        _ => power_term(hits, misses, p, q) / hits / misses * n as f64,
    }
}

/// The probability of at most `k` of `n`.
pub(crate) fn cdf(k: u64, n: u64, p: f64) -> f64 {
    if k >= n { 1.0 } else { regularized_beta((n - k) as f64, (k + 1) as f64, 1.0 - p, p) }
}

/// The probability of at least `k` of `n`.
pub(crate) fn at_least(k: u64, n: u64, p: f64) -> f64 {
    match k {
        0 => 1.0,
        _ if k > n => 0.0,
        _ => regularized_beta(k as f64, (n - k + 1) as f64, p, 1.0 - p),
    }
}

/// The smallest `k` up to `n` for which `reached` holds, if it holds for all above; `n` if it holds for none below.
pub(crate) fn first(n: u64, reached: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_add_up() {
        for (n, p) in [(1, 0.5), (7, 0.03), (40, 0.999), (300, 0.4), (12, 0.0), (12, 1.0)] {
            let mut sum = 0.0;
            for k in 0..=n {
                assert!((at_least(k, n, p) - (1.0 - sum)).abs() < 1e-12, "{k} of {n}, {p}");
                sum += pmf(k, n, p);
                assert!((cdf(k, n, p) - sum).abs() < 1e-12, "{k} of {n}, {p}");
            }
            assert_eq!((pmf(n + 1, n, p), at_least(n + 1, n, p)), (0.0, 0.0));
        }
    }
}
