//! So many of so many.

/// A proportion as counted, `count` of `of`: the right answers of the questions, say, or the errors of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    count: u64,
    of: u64,
}

impl Proportion {
    /// `count` of `of`; `None` when there are more than there are. 0 of 0 is a proportion, of which nothing is known.
    pub fn new(count: u64, of: u64) -> Option<Self> {
        (count <= of).then_some(Self { count, of })
    }

    /// How many.
    pub fn count(self) -> u64 {
        self.count
    }

    /// Of how many.
    pub fn of(self) -> u64 {
        self.of
    }

    /// `count / of`, from 0 to 1; `None` of none.
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{agresti_coull, clopper_pearson, jeffreys, wilson};
    use proptest::prelude::*;

    type Interval = fn(Proportion, f64) -> Option<(f64, f64)>;

    const INTERVALS: [Interval; 4] = [wilson, agresti_coull, clopper_pearson, jeffreys];

    #[test]
    fn more_than_there_are_is_no_proportion_and_none_of_none_has_no_interval() {
        assert_eq!(Proportion::new(2, 1), None);
        let [nothing, one] = [(0, 0), (1, 1)].map(|(count, of)| Proportion::new(count, of).unwrap());
        assert_eq!((nothing.share(), one.share()), (None, Some(1.0)));
        for interval in INTERVALS {
            assert_eq!(interval(nothing, 0.95), None);
            for confidence in [0.0, 1.0, -0.5, f64::NAN] {
                assert_eq!(interval(one, confidence), None);
            }
        }
    }

    proptest! {
        #[test]
        fn intervals_have_width_mirror_and_grow_with_confidence(
            of in 1_u64..100_000, share in 0.0..1.0, confidence in 0.5..0.98,
        ) {
            let count = f64::round(of as f64 * share) as u64;
            let [proportion, mirrored] = [count, of - count].map(|count| Proportion::new(count, of).unwrap());
            for interval in INTERVALS {
                let (low, high) = interval(proportion, confidence).unwrap();
                prop_assert!(0.0 <= low && low < high && high <= 1.0);
                let (other_low, other_high) = interval(mirrored, confidence).unwrap();
                prop_assert!((low + other_high - 1.0).abs() < 1e-9 && (high + other_low - 1.0).abs() < 1e-9);
                let (lower, higher) = interval(proportion, confidence + 0.01).unwrap();
                prop_assert!(lower <= low && high <= higher);
            }
        }
    }
}
