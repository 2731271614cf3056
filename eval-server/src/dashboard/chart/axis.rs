//! One axis that several drawings share.

use serde::Serialize;

/// The range of an axis that several drawings share, in their unit, so that they can be compared by eye.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// The range of these values with a little air at both ends. What is not finite is left out; without values it is
    /// -1 to 1.
    ///
    /// ```
    /// use eval_server::dashboard::chart::Axis;
    /// let axis = Axis::over([-6.0, 4.0, f64::NAN]);
    /// assert_eq!((axis.low(), axis.high()), (-6.5, 4.5));
    /// ```
    pub fn over(values: impl IntoIterator<Item = f64>) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        match high - low {
            width if width > 0.0 && width.is_finite() => Self { low: low - 0.05 * width, high: high + 0.05 * width },
            _ if low.is_finite() => Self { low: low - 1.0, high: low + 1.0 },
            _ => Self { low: -1.0, high: 1.0 },
        }
    }

    /// Its lower end.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Its upper end.
    pub fn high(&self) -> f64 {
        self.high
    }

    pub(super) fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }
}
