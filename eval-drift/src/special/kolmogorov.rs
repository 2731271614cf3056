//! Kolmogorov's distribution, which `statrs` does not have.

use std::f64::consts::PI;

/// The probability of a value above `z`: `2 sum (-1)^(k-1) exp(-2 k^2 z^2)`, and below 1 the theta transform of it,
/// because there the first series cancels. Five terms of either are exact to the last digits.
pub(crate) fn sf(z: f64) -> f64 {
    if z <= 0.0 {
        return 1.0;
    }
    if z < 1.0 {
        let exponent = PI * PI / (8.0 * z * z);
        let sum: f64 = (0..5).map(|k| (-f64::from(2 * k + 1).powi(2) * exponent).exp()).sum();
        return 1.0 - (2.0 * PI).sqrt() / z * sum;
    }
    let term = |k: i32| (-2.0 * f64::from(k * k) * z * z).exp();
    2.0 * (term(1) - term(2) + term(3) - term(4) + term(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_series_meet() {
        assert!((sf(1.0) - sf(1.0 - 1e-15)).abs() < 1e-14);
        assert_eq!((sf(-1.0), sf(0.0), sf(0.01), sf(f64::INFINITY)), (1.0, 1.0, 1.0, 0.0));
    }
}
