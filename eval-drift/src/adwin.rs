//! Adaptive windowing.

use std::collections::VecDeque;

/// A window over a stream that drops its oldest part when that part's mean differs from the rest's.
///
/// Bifet, A. and Gavaldà, R. (2007), *Learning from time-changing data with adaptive windowing*, SIAM International
/// Conference on Data Mining, 443–448, in the form of river 0.26, to the digit. The window of `W` values with variance
/// `v` is kept as buckets of 1, 2, 4 … values. Every `clock` values each cut between buckets, of `n0` older and `n1`
/// newer values, is tested: with `l = ln(2 ln(W) / delta)` and `1/m = 1/(n0 - min + 1) + 1/(n1 - min + 1)` it differs
/// when `|mean0 - mean1| > sqrt(2/m v l) + 2/3 l/m`. Then the oldest bucket is dropped, and all cuts are tested again.
/// After a finding the next value starts a new window.
///
/// It assumes independent values between 0 and 1 (others can be given; then `delta` promises nothing). On means of
/// runs it needs hundreds of them: in simulation it never fired on 90 runs, even with a drop of 10 points.
///
/// A value that is not a finite number is left out. Amortised O(1) time for a value and O(log W) for a test of all
/// cuts; O(log W) memory.
///
/// ```
/// let mut window = eval_drift::Adwin::default();
/// let values = [[0.9; 500], [0.4; 500]].concat();
/// let found = values.iter().position(|value| window.update(*value));
/// assert_eq!(found, Some(543), "tested at every 32nd value");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Adwin {
    settings: AdwinSettings,
    ticks: u32,
    width: f64,
    total: f64,
    /// The sum of squared deviations from the mean.
    squares: f64,
    /// Row `i` has the buckets of `2^i` values, oldest first.
    rows: Vec<VecDeque<Bucket>>,
    found: bool,
}

/// What an [`Adwin`] is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AdwinSettings {
    /// The probability of a false finding, above 0 and below 1; default 0.002.
    pub delta: f64,
    /// Values from test to test, at least 1; default 32.
    pub clock: u32,
    /// Buckets of one size, at least 1: more are slower and cut more finely; default 5.
    pub max_buckets: usize,
    /// Values on either side of a cut, at least 1; default 5.
    pub min_window_length: u32,
    /// Up to so many values in the window nothing is tested; default 10.
    pub grace_period: u32,
}

impl Default for AdwinSettings {
    fn default() -> Self {
        Self { delta: 0.002, clock: 32, max_buckets: 5, min_window_length: 5, grace_period: 10 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    total: f64,
    squares: f64,
}

/// The sum of squared deviations that two parts add by the difference of their means.
fn between(n0: f64, mean0: f64, n1: f64, mean1: f64) -> f64 {
    n0 * n1 * (mean0 - mean1) * (mean0 - mean1) / (n0 + n1)
}

fn size(row: usize) -> f64 {
    (1_u64 << row) as f64
}

impl Adwin {
    /// An empty window; `None` when a setting is out of its range.
    pub fn new(settings: AdwinSettings) -> Option<Self> {
        let counts = settings.clock > 0 && settings.max_buckets > 0 && settings.min_window_length > 0;
        (counts && settings.delta > 0.0 && settings.delta < 1.0).then(|| Self::empty(settings))
    }

    fn empty(settings: AdwinSettings) -> Self {
        let rows = vec![VecDeque::new()];
        Self { settings, ticks: 0, width: 0.0, total: 0.0, squares: 0.0, rows, found: false }
    }

    /// Takes the next value in, and says whether a change is found.
    pub fn update(&mut self, value: f64) -> bool {
        if !value.is_finite() {
            return false;
        }
        if self.found {
            *self = Self::empty(self.settings);
        }
        self.insert(value);
        self.found = self.is_test_due() && self.shrink();
        self.found
    }

    /// How many values the window holds.
    pub fn width(&self) -> u64 {
        self.width as u64
    }

    /// The mean of the window; `None` while it is empty.
    pub fn estimation(&self) -> Option<f64> {
        (self.width > 0.0).then(|| self.total / self.width)
    }

    /// The sum of squared deviations from the mean of the window, as river's `variance` is.
    pub fn squares(&self) -> f64 {
        self.squares
    }

    fn insert(&mut self, value: f64) {
        if self.width > 0.0 {
            let deviation = value - self.total / self.width;
            self.squares += self.width * deviation * deviation / (self.width + 1.0);
        }
        self.width += 1.0;
        self.total += value;
        self.rows[0].push_back(Bucket { total: value, squares: 0.0 });
        self.merge();
    }

    /// Two buckets of a row that is too long become one of the next row.
    fn merge(&mut self) {
        let mut row = 0;
        while self.rows[row].len() > self.settings.max_buckets {
            let (Some(older), Some(newer)) = (self.rows[row].pop_front(), self.rows[row].pop_front()) else { return };
            let n = size(row);
            let squares = older.squares + newer.squares + between(n, older.total / n, n, newer.total / n);
            row += 1;
            if row == self.rows.len() {
                self.rows.push(VecDeque::new());
            }
            self.rows[row].push_back(Bucket { total: older.total + newer.total, squares });
        }
    }

    fn is_test_due(&mut self) -> bool {
        self.ticks = (self.ticks + 1) % self.settings.clock;
        self.ticks == 0 && self.width > f64::from(self.settings.grace_period)
    }

    /// Drops the oldest bucket while some cut differs, and says whether one did.
    fn shrink(&mut self) -> bool {
        let mut shrunk = false;
        while self.some_cut_differs() && self.drop_oldest() {
            shrunk = true;
        }
        shrunk
    }

    fn some_cut_differs(&self) -> bool {
        let least = f64::from(self.settings.min_window_length);
        let (mut older, mut older_total) = (0.0, 0.0);
        let (mut newer, mut newer_total) = (self.width, self.total);
        let log = (2.0 * self.width.ln() / self.settings.delta).ln();
        let variance = self.squares / self.width;
        for (row, buckets) in self.rows.iter().enumerate().rev() {
            for bucket in buckets {
                older += size(row);
                newer -= size(row);
                older_total += bucket.total;
                newer_total -= bucket.total;
                if newer < least {
                    return false;
                }
                let apart = (older_total / older - newer_total / newer).abs();
                let per_cut = 1.0 / (older - least + 1.0) + 1.0 / (newer - least + 1.0);
                if older >= least && apart > (2.0 * per_cut * variance * log).sqrt() + 2.0 / 3.0 * log * per_cut {
                    return true;
                }
            }
        }
        false
    }

    fn drop_oldest(&mut self) -> bool {
        // Rows in the middle may be empty when there is one bucket of each size.
        while self.rows.len() > 1 && self.rows.last().is_some_and(VecDeque::is_empty) {
            self.rows.pop();
        }
        let row = self.rows.len() - 1;
        let Some(oldest) = self.rows[row].pop_front() else { return false };
        let n = size(row);
        self.width -= n;
        self.total -= oldest.total;
        self.squares -= oldest.squares + between(n, oldest.total / n, self.width, self.total / self.width);
        true
    }
}

/// With the default settings.
impl Default for Adwin {
    fn default() -> Self {
        Self::empty(AdwinSettings::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_one_bucket_of_each_size_it_still_finds_a_change() {
        let mut settings = AdwinSettings { max_buckets: 1, clock: 1, grace_period: 0, ..AdwinSettings::default() };
        settings.min_window_length = 1;
        let mut window = Adwin::new(settings).unwrap();
        let found = (0..400).find(|at| window.update(f64::from(*at >= 200)));
        assert!(found.is_some_and(|at| at > 200), "{found:?}");
        assert!(window.squares().is_finite() && window.width() < 200);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let mut window = Adwin::default();
        assert_eq!((window.update(f64::NAN), window.width(), window.estimation()), (false, 0, None));
        assert_eq!(Adwin::new(AdwinSettings { delta: 0.0, ..AdwinSettings::default() }), None);
    }
}
