//! The noncentral t distribution, which `statrs` does not have.

use statrs::distribution::{ChiSquared, ContinuousCDF};
use statrs::function::gamma::ln_gamma;

use super::normal;

/// The probability that `(Z + shift) / S` is above `t`, where `Z` is standard normal and `S^2` chi-squared over its
/// `df` degrees of freedom. `None` unless `df` is positive and all three are finite.
///
/// One of the two is integrated out in closed form, the other by quadrature: `S` where that is the narrower one, else
/// `Z`. So the integrand is smooth on the scale of the panels whatever the shift; the usual series (Lenth 1989, AS 243)
/// underflows from a shift of 38 on.
pub(crate) fn sf(t: f64, df: f64, shift: f64) -> Option<f64> {
    let chi_squared = ChiSquared::new(df).ok().filter(|_| t.is_finite() && shift.is_finite() && df.is_finite())?;
    if t < 0.0 {
        return sf(-t, df, -shift).map(|below| 1.0 - below);
    }
    let width = (2.0 * df).sqrt().recip();
    let found = if t * width < 1.0 {
        integral((1.0 - FAR * width).max(0.0), 1.0 + FAR * width, |s| scale_density(s, df) * normal::cdf(shift - t * s))
    } else {
        // Below -shift the numerator is negative.
        let low = (-shift).max(-FAR);
        let below = |z: f64| chi_squared.cdf(df * ((z + shift) / t).powi(2));
        integral(low, low.max(0.0) + FAR, |z| normal_density(z) * below(z))
    };
    Some(found.clamp(0.0, 1.0))
}

/// Beyond so many standard deviations nothing is left that matters.
const FAR: f64 = 12.0;

fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

/// The density of the root of a chi-squared over its degrees of freedom.
fn scale_density(s: f64, df: f64) -> f64 {
    let half = 0.5 * df;
    2.0 * (half * half.ln() - ln_gamma(half) + (df - 1.0) * s.ln() - half * s * s).exp()
}

/// Gauss and Legendre's rule of eight points in each of 48 panels.
fn integral(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    const PANELS: u32 = 48;
    const RULE: [(f64, f64); 4] = [
        (0.183_434_642_495_649_8, 0.362_683_783_378_362),
        (0.525_532_409_916_329, 0.313_706_645_877_887_3),
        (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
        (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
    ];
    let half = (high - low) / f64::from(2 * PANELS);
    let panel = |at: u32| {
        let middle = low + f64::from(2 * at + 1) * half;
        RULE.iter().map(|(node, weight)| weight * (f(middle - node * half) + f(middle + node * half))).sum::<f64>()
    };
    half * (0..PANELS).map(panel).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::student;

    #[test]
    fn without_a_shift_it_is_students() {
        for df in [1.0, 2.0, 9.0, 400.0, 1e6] {
            for t in [-40.0, -2.0, -0.1, 0.0, 0.7, 1.96, 3.0, 12.0] {
                let (found, expected) = (sf(t, df, 0.0).unwrap(), student::sf(t, df));
                assert!((found - expected).abs() < 1e-9, "{t}, {df}: {found}, not {expected}");
            }
        }
    }

    // scipy.stats.nct.sf(t, df, shift)
    #[test]
    fn with_a_shift_it_is_that_of_scipy() {
        let cases = [
            (31.8, 1.0, 40.0, 0.7913333133968464),
            (2.3, 9.0, 1.5, 0.25861940651093385),
            (1.7, 49.0, -2.0, 0.00013665369825305307),
            (1.65, 999.0, 0.3, 0.08872165697924596),
            (2.6, 199.0, 50.0, 1.0),
            (-1.0, 5.0, 0.5, 0.9175559089432767),
            (318.3, 1.0, 2.8, 0.007020559822359295),
            (6.3, 1.0, -1.0, 0.01050367312396589),
        ];
        for (t, df, shift, expected) in cases {
            let found = sf(t, df, shift).unwrap();
            assert!((found - expected).abs() < 1e-9, "{t}, {df}, {shift}: {found}, not {expected}");
        }
    }

    #[test]
    fn what_is_no_number_has_no_probability() {
        for (t, df, shift) in [(f64::NAN, 1.0, 0.0), (0.0, 0.0, 0.0), (0.0, 1.0, f64::INFINITY), (0.0, f64::NAN, 0.0)] {
            assert_eq!(sf(t, df, shift), None);
        }
    }
}
