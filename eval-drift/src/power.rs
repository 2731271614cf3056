//! How much a comparison of means can see.

use crate::special::{noncentral_t, normal, student};

/// The power of the one-sided paired t test: how likely a true mean difference is found.
///
/// `P(T > t(1 - alpha, n - 1))` where `T` is noncentral t with `n - 1` degrees of freedom, shifted by `difference
/// sqrt(n) / deviation`; Cohen (1988), *Statistical Power Analysis*. `deviation` is the standard deviation of the
/// paired differences, `alpha` the probability of a false alarm, often 0.05. It assumes normal differences.
///
/// `None` below two differences, unless `deviation` is positive, unless `alpha` lies between 0 and 1, or when something
/// is not a finite number. O(1): some 800 evaluations.
///
/// ```
/// let power = eval_drift::paired_t_power(0.075, 0.3359, 200, 0.05).unwrap();
/// assert!((power - 0.9334579807079556).abs() < 1e-9);
/// ```
pub fn paired_t_power(difference: f64, deviation: f64, n: u64, alpha: f64) -> Option<f64> {
    let df = n.checked_sub(1).filter(|df| *df > 0)? as f64;
    if !(is_positive(deviation) && is_probability(alpha)) {
        return None;
    }
    let shift = difference / deviation * (n as f64).sqrt();
    noncentral_t::sf(student::quantile(1.0 - alpha, df), df, shift)
}

/// The smallest true mean difference that `n` questions find with this power: what the report calls its MDE.
///
/// Miller (2024), arXiv 2411.00640, section 5: `(z(1 - alpha) + z(power)) deviation / sqrt(n)`, one-sided, by the
/// normal approximation. A smaller change may be there and go unseen: "no drift found" always means "none above this".
///
/// `None` without questions, unless `deviation` is at least 0, unless `alpha` and `power` lie between 0 and 1. O(1).
///
/// ```
/// let points = 100.0 * eval_drift::minimum_detectable_effect(0.27, 50, 0.05, 0.8).unwrap();
/// assert!((points - 9.494).abs() < 0.001, "50 questions, once each, do not see 9 points");
/// ```
pub fn minimum_detectable_effect(deviation: f64, n: u64, alpha: f64, power: f64) -> Option<f64> {
    let reach = reach(alpha, power)?;
    let valid = n > 0 && (0.0..f64::INFINITY).contains(&deviation);
    valid.then(|| reach * deviation / (n as f64).sqrt())
}

/// How many questions it takes to find a true mean difference with this power: the inverse of
/// [`minimum_detectable_effect`], rounded up, `((z(1 - alpha) + z(power)) deviation / difference)²`.
///
/// `None` for a difference of 0, unless `deviation` is at least 0, unless `alpha` and `power` lie between 0 and 1, or
/// when something is not a finite number. O(1).
pub fn questions_needed(difference: f64, deviation: f64, alpha: f64, power: f64) -> Option<u64> {
    let needed = (reach(alpha, power)? * deviation / difference).powi(2).ceil();
    (deviation >= 0.0 && needed.is_finite()).then_some(needed as u64)
}

/// The standard deviation of the paired difference of a question's means over `epochs` answers before and after.
///
/// Miller (2024), section 3.3: `sqrt(between + 2 within / epochs)`, where `between` is the variance, from question to
/// question, of the true difference and `within` that of an answer's score around its question's mean. More epochs buy
/// down the second part only.
///
/// `None` without epochs, or unless both variances are finite and at least 0. O(1).
///
/// ```
/// let [once, thrice] = [1, 3].map(|epochs| eval_drift::paired_deviation(0.01, 0.09, epochs).unwrap());
/// assert!(once > 0.435 && thrice < 0.265);
/// ```
pub fn paired_deviation(between: f64, within: f64, epochs: u64) -> Option<f64> {
    let valid = epochs > 0 && [between, within].iter().all(|variance| (0.0..f64::INFINITY).contains(variance));
    valid.then(|| (between + 2.0 * within / epochs as f64).sqrt())
}

/// How many standard errors the true mean must lie above 0 to be found with this power.
fn reach(alpha: f64, power: f64) -> Option<f64> {
    let valid = is_probability(alpha) && is_probability(power);
    valid.then(|| normal::quantile(power) - normal::quantile(alpha))
}

fn is_positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

fn is_probability(value: f64) -> bool {
    value > 0.0 && value < 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_out_of_range_has_no_power() {
        for (difference, deviation, n, alpha) in
            [(0.1, 0.3, 1, 0.05), (0.1, 0.0, 9, 0.05), (0.1, 0.3, 9, 0.0), (0.1, 0.3, 9, 1.0), (f64::NAN, 0.3, 9, 0.05)]
        {
            assert_eq!(paired_t_power(difference, deviation, n, alpha), None);
        }
        assert_eq!(minimum_detectable_effect(0.3, 0, 0.05, 0.8), None);
        assert_eq!(minimum_detectable_effect(0.3, 9, 0.05, 1.0), None);
        for difference in [0.0, f64::NAN] {
            assert_eq!(questions_needed(difference, 0.3, 0.05, 0.8), None);
        }
        assert_eq!(paired_deviation(0.1, 0.1, 0), None);
        assert_eq!(paired_deviation(-0.1, 0.1, 1), None);
    }

    proptest! {
        #[test]
        fn power_starts_at_alpha_and_rises(
            deviation in 0.01..1.0, n in 2_u64..500, alpha in 0.001..0.5, difference in 0.0..0.3,
        ) {
            let power = |difference| paired_t_power(difference, deviation, n, alpha).unwrap();
            prop_assert!((power(0.0) - alpha).abs() < 1e-9);
            prop_assert!(power(difference) >= alpha - 1e-9 && power(difference) <= power(difference + 0.01) + 1e-9);
        }

        #[test]
        fn the_questions_needed_see_the_difference(
            deviation in 0.01..1.0, difference in 0.001..0.5, power in 0.5..0.99,
        ) {
            let n = questions_needed(difference, deviation, 0.05, power).unwrap();
            let seen = |n| minimum_detectable_effect(deviation, n, 0.05, power).unwrap() / difference;
            prop_assert!(seen(n) <= 1.0 + 1e-12);
            prop_assert!(n == 1 || seen(n - 1) >= 1.0 - 1e-12);
        }
    }
}
