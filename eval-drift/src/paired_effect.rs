//! How far scores moved on the same questions.

use crate::bonett_price::of_sums;
use crate::moments::{ROUNDING, clip, mean, standard_deviation};
use crate::special::{normal, student};

/// From so many questions on Student's interval holds for answers that are right or wrong.
pub(crate) const STUDENT_FROM: usize = 30;

/// With so high a confidence that nothing is left of the deviation the interval reaches everywhere anyway.
const LEAST: f64 = 1e-6;

/// Where an interval comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
/// The interval is Student's from 30 questions on, made wider where the differences are skewed (Hall 1992, *On the removal
/// of skewness by transformation*, JRSS B 54, 221–228; it is never made narrower): a model that is nearly always right has
/// differences with a long lower tail, and a plain t would pass too easily. For the same reason the variance at the lower end
/// is taken about that end and not about the mean, as in a score interval: in a sample whose mean is high by luck the tail
/// is missing, and the deviation with it. It moves that end by `1 / sqrt(1 - t² / n)`, 3 % with 50 questions. Below 30, and when all differences are the same, it is
/// [Bonett and Price's](crate::bonett_price), which is wider and never has width 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// `None` below two questions, when a difference is not such a number, or unless `level` lies between 0 and 1. O(n).
    ///
    /// ```
    /// use eval_drift::PairedEffect;
    /// let differences: Vec<f64> = (0..100).map(|at| if at < 10 { -1.0 } else { 0.0 }).collect();
    /// let effect = PairedEffect::of(&differences, 0.9, 0.005).unwrap();
    /// assert!((effect.points + 10.0).abs() < 1e-9);
    /// assert!(effect.low < -15.0 && effect.high < 0.0 && effect.p_drop < 0.001);
    /// ```
    pub fn of(differences: &[f64], level: f64, noise: f64) -> Option<Self> {
        let mean = mean(differences).filter(|_| differences.iter().all(|difference| difference.abs() <= 1.0))?;
        let deviation = standard_deviation(differences, mean)?;
        let n = differences.len();
        if n >= STUDENT_FROM && deviation > ROUNDING {
            let skew = skewness_of_mean(differences, mean, deviation);
            return Self::student(n, mean, deviation / (n as f64).sqrt(), skew, noise, level);
        }
        let squares = differences.iter().map(|difference| difference * difference).sum();
        let plain = of_sums(differences.iter().sum(), squares, n as f64, level)?;
        let (center, error) = (plain.center, plain.standard_error.hypot(noise));
        let p = [normal::cdf(center / error), normal::two_sided(center / error)];
        let reach = normal::reach(level)? * error;
        Some(Self::new(n, mean, error, (center - reach, center + reach), level, IntervalOf::BonettPrice, p))
    }

    fn student(n: usize, mean: f64, plain: f64, skew: f64, noise: f64, level: f64) -> Option<Self> {
        let (error, df) = (plain.hypot(noise), (n - 1) as f64);
        let skew = Hall(skew * (plain / error).powi(3));
        let (t, reach) = (mean / error, -student::quantile(normal::upper_tail(level)?, df));
        let about_the_end = plain / (1.0 - reach * reach / n as f64).max(LEAST).sqrt();
        let low = mean - about_the_end.hypot(noise) * skew.inverse(reach).max(reach);
        let high = mean - error * skew.inverse(-reach).min(-reach);
        let p_drop = student::cdf(t, df).max(student::cdf(skew.apply(t), df));
        let p_rise = student::sf(t, df).max(student::sf(skew.apply(t), df));
        let p = [p_drop, (2.0 * p_drop.min(p_rise)).min(1.0)];
        Some(Self::new(n, mean, error, (low, high), level, IntervalOf::Student, p))
    }

    fn new(
        n: usize,
        mean: f64,
        error: f64,
        interval_of_mean: (f64, f64),
        level: f64,
        interval: IntervalOf,
        [p_drop, p_two]: [f64; 2],
    ) -> Self {
        let (low, high) = clip(interval_of_mean);
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

/// The skewness of the mean of these values: their own over the root of their number.
fn skewness_of_mean(values: &[f64], mean: f64, deviation: f64) -> f64 {
    let cubes: f64 = values.iter().map(|value| ((value - mean) / deviation).powi(3)).sum();
    cubes / (values.len() as f64).powf(1.5)
}

/// Hall's transformation of a t whose numerator has this skewness: nearer to Student's than the t itself.
#[derive(Clone, Copy)]
struct Hall(f64);

impl Hall {
    fn apply(self, t: f64) -> f64 {
        let Self(k) = self;
        t + k * t * t / 3.0 + k * k * t.powi(3) / 27.0 + k / 6.0
    }

    fn inverse(self, z: f64) -> f64 {
        let Self(k) = self;
        // Next to no skewness the formula divides nothing by nothing.
        if k.abs() < 1e-6 { z } else { 3.0 / k * ((1.0 + k * (z - k / 6.0)).cbrt() - 1.0) }
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
        assert!((plain.high - 100.0 * t.high).abs() < 1e-6 && (plain.p_two - t.p_two).abs() < 1e-6, "no skewness");
        let reach = plain.reach().unwrap();
        let wider = (plain.points - plain.low) / (plain.high - plain.points);
        assert!((wider - 1.0 / (1.0 - reach * reach / 40.0).sqrt()).abs() < 1e-9, "the score form");
        assert!(noisy.low < plain.low && noisy.p_drop > plain.p_drop);
    }

    #[test]
    fn the_interval_ends_at_nothing_exactly_when_p_is_alpha() {
        for at in 1..30 {
            let differences: Vec<f64> = (0..12).map(|q| if q < at % 12 { -1.0 } else { 0.0 }).collect();
            let found = PairedEffect::of(&differences, 0.9, 0.005).unwrap();
            assert_eq!(found.high < 0.0, found.p_drop < 0.05, "{found:?}");
            let many: Vec<f64> = (0..120).map(|q| if q % 40 < at % 12 { -0.5 } else { 0.05 }).collect();
            let found = PairedEffect::of(&many, 0.9, 0.005).unwrap();
            assert_eq!(found.high < 0.0, found.p_drop < 0.05, "{found:?}");
            assert!(found.low < found.points && found.points < found.high, "{found:?}");
        }
    }
}
