//! How far scores moved on the same questions.

use crate::bonett_price::of_sums;
use crate::moments::{ROUNDING, clip, mean, standard_deviation};
use crate::special::{normal, student};

/// From so many questions on Student's interval holds for answers that are right or wrong.
pub(crate) const STUDENT_FROM: usize = 30;

/// Where an interval comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum IntervalOf {
    /// Student's t over the questions.
    Student,
    /// Bonett and Price's, which has width where Student's has none.
    BonettPrice,
    /// Wilson's score interval of a proportion.
    Wilson,
    /// Two values of the sample itself, by their ranks.
    OrderStatistics,
}

/// The mean change of scores on the same questions, in points (hundredths of the score); negative is worse.
///
/// `d = mean now - mean before` for each question; the effect is the mean of `d` over `n` questions. Its standard error
/// is that of the differences together with the noise of whole runs, `SE² = var(d) / n + noise²` (Miller 2024, arXiv
/// 2411.00640; Atil et al. 2024, arXiv 2408.04667, for the noise).
///
/// The interval is Student's from 30 questions on. Below, and when all differences are the same, it is
/// [Bonett and Price's](crate::bonett_price), which is wider and never has width 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PairedEffect {
    /// Questions.
    pub n: u64,
    /// The effect, in points.
    pub points: f64,
    /// The standard error of what the interval is around, in points.
    pub standard_error: f64,
    /// The lower end of the interval, in points.
    pub low: f64,
    /// The upper end of the interval, in points.
    pub high: f64,
    /// The confidence of the interval, for instance 0.9.
    pub level: f64,
    /// How the interval was computed.
    pub interval: IntervalOf,
    /// The probability of a change this low or lower, if nothing changed: evidence of a drop.
    pub p_drop: f64,
    /// The probability of a change this far from 0 on either side, if nothing changed.
    pub p_two: f64,
}

impl PairedEffect {
    /// The effect of these differences, each from -1 to 1, with an interval of this confidence. `noise` is the standard
    /// error that the runs themselves bring, in the unit of the scores.
    ///
    /// `None` below two questions, when a difference is not such a number, or unless `level` lies between 0 and 1.
    pub(crate) fn of(differences: &[f64], level: f64, noise: f64) -> Option<Self> {
        let mean = mean(differences).filter(|_| differences.iter().all(|difference| difference.abs() <= 1.0))?;
        let deviation = standard_deviation(differences, mean)?;
        let n = differences.len();
        if n >= STUDENT_FROM && deviation > ROUNDING {
            let (error, df) = ((deviation / (n as f64).sqrt()).hypot(noise), (n - 1) as f64);
            let reach = -student::quantile(normal::upper_tail(level)?, df) * error;
            let p = [student::cdf(mean / error, df), student::two_sided(mean / error, df)];
            return Some(Self::new(n, mean, (mean, error, reach), level, IntervalOf::Student, p));
        }
        let squares = differences.iter().map(|difference| difference * difference).sum();
        let plain = of_sums(differences.iter().sum(), squares, n as f64, level)?;
        let (center, error) = (plain.center, plain.standard_error.hypot(noise));
        let p = [normal::cdf(center / error), normal::two_sided(center / error)];
        Some(Self::new(n, mean, (center, error, normal::reach(level)? * error), level, IntervalOf::BonettPrice, p))
    }

    fn new(
        n: usize,
        mean: f64,
        (center, error, reach): (f64, f64, f64),
        level: f64,
        interval: IntervalOf,
        [p_drop, p_two]: [f64; 2],
    ) -> Self {
        let (low, high) = clip((center - reach, center + reach));
        let [points, standard_error, low, high] = [mean, error, low, high].map(|value| value * 100.0);
        Self { n: n as u64, points, standard_error, low, high, level, interval, p_drop, p_two }
    }

    /// How many standard errors the interval reaches to either side.
    pub(crate) fn reach(&self) -> Option<f64> {
        match self.interval {
            IntervalOf::Student => Some(-student::quantile(normal::upper_tail(self.level)?, self.n as f64 - 1.0)),
            _ => normal::reach(self.level),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_or_equal_differences_still_have_width() {
        let few = PairedEffect::of(&[0.0; 10], 0.9, 0.0).unwrap();
        assert_eq!(few.interval, IntervalOf::BonettPrice);
        assert!((few.high - 19.385).abs() < 0.01 && few.low == -few.high, "{few:?}");
        let same = PairedEffect::of(&[0.0; 1_000], 0.9, 0.0).unwrap();
        assert!(same.interval == IntervalOf::BonettPrice && same.high > 0.0);
        assert_eq!(PairedEffect::of(&[0.5], 0.9, 0.0), None);
        assert_eq!(PairedEffect::of(&[0.5, f64::NAN], 0.9, 0.0), None);
        assert_eq!(PairedEffect::of(&[0.5, 2.0], 0.9, 0.0), None);
    }

    #[test]
    fn many_differences_have_the_t_interval_and_the_noise_widens_it() {
        let differences: Vec<f64> = (0..40).map(|at| f64::from(at % 4) / 4.0 - 0.5).collect();
        let [plain, noisy] = [0.0, 0.05].map(|noise| PairedEffect::of(&differences, 0.95, noise).unwrap());
        let t = crate::paired_t(&differences).unwrap().test.unwrap();
        assert!((plain.low - 100.0 * t.low).abs() < 1e-9 && (plain.p_two - t.p_two).abs() < 1e-12);
        assert!(noisy.low < plain.low && noisy.p_drop > plain.p_drop);
    }

    #[test]
    fn the_interval_ends_at_nothing_exactly_when_p_is_alpha() {
        for at in 1..30 {
            let differences: Vec<f64> = (0..12).map(|q| if q < at % 12 { -1.0 } else { 0.0 }).collect();
            let found = PairedEffect::of(&differences, 0.9, 0.005).unwrap();
            assert_eq!(found.high < 0.0, found.p_drop < 0.05, "{found:?}");
        }
    }
}
