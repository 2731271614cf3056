//! Agresti and Coull's interval of a proportion.

use crate::Proportion;
use crate::special::normal::reach;

/// Agresti and Coull's interval of a proportion, low and high, of this confidence (usually 0.95).
///
/// Agresti and Coull (1998), *Approximate is better than "exact" for interval estimation of binomial proportions*, The
/// American Statistician 52, 119–126: add `z²/2` hits and as many misses, then take Wald's interval of what results,
/// clipped to 0 and 1. The centre is [Wilson's](crate::wilson); it is a little wider, and never has width 0.
///
/// `None` of none, or unless `confidence` lies between 0 and 1. O(1).
pub fn agresti_coull(proportion: Proportion, confidence: f64) -> Option<(f64, f64)> {
    let z = reach(confidence).filter(|_| proportion.of() > 0)?;
    let n = proportion.of() as f64 + z * z;
    let center = (proportion.count() as f64 + z * z / 2.0) / n;
    let reach = z * (center * (1.0 - center) / n).sqrt();
    Some(((center - reach).max(0.0), (center + reach).min(1.0)))
}
