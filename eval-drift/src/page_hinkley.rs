//! The Page-Hinkley test.

/// Whether the mean of a stream moved, by the sum of its deviations from the mean so far.
///
/// Page, E. S. (1954), *Continuous inspection schemes*, Biometrika 41, 100–115, in the form of river 0.26, to the
/// digit: with the running mean `m` of all values, `I <- a I + (x - m) - delta` and `D <- a D + (x - m) + delta`; a
/// rise is found when `I` lies more than the threshold above its minimum, a fall when `D` lies more than that below its
/// maximum (which starts at -1). After a finding the next value starts anew.
///
/// The threshold has the unit of the values and no measure of error: what is right for a mean of 50 questions is far
/// too wide for 1,000, and the default can never fire on means between 0 and 1. It is here for comparison;
/// [`QualityMonitor`](crate::QualityMonitor) needs no tuning by size.
///
/// A value that is not a finite number is left out. O(1) time and memory.
///
/// ```
/// use eval_drift::{Direction, PageHinkley, PageHinkleySettings};
/// let mut settings = PageHinkleySettings::default();
/// (settings.threshold, settings.direction) = (0.3, Direction::Down);
/// let mut test = PageHinkley::new(settings).unwrap();
/// let found = [[0.8; 40], [0.7; 40]].concat().iter().position(|score| test.update(*score));
/// assert_eq!(found, Some(43));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PageHinkley {
    settings: PageHinkleySettings,
    sums: Sums,
    found: bool,
}

/// What a [`PageHinkley`] test is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PageHinkleySettings {
    /// Values before the first finding; default 30.
    pub min_instances: u64,
    /// The deviation that is tolerated, in the unit of the values; default 0.005.
    pub delta: f64,
    /// How far the sum may run, in the unit of the values; default 50.
    pub threshold: f64,
    /// The part of a sum that is kept from value to value, from 0 to 1; default 0.9999.
    pub alpha: f64,
    /// Which changes are looked for; default both.
    pub direction: Direction,
}

impl Default for PageHinkleySettings {
    fn default() -> Self {
        Self { min_instances: 30, delta: 0.005, threshold: 50.0, alpha: 0.9999, direction: Direction::Both }
    }
}

/// Which changes are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// A rise of the values.
    Up,
    /// A fall of the values.
    Down,
    /// Either.
    Both,
}

#[derive(Debug, Clone, PartialEq)]
struct Sums {
    n: u64,
    mean: f64,
    increase: f64,
    decrease: f64,
    lowest_increase: f64,
    highest_decrease: f64,
}

impl PageHinkley {
    /// A test; `None` when a setting is not a finite number, or `alpha` not from 0 to 1.
    pub fn new(settings: PageHinkleySettings) -> Option<Self> {
        let sound =
            settings.delta.is_finite() && settings.threshold.is_finite() && (0.0..=1.0).contains(&settings.alpha);
        sound.then(|| Self { settings, sums: Sums::new(), found: false })
    }

    /// Takes the next value in, and says whether a change is found.
    pub fn update(&mut self, value: f64) -> bool {
        if !value.is_finite() {
            return false;
        }
        if std::mem::take(&mut self.found) {
            self.sums = Sums::new();
        }
        self.sums.add(value, &self.settings);
        self.found = self.sums.n >= self.settings.min_instances && self.sums.exceed(&self.settings);
        self.found
    }
}

impl Default for PageHinkley {
    fn default() -> Self {
        Self { settings: PageHinkleySettings::default(), sums: Sums::new(), found: false }
    }
}

impl Sums {
    fn new() -> Self {
        Self { n: 0, mean: 0.0, increase: 0.0, decrease: 0.0, lowest_increase: f64::INFINITY, highest_decrease: -1.0 }
    }

    fn add(&mut self, value: f64, settings: &PageHinkleySettings) {
        self.n += 1;
        self.mean += 1.0 / self.n as f64 * (value - self.mean);
        let deviation = value - self.mean;
        self.increase = settings.alpha * self.increase + deviation - settings.delta;
        self.decrease = settings.alpha * self.decrease + deviation + settings.delta;
        self.lowest_increase = self.lowest_increase.min(self.increase);
        self.highest_decrease = self.highest_decrease.max(self.decrease);
    }

    fn exceed(&self, settings: &PageHinkleySettings) -> bool {
        let up = self.increase - self.lowest_increase > settings.threshold;
        let down = self.highest_decrease - self.decrease > settings.threshold;
        match settings.direction {
            Direction::Up => up,
            Direction::Down => down,
            Direction::Both => up || down,
        }
    }
}
