//! A score between 0 and 1.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How good an answer is: a number from 0 (wrong) to 1 (right), never NaN.
///
/// A score outside the range is refused, not clamped: a judge that says 11 has not understood the scale,
/// and its verdict is unscored.
///
/// ```
/// use eval_core::Score;
/// assert_eq!(Score::new(0.5).unwrap().get(), 0.5);
/// assert_eq!(Score::new(1.1), None);
/// assert_eq!(Score::from(true), Score::ONE);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "f64", into = "f64")]
pub struct Score(f64);

impl Score {
    /// Wrong.
    pub const ZERO: Self = Self(0.0);
    /// Right.
    pub const ONE: Self = Self(1.0);

    /// A score, or `None` when the value is not within 0 and 1.
    pub fn new(value: f64) -> Option<Self> {
        // Adding zero turns -0.0 into 0.0, so that equal scores are also equal as text.
        (0.0..=1.0).contains(&value).then_some(Self(value + 0.0))
    }

    /// The number, within 0 and 1.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Whether the score is exactly 0 or exactly 1.
    pub fn is_binary(self) -> bool {
        self.0 == 0.0 || self.0 == 1.0
    }
}

impl From<bool> for Score {
    fn from(right: bool) -> Self {
        if right { Self::ONE } else { Self::ZERO }
    }
}

impl From<Score> for f64 {
    fn from(score: Score) -> Self {
        score.0
    }
}

impl TryFrom<f64> for Score {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value).ok_or_else(|| format!("{value} is no score: expected a number from 0 to 1"))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_from_zero_to_one() {
        for value in [f64::NAN, f64::INFINITY, -0.1, 1.0 + f64::EPSILON] {
            assert_eq!(Score::new(value), None, "{value}");
        }
        assert_eq!(Score::new(-0.0).unwrap().to_string(), "0");
        assert!(serde_json::from_str::<Score>("1.5").is_err());
    }
}
