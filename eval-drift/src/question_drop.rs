//! Which questions got worse.

use statrs::distribution::{ContinuousCDF, Normal};

/// Baseline runs below which nothing is said of a question.
const MIN_BASELINE: u32 = 5;
/// Recent runs below which nothing is said of a question: one failure of one question is never enough.
const MIN_RECENT: u32 = 2;
/// What a question's own variance and that of all questions weigh.
const OWN: f64 = 9.0;
const COMMON: f64 = 4.0;
/// No more failures are counted than this.
const MOST_FAILURES: u32 = 1_000;

/// The probability that a question that is right or wrong is right at most `recent` times in `recent_runs` runs, if
/// nothing changed since it was right `passed` times in `runs` runs.
///
/// Jeffreys' prior and the beta-binomial distribution: `P(S <= recent)` for `S ~ BetaBinomial(recent_runs, passed +
/// 1/2, runs - passed + 1/2)` (Bowyer, Aitchison and Ivanova 2025, arXiv 2503.01747). Over many questions it wants a
/// correction for their number (Benjamini-Hochberg). It assumes independent runs with the same chance.
///
/// `None` below 5 baseline runs or 2 recent ones, or when a count exceeds its runs. O(`recent`).
///
/// ```
/// let p = eval_drift::binary_drop(14, 14, 0, 3).unwrap();
/// assert!((p - 0.00045955882352941187).abs() < 1e-15);
/// assert_eq!(eval_drift::binary_drop(14, 14, 0, 1), None);
/// ```
pub fn binary_drop(passed: u32, runs: u32, recent: u32, recent_runs: u32) -> Option<f64> {
    let sound = passed <= runs && recent <= recent_runs;
    (sound && runs >= MIN_BASELINE && recent_runs >= MIN_RECENT).then(|| at_most(passed, runs, recent, recent_runs))
}

/// How many failures in a row are still needed until [`binary_drop`] is at most `level`; 0 when it is already.
///
/// `None` when 1,000 are not enough, when there are fewer than 5 baseline runs, when a count exceeds its runs, or
/// unless `level` is above 0 and below 1.
///
/// ```
/// assert_eq!(eval_drift::failures_needed((14, 14), (0, 1), 0.001), Some(2), "it failed once; two more are needed");
/// ```
pub fn failures_needed((passed, runs): (u32, u32), (recent, recent_runs): (u32, u32), level: f64) -> Option<u32> {
    let sound = passed <= runs && recent <= recent_runs && runs >= MIN_BASELINE && level > 0.0 && level < 1.0;
    let is_enough = |more: &u32| {
        let recent_runs = recent_runs.saturating_add(*more);
        recent_runs >= MIN_RECENT && at_most(passed, runs, recent, recent_runs) <= level
    };
    sound.then(|| (0..=MOST_FAILURES).find(is_enough)).flatten()
}

/// The probability of a mean at most as high as the recent one, if nothing changed: for questions with grades between 0
/// and 1.
///
/// `Phi((recent - mean) / sqrt(v (1 / runs + 1 / recent_runs)))`, with the question's variance from run to run shrunk
/// to the mean variance of all questions, `v = (9 variance + 4 common) / 13` (Smyth 2004). It assumes means close to
/// normal.
///
/// `None` below 5 baseline runs or 2 recent ones, when `v` is not above 0, or when a value is not a finite number.
/// O(1).
///
/// ```
/// let p = eval_drift::graded_drop((0.8, 0.01, 14), (0.4, 3), 0.02).unwrap();
/// assert!(p < 1e-4);
/// ```
pub fn graded_drop(
    (mean, variance, runs): (f64, f64, u32),
    (recent, recent_runs): (f64, u32),
    common: f64,
) -> Option<f64> {
    let shrunk = (OWN * variance + COMMON * common) / (OWN + COMMON);
    let error = (shrunk * (1.0 / f64::from(runs) + 1.0 / f64::from(recent_runs))).sqrt();
    let z = (recent - mean) / error;
    let sound = runs >= MIN_BASELINE && recent_runs >= MIN_RECENT && error > 0.0 && z.is_finite();
    sound.then(|| Normal::standard().cdf(z))
}

fn at_most(passed: u32, runs: u32, recent: u32, recent_runs: u32) -> f64 {
    let (a, b) = (f64::from(passed) + 0.5, f64::from(runs - passed) + 0.5);
    let n = f64::from(recent_runs);
    let none: f64 = (0..recent_runs).map(f64::from).map(|at| (b + at) / (a + b + at)).product();
    let more = |term: &mut f64, at: u32| {
        let at = f64::from(at);
        let this = *term;
        *term *= (n - at) / (at + 1.0) * (a + at) / (b + n - at - 1.0);
        Some(this)
    };
    (0..=recent).scan(none, more).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_outcomes_together_are_certain() {
        for (passed, runs) in [(0, 5), (3, 7), (14, 14)] {
            assert!((at_most(passed, runs, 4, 4) - 1.0).abs() < 1e-12);
            assert!(at_most(passed, runs, 1, 4) < at_most(passed, runs, 2, 4));
        }
    }

    #[test]
    fn what_says_nothing_has_no_p() {
        assert_eq!((binary_drop(4, 4, 0, 3), binary_drop(6, 5, 0, 3), binary_drop(5, 5, 4, 3)), (None, None, None));
        assert_eq!(graded_drop((0.5, 0.0, 9), (0.4, 3), 0.0), None);
        assert_eq!(graded_drop((f64::NAN, 0.1, 9), (0.4, 3), 0.1), None);
        assert_eq!(failures_needed((14, 14), (0, 3), 0.001), Some(0));
        assert_eq!(failures_needed((0, 14), (0, 1), 0.001), None, "it never passed");
    }
}
