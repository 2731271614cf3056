//! Finding where a function changes its sign.

/// Halvings after which two ends that began within a factor of 2^60 are next to each other.
const HALVINGS: u32 = 120;

/// Where `rises_above` turns from false at `low` to true at `high`, to the last digit.
pub(crate) fn bisect(mut low: f64, mut high: f64, rises_above: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if rises_above(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    low + (high - low) / 2.0
}
