//! Confidence sequences: intervals that hold at all times at once.

use std::f64::consts::LN_2;

use crate::special::beta::ln_beta;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::floats::first_float;

/// The level for which a bound is tightest at the intrinsic time of one's choice.
const ALPHA_OPT: f64 = 0.05;
/// Doublings within which the one-sided bound is bracketed.
const DOUBLINGS: u32 = 200;

/// The two-sided normal mixture bound: a sum of deviations from the mean, with intrinsic time (the sum of their
/// variances) `v`, ever leaves `±` this with probability at most `alpha`.
///
/// Robbins (1970); Howard, S. R., Ramdas, A., McAuliffe, J. and Sekhon, J. (2021), *Time-uniform, nonparametric,
/// nonasymptotic confidence sequences*, Annals of Statistics 49, arXiv 1810.08240, equation 14: `sqrt((v + r) ln((v +
/// r) / (r alpha²)))` with `r = v_opt / (2 ln(1/a) + ln(1 + 2 ln(1/a)))` and `a = 0.05`, the choice that is nearly
/// tightest at `v_opt`. It assumes that the deviations are sub-Gaussian with the given variances.
///
/// `None` unless `v` is at least 0, `alpha` above 0 and below 1, and `v_opt` above 0, all finite. O(1).
///
/// ```
/// let bound = eval_drift::normal_mixture(100.0, 0.05, 100.0).unwrap();
/// assert!(bound > 1.96 * 10.0, "wider than what holds at one time only: {bound}");
/// ```
pub fn normal_mixture(v: f64, alpha: f64, v_opt: f64) -> Option<f64> {
    check(v, alpha, v_opt)?;
    let rho = best_rho(v_opt, ALPHA_OPT);
    Some(((v + rho) * ((v / rho).ln_1p() - 2.0 * alpha.ln())).sqrt())
}

/// The one-sided normal mixture bound: a sum of deviations from the mean, with intrinsic time `v`, ever exceeds this
/// with probability at most `alpha`.
///
/// Howard et al. (2021), proposition 6: the `s` at which `1/2 ln(4 r / (v + r)) + s² / (2 (v + r)) + ln Phi(s / sqrt(v
/// + r))` reaches `ln(1/alpha)`, with the `r` of [`normal_mixture`] for `a = 0.1`. Degenerate cases and assumptions are
/// those of [`normal_mixture`]. A bisection of 120 steps.
pub fn normal_mixture_one_sided(v: f64, alpha: f64, v_opt: f64) -> Option<f64> {
    check(v, alpha, v_opt)?;
    let rho = best_rho(v_opt, 2.0 * ALPHA_OPT);
    let (normal, time) = (Normal::standard(), v + rho);
    let reaches =
        |s: f64| LN_2 + 0.5 * (rho / time).ln() + s * s / (2.0 * time) + normal.cdf(s / time.sqrt()).ln() > -alpha.ln();
    let high = (0..DOUBLINGS).map(|power| time.sqrt() * f64::from(power).exp2()).find(|high| reaches(*high))?;
    Some(first_float(0.0, high, reaches))
}

/// The confidence sequence of a rate after `successes` of `trials`: at no time at all is the true rate outside with
/// more than probability `alpha`, however often one looks.
///
/// Howard et al. (2021), the beta-binomial mixture, as `bernoulli_confidence_interval` of the package `confseq` has it:
/// the rates `p` at which the mixture's evidence stays below `ln(1/alpha)`; the mixture is nearly tightest after
/// `t_opt` trials. It assumes trials of one rate, independent of each other.
///
/// `None` unless `successes <= trials`, `trials > 0`, `alpha` is above 0 and below 1, and `t_opt` above 0 and finite.
/// Two bisections of 120 steps.
///
/// ```
/// let (low, high) = eval_drift::bernoulli_sequence(0, 50, 0.01, 100.0).unwrap();
/// assert!(low == 0.0 && (high - 0.138277).abs() < 1e-6);
/// ```
pub fn bernoulli_sequence(successes: u64, trials: u64, alpha: f64, t_opt: f64) -> Option<(f64, f64)> {
    check(trials as f64, alpha, t_opt)?;
    if successes > trials || trials == 0 {
        return None;
    }
    let rate = successes as f64 / trials as f64;
    let excluded =
        |p: f64| p <= 0.0 || p >= 1.0 || mixture_evidence(p, successes as f64, trials as f64, t_opt) > -alpha.ln();
    let low = if successes == 0 { 0.0 } else { first_float(0.0, rate, |p| !excluded(p)) };
    let high = if successes == trials { 1.0 } else { first_float(rate, 1.0, excluded) };
    Some((low, high))
}

fn check(v: f64, alpha: f64, v_opt: f64) -> Option<()> {
    let sound = v >= 0.0 && v.is_finite() && alpha > 0.0 && alpha < 1.0 && v_opt > 0.0 && v_opt.is_finite();
    sound.then_some(())
}

fn best_rho(v_opt: f64, alpha: f64) -> f64 {
    let twice = -2.0 * alpha.ln();
    v_opt / (twice + twice.ln_1p())
}

/// The log of the beta-binomial mixture's evidence against the rate `p`.
fn mixture_evidence(p: f64, successes: f64, trials: f64, t_opt: f64) -> f64 {
    let q = 1.0 - p;
    let r = (best_rho(p * q * t_opt, ALPHA_OPT) - p * q).max(1e-3 * p * q);
    let (failing, passing) = (r / p, r / q);
    let mixture = ln_beta(failing + trials - successes, passing + successes) - ln_beta(failing, passing);
    mixture - successes * p.ln() - (trials - successes) * q.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_and_no_level_has_no_bound() {
        for (v, alpha, v_opt) in
            [(-1.0, 0.05, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 1.0), (1.0, 0.05, 0.0), (f64::NAN, 0.05, 1.0)]
        {
            assert_eq!((normal_mixture(v, alpha, v_opt), normal_mixture_one_sided(v, alpha, v_opt)), (None, None));
        }
        assert_eq!((bernoulli_sequence(0, 0, 0.05, 100.0), bernoulli_sequence(3, 2, 0.05, 100.0)), (None, None));
    }

    #[test]
    fn at_no_time_at_all_a_bound_is_there() {
        assert!(normal_mixture(0.0, 0.05, 1.0).unwrap() > 0.0);
        assert!(normal_mixture_one_sided(0.0, 0.05, 1.0).unwrap() > 0.0);
    }
}
