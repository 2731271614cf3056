//! The exponentially weighted moving average chart.

/// An average that forgets, in units of its own standard deviation.
///
/// Roberts, S. W. (1959), *Control chart tests based on geometric moving averages*, Technometrics 1, 239–250: `E <- l u
/// + (1 - l) E`, starting at 0, and `z = E / sqrt(l / (2 - l) (1 - (1 - l)^(2 t)))` after `t` values. An alarm is a `z`
/// above a threshold, commonly 2.7 to 3. A small `l` finds small shifts, a large one large shifts.
///
/// It assumes that each `u` is standard normal while nothing changes and independent of the others, with a mean and a
/// deviation that are *known*.
///
/// A value that is not a finite number is left out. O(1) time and memory.
///
/// ```
/// let mut ewma = eval_drift::Ewma::default();
/// assert_eq!(ewma.update(1.5).map(|z| (z * 1e9).round() / 1e9), Some(1.5), "the first value is its own average");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ewma {
    weight: f64,
    average: f64,
    /// `(1 - l)^(2 t)`: the part of the variance that has not come in yet.
    missing: f64,
}

impl Ewma {
    /// The weight of the latest value when none is given.
    pub const WEIGHT: f64 = 0.2;

    /// A chart with this weight of the latest value; `None` unless it is above 0 and at most 1.
    pub fn new(weight: f64) -> Option<Self> {
        (weight > 0.0 && weight <= 1.0).then_some(Self::weighing(weight))
    }

    const fn weighing(weight: f64) -> Self {
        Self { weight, average: 0.0, missing: 1.0 }
    }

    /// Takes the next standardised value in, and gives the standardised average.
    pub fn update(&mut self, u: f64) -> Option<f64> {
        if u.is_finite() {
            self.average = self.weight * u + (1.0 - self.weight) * self.average;
            self.missing *= (1.0 - self.weight).powi(2);
        }
        self.z()
    }

    /// The standardised average so far; `None` before the first value.
    pub fn z(&self) -> Option<f64> {
        let variance = self.weight / (2.0 - self.weight) * (1.0 - self.missing);
        (variance > 0.0).then(|| self.average / variance.sqrt())
    }
}

/// With the weight [`Ewma::WEIGHT`].
impl Default for Ewma {
    fn default() -> Self {
        Self::weighing(Self::WEIGHT)
    }
}
