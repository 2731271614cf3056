//! What the streams together say.

use super::variance::Scores;
use crate::ShiryaevRoberts;

/// What each kind of stream may weigh.
pub(crate) const WEIGHT_OF_MEAN: f64 = 0.70;
const SENTINEL: f64 = 0.15;
const CATEGORIES: f64 = 0.15;

/// The evidence of one stream, for a drop and for a rise.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Evidence {
    pub(crate) drop: ShiryaevRoberts,
    pub(crate) rise: ShiryaevRoberts,
}

impl Evidence {
    pub(crate) fn betting_on(shifts: &[f64]) -> Self {
        let detector = ShiryaevRoberts::new(shifts).unwrap_or_default();
        Self { drop: detector.clone(), rise: detector }
    }

    pub(crate) fn updated(mut self, scores: Scores) -> Self {
        self.drop.update(scores.drop);
        self.rise.update(scores.rise);
        self
    }
}

/// The weights of the streams that bet; they sum up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shares {
    pub(crate) mean: f64,
    pub(crate) sentinel: f64,
    pub(crate) category: f64,
}

impl Shares {
    /// The weight of a sentinel that is absent goes to the mean, that of absent categories to both in proportion.
    pub(crate) fn of(has_sentinel: bool, categories: usize) -> Self {
        let (mean, sentinel) = if has_sentinel { (WEIGHT_OF_MEAN, SENTINEL) } else { (WEIGHT_OF_MEAN + SENTINEL, 0.0) };
        if categories == 0 {
            let scale = 1.0 / (WEIGHT_OF_MEAN + SENTINEL);
            return Self { mean: mean * scale, sentinel: sentinel * scale, category: 0.0 };
        }
        Self { mean, sentinel, category: CATEGORIES / categories as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_absent_the_weights_sum_up_to_one() {
        for (has_sentinel, categories) in [(false, 0), (false, 7), (true, 0), (true, 7)] {
            let shares = Shares::of(has_sentinel, categories);
            let sum = shares.mean + shares.sentinel + shares.category * categories as f64;
            assert!((sum - 1.0).abs() < 1e-12, "{shares:?}");
        }
    }
}
