//! The incomplete beta function and its inverse.
//!
//! Our own, because that of `statrs` stops after 140 terms, too few for parameters of some thousands, takes its leading
//! factor as the difference of log gammas that are large and almost equal, and loses the tail where `1 - x` rounds to
//! 1.

use statrs::function::gamma::ln_gamma;

use crate::floats::first_float;

/// `ln(sqrt(2 pi))`.
const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

/// The regularised incomplete beta function `I_x(a, b)` for positive `a` and `b`, given `x` and `y = 1 - x`, each from
/// 0 to 1 and as exact as the caller has it.
///
/// The continued fraction 26.5.8 of Abramowitz and Stegun, evaluated by Lentz's method, on the side where it converges
/// fast: O(sqrt(max(a, b))) terms.
pub(crate) fn regularized_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if y <= 0.0 {
        1.0
    } else if x > (a + 1.0) / (a + b + 2.0) {
        1.0 - lower(b, a, y, x)
    } else {
        lower(a, b, x, y)
    }
}

/// The `x` at which `I_x(a, b)` is `p`, to the last digits: searched among all floats from 0 to 1.
pub(crate) fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    first_float(0.0, 1.0, |x| p < 1.0 && regularized_beta(a, b, x, 1.0 - x) >= p)
}

/// `x^a y^b / B(a, b)`, by Stirling's series and deviances (Loader 2000, *Fast and accurate computation of binomial
/// probabilities*): nothing large cancels.
pub(crate) fn power_term(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let deviance = deviance(a, n, x) + deviance(b, n, y);
    let stirling = stirling_error(n) - stirling_error(a) - stirling_error(b);
    (stirling - deviance - LN_SQRT_TAU).exp() * (a * (b / n)).sqrt()
}

/// The logarithm of the beta function. The one of `statrs` panics on what is not positive.
pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

fn lower(a: f64, b: f64, x: f64, y: f64) -> f64 {
    (power_term(a, b, x, y) / a * continued_fraction(a, b, x)).min(1.0)
}

/// `a ln(a / (n x)) + n x - a`, the part of `a` in the deviance; never negative.
fn deviance(a: f64, n: f64, x: f64) -> f64 {
    let expected = n * x;
    let excess = (expected - a) / a;
    if excess.abs() > 0.1 {
        return expected - a - a * (expected / a).ln();
    }
    // -ln(1 + u) + u for small u, by the series of atanh: the logarithm itself would cancel.
    let v = excess / (2.0 + excess);
    let square = v * v;
    let series = (0..8).rev().fold(0.0, |sum, at| sum * square + 1.0 / f64::from(2 * at + 3));
    a * (excess * v - 2.0 * v * square * series)
}

/// `ln(Gamma(n + 1))` less Stirling's approximation of it.
fn stirling_error(n: f64) -> f64 {
    if n < 12.0 {
        return ln_gamma(n + 1.0) - (n + 0.5) * n.ln() + n - LN_SQRT_TAU;
    }
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square) / square) / square)
        / n
}

fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    /// More terms than any parameters up to 1e9 need.
    const TERMS: u32 = 200_000;
    let mut fraction = Lentz::new(1.0 - (a + b) * x / (a + 1.0));
    for term in 1..TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        fraction.step(even);
        if (fraction.step(odd) - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction.value
}

/// A continued fraction `1 / (1 + c1 / (1 + c2 / ...))` so far, by Lentz's method.
struct Lentz {
    numerators: f64,
    denominators: f64,
    value: f64,
}

impl Lentz {
    fn new(first: f64) -> Self {
        let denominators = 1.0 / away_from_zero(first);
        Self { numerators: 1.0, denominators, value: denominators }
    }

    /// Takes the next coefficient; gives the factor by which the value changed.
    fn step(&mut self, coefficient: f64) -> f64 {
        self.denominators = 1.0 / away_from_zero(1.0 + coefficient * self.denominators);
        self.numerators = away_from_zero(1.0 + coefficient / self.numerators);
        let factor = self.denominators * self.numerators;
        self.value *= factor;
        factor
    }
}

fn away_from_zero(value: f64) -> f64 {
    const TINY: f64 = 1e-300;
    if value.abs() < TINY { TINY } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // mpmath.betainc(a, b, 0, x, regularized=True) with 50 digits, and scipy.special.betainc(a, b, x).
    #[test]
    fn it_is_exact_where_parameters_are_large_or_tails_far() {
        let cases = [
            (0.5, 0.5, 1e-12, 6.366_197_723_676_874e-7),
            (480.0, 900.5, 0.109497, 1.594_994_953_641_586e-121),
            (1e5, 2e5, 0.33, 5.242_781_818_477_737_3e-5),
            (1e5, 0.5, 0.9999, 7.740_369_670_946_46e-6),
            (2.5e6, 0.5, 0.999999, 0.025_347_289_385_393_358),
            (3.0, 1e6, 1e-5, 0.997_230_740_481_726_6),
            (5000.5, 5000.5, 0.48, 3.144_431_056_636_449e-5),
            (0.01, 300.0, 1e-30, 0.533_623_948_607_920_6),
        ];
        for (a, b, x, expected) in cases {
            let found = regularized_beta(a, b, x, 1.0 - x);
            assert!((found / expected - 1.0).abs() < 1e-10, "I_{x}({a}, {b}) = {found:e}, not {expected:e}");
        }
    }

    #[test]
    fn the_quantile_has_both_ends() {
        assert_eq!((beta_quantile(0.5, 3.0, 0.0), beta_quantile(0.5, 3.0, 1.0)), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn the_quantile_inverts_it_and_the_complement_adds_up(a in 0.1..2e3, b in 0.1..2e3, p in 1e-9..1.0) {
            let x = beta_quantile(a, b, p);
            prop_assert!((0.0..=1.0).contains(&x));
            let found = regularized_beta(a, b, x, 1.0 - x);
            prop_assert!(x == 1.0 || found >= p, "{found}");
            prop_assert!((found + regularized_beta(b, a, 1.0 - x, x) - 1.0).abs() < 1e-12);
        }
    }
}
