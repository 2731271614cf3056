//! A mean that carries its n and its interval.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::exact::Sum;

/// How an interval was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IntervalMethod {
    /// Wilson's score interval of a proportion.
    Wilson,
    /// Student's t over the means of the questions.
    StudentT,
    /// Bonett and Price's adjusted interval of a difference: for few answers that are right or wrong.
    BonettPrice,
}

impl IntervalMethod {
    /// The name used in records and files, for instance `wilson`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wilson => "wilson",
            Self::StudentT => "student_t",
            Self::BonettPrice => "bonett_price",
        }
    }

    /// The method of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Wilson, Self::StudentT, Self::BonettPrice].into_iter().find(|method| method.name() == name)
    }
}

/// A 95 % interval, within 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// How it was computed.
    pub method: IntervalMethod,
}

impl Interval {
    /// An interval that was computed elsewhere: for stores that read rows.
    pub const fn new(low: f64, high: f64, method: IntervalMethod) -> Self {
        Self { low, high, method }
    }
}

/// A mean with its standard error and its 95 % interval. All within 0 and 1; times 100 for percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Estimate {
    /// The mean over the questions.
    pub mean: f64,
    /// Questions that entered the mean.
    pub n: u64,
    /// The standard error of the mean, `sd / sqrt(n)` with `n - 1` in the variance; `None` for one question.
    pub standard_error: Option<f64>,
    /// The 95 % interval. `None` when the data does not carry one: a single graded score, or graded scores that
    /// are all the same (an interval of width zero would claim a certainty that nobody has).
    pub interval: Option<Interval>,
}

impl Estimate {
    /// An estimate that was computed elsewhere: for stores that read rows.
    pub const fn new(mean: f64, n: u64, standard_error: Option<f64>, interval: Option<Interval>) -> Self {
        Self { mean, n, standard_error, interval }
    }

    /// The variance of the questions' means, with `n - 1`; `None` for one question.
    pub fn variance(&self) -> Option<f64> {
        self.standard_error.map(|error| error * error * self.n as f64)
    }
}

const CONFIDENCE: f64 = 0.95;

/// Wilson's score interval for `successes` of `n` at 95 %, as (low, high).
///
/// Wilson, E. B. (1927), *Probable inference, the law of succession, and statistical inference*, JASA 22, 209–212:
/// `(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)`. `None` for `n = 0`.
///
/// ```
/// let (low, high) = eval_core::wilson(10.0, 10).unwrap();
/// assert!((low - 0.7224672001371106).abs() < 1e-12 && high == 1.0);
/// ```
pub fn wilson(successes: f64, n: u64) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let n = n as f64;
    let z = Normal::standard().inverse_cdf((1.0 + CONFIDENCE) / 2.0);
    let p = successes / n;
    let centre = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // At the ends the formula is exact but its rounding is not.
    let low = if p == 0.0 { 0.0 } else { ((centre - half) / scale).max(0.0) };
    let high = if p == 1.0 { 1.0 } else { ((centre + half) / scale).min(1.0) };
    Some((low, high))
}

/// Collects the means of questions, one by one, in any order, in constant memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Estimator {
    sum: Sum,
    graded: bool,
}

impl Estimator {
    /// Adds the mean of one question; `single` says that it is one score and not the mean of several epochs.
    pub(crate) fn push(&mut self, value: f64, single: bool) {
        self.sum.add(value);
        self.graded |= !single || (value != 0.0 && value != 1.0);
    }

    /// The mean so far; `None` before the first value.
    pub(crate) fn mean(&self) -> Option<f64> {
        self.sum.mean()
    }

    /// The estimate; `None` before the first value.
    pub(crate) fn estimate(&self) -> Option<Estimate> {
        let mean = self.mean()?;
        let (n, squares) = (self.sum.n(), self.sum.squared_deviations());
        let standard_error = (n > 1).then(|| (squares / (n - 1) as f64 / n as f64).sqrt());
        Some(Estimate { mean, n, standard_error, interval: self.interval(mean, standard_error) })
    }

    fn interval(&self, mean: f64, standard_error: Option<f64>) -> Option<Interval> {
        // All right or all wrong in every epoch: the t interval collapses, Wilson's over the questions does not.
        let (n, unanimous) = (self.sum.n(), mean == 0.0 || mean == 1.0);
        if !self.graded || unanimous {
            let (low, high) = wilson(mean * n as f64, n)?;
            return Some(Interval { low, high, method: IntervalMethod::Wilson });
        }
        let error = standard_error.filter(|error| *error > 0.0)?;
        let t = StudentsT::new(0.0, 1.0, (n - 1) as f64).ok()?.inverse_cdf((1.0 + CONFIDENCE) / 2.0);
        let (low, high) = ((mean - t * error).max(0.0), (mean + t * error).min(1.0));
        Some(Interval { low, high, method: IntervalMethod::StudentT })
    }
}

/// The quantile of sorted values by linear interpolation (type 7 of Hyndman and Fan, 1996; numpy's default).
/// `None` when there are none.
pub(crate) fn quantile(sorted: &[f32], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q * last as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(f64::from(below) + (at - at.floor()) * f64::from(above - below))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(values: &[f64], single: bool) -> Estimate {
        let mut estimator = Estimator::default();
        values.iter().for_each(|value| estimator.push(*value, single));
        estimator.estimate().unwrap()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9, "{found} is not {expected}");
    }

    // statsmodels.stats.proportion.proportion_confint(k, n, alpha=0.05, method="wilson")
    #[test]
    fn wilson_is_that_of_statsmodels() {
        for (k, n, low, high) in [
            (1.0, 1, 0.2065493143772374, 1.0),
            (10.0, 10, 0.7224672001371106, 1.0),
            (0.0, 10, 0.0, 0.27753279986288925),
            (45.0, 50, 0.7863976856252035, 0.9565242350681097),
        ] {
            let found = wilson(k, n).unwrap();
            near(found.0, low);
            near(found.1, high);
        }
        assert_eq!(wilson(0.0, 0), None);
    }

    // scipy.stats.t.interval(0.95, 4, mean, sem) of these five numbers
    #[test]
    fn graded_scores_get_a_t_interval() {
        let found = estimate(&[0.5, 0.75, 0.25, 1.0, 0.5], false);
        near(found.mean, 0.6);
        near(found.standard_error.unwrap(), 0.127475487839819_6);
        let interval = found.interval.unwrap();
        assert_eq!(interval.method, IntervalMethod::StudentT);
        near(interval.low, 0.6 - 2.776445105197793 * 0.1274754878398196);
        near(interval.high, 0.6 + 2.776445105197793 * 0.1274754878398196);
    }

    #[test]
    fn binary_scores_get_wilson_and_epochs_do_not() {
        let scores = [0.0, 1.0, 1.0, 1.0];
        assert_eq!(estimate(&scores, true).interval.unwrap().method, IntervalMethod::Wilson);
        assert_eq!(estimate(&scores, false).interval.unwrap().method, IntervalMethod::StudentT);
    }

    #[test]
    fn degenerate_data_claims_no_certainty() {
        let one = estimate(&[0.5], true);
        assert_eq!((one.standard_error, one.interval), (None, None));
        assert_eq!(estimate(&[0.5, 0.5, 0.5], true).interval, None);
        let unanimous = estimate(&[1.0, 1.0, 1.0], false).interval.unwrap();
        assert!(unanimous.low < 1.0 && unanimous.high == 1.0);
        assert!(Estimator::default().estimate().is_none());
    }

    #[test]
    fn method_names_are_those_of_serde_and_lead_back() {
        for method in [IntervalMethod::Wilson, IntervalMethod::StudentT, IntervalMethod::BonettPrice] {
            assert_eq!(serde_json::to_value(method).unwrap(), method.name());
            assert_eq!(IntervalMethod::from_name(method.name()), Some(method));
        }
    }

    // numpy.quantile([1, 2, 3, 4], [0, .5, .95, 1])
    #[test]
    fn quantiles_are_those_of_numpy() {
        let values = [1.0, 2.0, 3.0, 4.0];
        for (q, expected) in [(0.0, 1.0), (0.5, 2.5), (0.95, 3.85), (1.0, 4.0)] {
            near(quantile(&values, q).unwrap(), expected);
        }
        assert_eq!(quantile(&[], 0.5), None);
    }
}
