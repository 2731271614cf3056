//! Shares and medians with their 95 % intervals.

use std::fmt;

use eval_drift::{Proportion, wilson};

/// So many of so many.
#[derive(Clone, Copy)]
pub struct Share {
    pub hits: usize,
    pub of: usize,
}

impl Share {
    pub fn of<T>(all: &[T], is_hit: impl Fn(&T) -> bool) -> Self {
        Self { hits: all.iter().filter(|one| is_hit(one)).count(), of: all.len() }
    }

    /// The 95 % interval, by Wilson; `None` of nothing.
    pub fn interval(&self) -> Option<(f64, f64)> {
        wilson(Proportion::new(self.hits as u64, self.of as u64)?, 0.95)
    }
}

/// `4.1 % (3.3–5.0)`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((low, high)) = self.interval() else { return f.write_str("none") };
        let digits = usize::from(high < 0.2);
        let percent = 100.0 * self.hits as f64 / self.of as f64;
        write!(f, "{percent:.digits$} % ({:.digits$}–{:.digits$})", low * 100.0, high * 100.0)
    }
}

/// Runs after the change until it was found; infinite where it was not.
pub struct Delays(Vec<f64>);

/// Runs that a history has after the change.
const LONGEST: f64 = 60.0;

impl Delays {
    pub fn new(mut delays: Vec<f64>) -> Self {
        delays.sort_by(f64::total_cmp);
        Self(delays)
    }

    /// Found within so many runs.
    pub fn within(&self, runs: f64) -> Share {
        Share::of(&self.0, |delay| *delay <= runs)
    }

    pub fn median(&self) -> f64 {
        let n = self.0.len();
        if n == 0 { f64::INFINITY } else { (self.0[(n - 1) / 2] + self.0[n / 2]) / 2.0 }
    }

    /// The 95 % interval of the median, by ranks.
    pub fn interval(&self) -> (f64, f64) {
        let n = self.0.len() as f64;
        let reach = 0.98 * n.sqrt();
        let at = |rank: f64| self.0.get(rank.clamp(0.0, (n - 1.0).max(0.0)) as usize).copied().unwrap_or(f64::INFINITY);
        (at((n / 2.0 - reach).floor()), at((n / 2.0 + reach).ceil() - 1.0))
    }
}

/// `20 (18–23)`.
impl fmt::Display for Delays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.interval();
        match self.median() {
            median if median > LONGEST => f.write_str(&runs(median)),
            median if low == high => f.write_str(&runs(median)),
            median => write!(f, "{} ({}–{})", runs(median), runs(low), runs(high)),
        }
    }
}

/// A number of runs; beyond the end of the history `>60`.
pub fn runs(runs: f64) -> String {
    if runs > LONGEST { format!(">{LONGEST}") } else { runs.to_string() }
}
