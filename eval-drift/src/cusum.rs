//! The cumulative sum chart.

/// The cumulative sum of what lies above an allowance.
///
/// Page, E. S. (1954), *Continuous inspection schemes*, Biometrika 41, 100–115: `C <- max(0, C + u - k)`, starting at
/// 0, where `u` is a standardised value (above 0 is what is looked for) and `k` the allowance. An alarm is a `C` above
/// a threshold, commonly 4 to 5. It is quickest for a lasting shift of `2 k`.
///
/// It assumes that each `u` is standard normal while nothing changes, with a mean and a deviation that are *known*:
/// standardised by a short baseline it raises more false alarms than its tables say.
///
/// A value that is not a finite number is left out. O(1) time and memory.
///
/// ```
/// let mut cusum = eval_drift::Cusum::default();
/// let sums: Vec<f64> = [0.0, 2.0, 1.5, -3.0].into_iter().map(|u| cusum.update(u)).collect();
/// assert_eq!(sums, [0.0, 1.5, 2.5, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cusum {
    allowance: f64,
    sum: f64,
}

impl Cusum {
    /// The allowance when none is given, in standard deviations.
    pub const ALLOWANCE: f64 = 0.5;

    /// A chart with this allowance, in standard deviations; `None` unless it is a finite number.
    pub fn new(allowance: f64) -> Option<Self> {
        allowance.is_finite().then_some(Self { allowance, sum: 0.0 })
    }

    /// Takes the next standardised value in, and gives the sum.
    pub fn update(&mut self, u: f64) -> f64 {
        if u.is_finite() {
            self.sum = (self.sum + u - self.allowance).clamp(0.0, f64::MAX);
        }
        self.sum
    }

    /// The sum so far.
    pub fn sum(&self) -> f64 {
        self.sum
    }
}

/// With the allowance [`Cusum::ALLOWANCE`].
impl Default for Cusum {
    fn default() -> Self {
        Self { allowance: Self::ALLOWANCE, sum: 0.0 }
    }
}
