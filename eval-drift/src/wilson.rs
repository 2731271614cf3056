//! Wilson's interval of a proportion.

use crate::Proportion;
use crate::special::normal::reach;

/// Wilson's interval of a proportion, low and high, of this confidence (usually 0.95): **the default**.
///
/// Wilson (1927), *Probable inference, the law of succession, and statistical inference*, JASA 22, 209–212: all `p`
/// that a z test does not reject, `(share + z²/2n ± z sqrt(share (1 - share)/n + z²/4n²)) / (1 + z²/n)`. It lies within
/// 0 and 1, has never width 0, and covers close to its level on average, if not for every `p`. Answers must be
/// independent.
///
/// `None` of none, or unless `confidence` lies between 0 and 1. O(1).
///
/// ```
/// let (low, high) = eval_drift::wilson(eval_drift::Proportion::new(8, 10).unwrap(), 0.95).unwrap();
/// assert!((low - 0.49016247153664183).abs() < 1e-12 && (high - 0.9433178485456247).abs() < 1e-12);
/// ```
pub fn wilson(proportion: Proportion, confidence: f64) -> Option<(f64, f64)> {
    of_share(proportion.share()?, proportion.of() as f64, confidence)
}

/// The interval of a share of `n`, which need not be a whole number of them: no scores from 0 to 1 with this mean vary
/// more than those that are 0 or 1, so for their mean it is wide enough.
pub(crate) fn of_share(share: f64, n: f64, confidence: f64) -> Option<(f64, f64)> {
    let z = reach(confidence)?;
    let squared = z * z / n;
    let center = share + squared / 2.0;
    let reach = (squared * (share * (1.0 - share) + squared / 4.0)).sqrt();
    let [low, high] = [center - reach, center + reach].map(|end| (end / (1.0 + squared)).clamp(0.0, 1.0));
    Some((low, high))
}
