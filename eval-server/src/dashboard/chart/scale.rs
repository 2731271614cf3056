//! From data to px.

use crate::dashboard::figures;

/// A range of data laid over a range of px, linear or by the logarithm. What lies outside is drawn at the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    low_px: f64,
    high_px: f64,
    log: bool,
}

impl Scale {
    /// A linear scale; a range without width is given one, so that a single value stands in the middle.
    pub(super) fn linear((from, to): (f64, f64), (low_px, high_px): (f64, f64)) -> Self {
        let (from, to) = match (from.is_finite(), to.is_finite()) {
            (true, true) if from < to => (from, to),
            (true, _) => (from - 1.0, from + 1.0),
            _ => (-1.0, 1.0),
        };
        Self { from, to, low_px, high_px, log: false }
    }

    /// A logarithmic scale over positive numbers.
    pub(super) fn log((from, to): (f64, f64), px: (f64, f64)) -> Self {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let (from, to) = if positive(from) && positive(to) && from < to { (from, to) } else { (0.1, 10.0) };
        Self { log: true, ..Self::linear((from.ln(), to.ln()), px) }
    }

    /// Where a value stands.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.log { value.max(f64::MIN_POSITIVE).ln() } else { value };
        let share = ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        let share = if share.is_finite() { share } else { 0.0 };
        self.low_px + share * (self.high_px - self.low_px)
    }

    /// Round values in the range, at most so many (and two at least, where there is room for them).
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        if self.log { self.log_ticks(most) } else { round_steps(self.from, self.to, most) }
    }

    fn log_ticks(&self, most: usize) -> Vec<f64> {
        let steps = |mantissas: &[f64]| -> Vec<f64> {
            let decades = (self.from / std::f64::consts::LN_10).floor() as i32
                ..=(self.to / std::f64::consts::LN_10).ceil() as i32;
            let all = decades.flat_map(|decade| mantissas.iter().map(move |m| m * 10_f64.powi(decade)));
            all.filter(|value| (self.from - 1e-9..=self.to + 1e-9).contains(&value.ln())).collect()
        };
        let mut found = [&[1.0, 2.0, 5.0][..], &[1.0, 5.0], &[1.0]].into_iter().map(steps);
        let best = found.find(|ticks| ticks.len() <= most);
        best.unwrap_or_else(|| {
            let all = steps(&[1.0]);
            let every = all.len().div_ceil(most.max(1));
            all.into_iter().step_by(every).collect()
        })
    }
}

/// Multiples of 1, 2, 3 or 5 times a power of ten within a range, at most so many.
fn round_steps(from: f64, to: f64, most: usize) -> Vec<f64> {
    let least = (to - from) / most.max(1) as f64;
    let decade = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0].map(|mantissa| mantissa * decade);
    let within = |step: f64| -> Vec<f64> {
        let (first, last) = ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor());
        let places = (0..=most + 1).map(|at| first + at as f64).take_while(|place| *place <= last);
        places.map(|place| place * step).collect()
    };
    let found = steps.into_iter().map(within).find(|ticks| ticks.len() <= most);
    found.filter(|ticks| ticks.iter().all(|tick| tick.is_finite())).unwrap_or_default()
}

/// A tick of a change in points: `−3`, `0`, `+1.5`.
pub(super) fn signed_tick(value: f64) -> String {
    let text = figures::signed(value);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let of = |from, to, most| Scale::linear((from, to), (0.0, 1.0)).ticks(most);
        assert_eq!(of(-7.0, 4.0, 4), [-6.0, -3.0, 0.0, 3.0]);
        assert_eq!(of(-30.0, 12.0, 5), [-30.0, -20.0, -10.0, 0.0, 10.0]);
        assert_eq!(Scale::log((0.3, 14.0), (0.0, 1.0)).ticks(6), [0.5, 1.0, 2.0, 5.0, 10.0]);
        assert!(Scale::log((1e-9, 1e9), (0.0, 1.0)).ticks(6).len() <= 6);
        assert!(of(f64::NAN, 1.0, 4).len() >= 2);
    }
}
