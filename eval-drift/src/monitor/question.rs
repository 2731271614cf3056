//! What is remembered of one question.

/// The moments of the scores of one question, taken in one by one. Nothing of a single run is kept but the last score.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Question {
    pub(crate) n: u32,
    pub(crate) mean: f64,
    pub(crate) last: f64,
    /// The sum of squared deviations from the mean.
    squares: f64,
    /// The sum of cubed deviations from the mean.
    cubes: f64,
    /// Half the sum of squared differences of scores that follow each other.
    steps: f64,
}

impl Question {
    /// Welford's recursion, to the third moment (Terriberry 2007).
    pub(crate) fn take(&mut self, score: f64) {
        if self.n > 0 {
            let step = score - self.last;
            self.steps += step * step / 2.0;
        }
        self.n += 1;
        let n = f64::from(self.n);
        let deviation = score - self.mean;
        let part = deviation / n;
        let square = deviation * part * (n - 1.0);
        self.cubes += square * part * (n - 2.0) - 3.0 * part * self.squares;
        self.squares += square;
        self.mean += part;
        self.last = score;
    }

    /// The variance from run to run by successive differences, which a past shift enters only once (von Neumann); 0
    /// before the second score.
    pub(crate) fn variance(&self, factors: &Factors) -> f64 {
        self.steps * factors.variance
    }

    /// The unbiased third cumulant; 0 before the fourth score.
    pub(crate) fn third_cumulant(&self, factors: &Factors) -> f64 {
        self.cubes * factors.third_cumulant
    }
}

/// What sums over `n` scores are multiplied by. Most questions have the same `n`, and divisions are slow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors {
    pub(crate) n: u32,
    pub(crate) mean: f64,
    variance: f64,
    third_cumulant: f64,
}

impl Factors {
    pub(crate) fn of(n: u32) -> Self {
        let count = f64::from(n);
        let from = |least: u32, factor: f64| if n >= least { factor } else { 0.0 };
        Self {
            n,
            mean: from(1, 1.0 / count),
            variance: from(2, 1.0 / (count - 1.0)),
            third_cumulant: from(4, count / ((count - 1.0) * (count - 2.0))),
        }
    }
}
