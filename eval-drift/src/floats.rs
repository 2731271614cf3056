//! Floats in the order of their bits, which is the order of their values.

const SIGN: u64 = 1 << 63;

/// A key that is ordered as the floats are; -0 and 0 have one key.
pub(crate) fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The float of a key.
pub(crate) fn value(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

/// The smallest float from `low` to `high` for which `reached` holds, or `high` if it holds for none below.
///
/// `reached` must hold for everything above whatever it holds for. Halving the keys instead of the interval needs 64
/// steps at most, whatever the scale, and ends at a float next to the true one: a root to full *relative* precision.
pub(crate) fn first_float(low: f64, high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (key(low), key(high));
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(value(middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    value(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_ordered_as_the_values_and_give_them_back(a in any::<f64>(), b in any::<f64>()) {
            prop_assert_eq!(key(a).cmp(&key(b)), (a + 0.0).total_cmp(&(b + 0.0)));
            prop_assert_eq!(value(key(a)).to_bits(), (a + 0.0).to_bits());
        }

        #[test]
        fn the_first_float_is_the_threshold_itself(threshold in prop::num::f64::NORMAL) {
            prop_assert_eq!(first_float(f64::MIN, f64::MAX, |value| value >= threshold), threshold);
        }
    }
}
