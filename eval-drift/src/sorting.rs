//! Sorting of many numbers.

/// From here on, counting digits is faster than comparing values.
const RADIX_FROM: usize = 2_048;
/// Bits of a digit: its counts fit into the first-level cache, and 6 digits make a number.
const DIGIT: u32 = 11;
const DIGITS: usize = 6;
const BUCKETS: usize = 1 << DIGIT;
const SIGN: u64 = 1 << 63;

/// The values in the order of [`f64::total_cmp`]: ascending, -0 before 0, what is not finite at the ends.
///
/// Many values are sorted by their bits, 11 at a time from the lowest (LSD radix sort): O(n) time and memory. Digits
/// that all values share are skipped, so scores on a coarse scale cost less.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    if values.len() < RADIX_FROM {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        return values;
    }
    let keys = radix_sorted(values.iter().map(|value| key(*value)).collect());
    keys.into_iter().map(value).collect()
}

/// The same; `None` without values, or when one of them is not a finite number.
pub(crate) fn sorted_finite(values: &[f64]) -> Option<Vec<f64>> {
    let values = sorted(values);
    // What is not finite lies at the ends.
    (values.first()?.is_finite() && values.last()?.is_finite()).then_some(values)
}

/// A number whose unsigned order is the total order of the values.
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn value(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

fn digit(key: u64, place: usize) -> usize {
    (key >> (place as u32 * DIGIT)) as usize & (BUCKETS - 1)
}

fn radix_sorted(mut keys: Vec<u64>) -> Vec<u64> {
    let mut counts = vec![[0_usize; BUCKETS]; DIGITS];
    for key in &keys {
        for (place, counts) in counts.iter_mut().enumerate() {
            counts[digit(*key, place)] += 1;
        }
    }
    let all = keys.len();
    let mut moved = vec![0; all];
    for (place, counts) in counts.iter().enumerate().filter(|(_, counts)| !counts.contains(&all)) {
        scatter(&keys, &mut moved, place, counts);
        std::mem::swap(&mut keys, &mut moved);
    }
    keys
}

/// Moves the keys into the order of one digit; keys that share it keep their order.
fn scatter(keys: &[u64], moved: &mut [u64], place: usize, counts: &[usize; BUCKETS]) {
    let mut next = [0; BUCKETS];
    let mut start = 0;
    for (next, count) in next.iter_mut().zip(counts) {
        *next = start;
        start += count;
    }
    for key in keys {
        let next = &mut next[digit(*key, place)];
        moved[*next] = *key;
        *next += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compared(values: &[f64]) -> Vec<u64> {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values.into_iter().map(f64::to_bits).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn many_values_are_in_the_order_of_comparison(values in prop::collection::vec(any::<f64>(), 2_048..4_096)) {
            let found: Vec<u64> = sorted(&values).into_iter().map(f64::to_bits).collect();
            prop_assert_eq!(found, compared(&values));
        }
    }

    #[test]
    fn equal_digits_are_skipped_and_ends_are_kept() {
        for values in [vec![0.5; 3_000], (0..3_000).map(|at| f64::from(at % 5) / 4.0 - 0.5).collect()] {
            let found: Vec<u64> = sorted(&values).into_iter().map(f64::to_bits).collect();
            assert_eq!(found, compared(&values));
        }
    }

    #[test]
    fn what_is_not_finite_is_seen() {
        for odd in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(sorted_finite(&[0.5, odd, 0.25]), None);
        }
        assert_eq!(sorted_finite(&[]), None);
        assert_eq!(sorted_finite(&[0.5, -1.0]), Some(vec![-1.0, 0.5]));
    }
}
