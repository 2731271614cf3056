//! What can be found, and how soon.

use crate::ShiryaevRoberts;
use crate::floats::first_float;

/// Below one standard deviation the baseline takes part of the change in before it is found.
const SELF_STARTING: f64 = 1.5;
/// No drop is larger than this many standard deviations, in the search for the smallest one.
const LARGEST: f64 = 100.0;

/// The expected number of runs until evidence of this weight reaches the threshold, after a drop of so many standard
/// deviations of a run; `None` unless the drop is above 0.
///
/// `1 + 2 ln(threshold / weight) / drop²` (Shin et al. 2023), half as much again for a drop below 1.
pub(crate) fn delay(drop: f64, threshold: f64, weight: f64) -> Option<f64> {
    let plain = 1.0 + 2.0 * (threshold / weight).ln() / (drop * drop);
    let delay = if drop < 1.0 { SELF_STARTING * plain } else { plain };
    (drop > 0.0 && delay.is_finite()).then_some(delay)
}

/// The smallest drop that is expected to be found within so many runs, in standard deviations of a run: the inverse of
/// [`delay`], and for one run the drop whose one bet reaches the threshold. `None` for no run.
pub(crate) fn detectable(runs: u32, threshold: f64, weight: f64) -> Option<f64> {
    let log = (threshold / weight).ln();
    let after = |runs: f64| (2.0 * log / (runs - 1.0)).sqrt();
    let found = match runs {
        0 => return None,
        1 => first_float(0.0, LARGEST, |drop| ShiryaevRoberts::default().update(drop) * weight > threshold),
        _ if after(f64::from(runs)) >= 1.0 => after(f64::from(runs)),
        _ => after(f64::from(runs) / SELF_STARTING).min(1.0),
    };
    found.is_finite().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_detectable_in_n_runs_takes_n_runs() {
        for (runs, threshold) in [(2, 200.0), (7, 500.0), (30, 500.0), (90, 200.0)] {
            let drop = detectable(runs, threshold, 0.7).unwrap();
            let delay = delay(drop, threshold, 0.7).unwrap();
            assert!((delay - f64::from(runs)).abs() < 1e-9, "{runs} runs: {drop} takes {delay}");
        }
        assert_eq!((detectable(0, 500.0, 0.7), delay(0.0, 500.0, 0.7), delay(-1.0, 500.0, 0.7)), (None, None, None));
    }

    #[test]
    fn more_runs_find_smaller_drops() {
        let found: Vec<f64> = (1..90).filter_map(|runs| detectable(runs, 500.0, 0.7)).collect();
        assert!(found.windows(2).all(|pair| pair[0] >= pair[1]), "{found:?}");
    }
}
