//! How much a figure of earlier calls varied, and what so many more would take.

use std::ops::Add;

/// From there to there.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Add for Range {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }
}

/// Mean and variance, a figure at a time (Welford 1962).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    /// One more figure; one that is not known is left out.
    pub(super) fn push(&mut self, figure: Option<f64>) {
        let Some(figure) = figure else { return };
        self.n += 1.0;
        let from = figure - self.mean;
        self.mean += from / self.n;
        self.squares += from * (figure - self.mean);
    }

    /// Whether there are enough to say anything.
    pub(super) fn is_known(&self) -> bool {
        self.n >= 2.0
    }

    /// What so many calls take together: twice the standard error of a sum that is predicted from `n` others, k·mean ±
    /// 2·sd·√(k·(1 + k/n)).
    pub(super) fn of(&self, calls: u64) -> Range {
        let k = calls as f64;
        let sd = (self.squares / (self.n - 1.0).max(1.0)).sqrt();
        let off = 2.0 * sd * (k * (1.0 + k / self.n.max(1.0))).sqrt();
        Range { low: (k * self.mean - off).max(0.0).floor(), high: (k * self.mean + off).ceil() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_predicted_from_what_was_seen() {
        let mut spread = Spread::default();
        [Some(10.0), None, Some(14.0)].into_iter().for_each(|figure| spread.push(figure));
        assert!(spread.is_known());
        // sd = 2.828; 2 · 2.828 · √(4 · (1 + 4/2)) = 19.6
        assert_eq!(spread.of(4), Range { low: 28.0, high: 68.0 });
        assert_eq!(Spread::default().of(4), Range::default());
    }
}
