//! Two empirical distribution functions, walked together.

/// Where at least one of two empirical distribution functions jumps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// The value that at least one sample has.
    pub(crate) value: f64,
    /// How many values of the first sample are at most `value`.
    pub(crate) a: usize,
    /// How many values of the second sample are at most `value`.
    pub(crate) b: usize,
}

/// The steps of two sorted samples of finite numbers, in ascending order; O(n + m) for all.
pub(crate) fn steps<'a>(a: &'a [f64], b: &'a [f64]) -> impl Iterator<Item = Step> + 'a {
    let (mut i, mut j) = (0, 0);
    std::iter::from_fn(move || {
        let value = match (a.get(i), b.get(j)) {
            (Some(first), Some(second)) => first.min(*second),
            (first, second) => *first.or(second)?,
        };
        i += equal_values(&a[i..], value);
        j += equal_values(&b[j..], value);
        Some(Step { value, a: i, b: j })
    })
}

/// How many values at the beginning are this one (-0 is 0).
pub(crate) fn equal_values(values: &[f64], value: f64) -> usize {
    values.iter().take_while(|other| **other == value).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_within_and_between_samples_are_one_step() {
        let found: Vec<_> = steps(&[-0.0, 1.0, 1.0], &[0.0, 0.5]).map(|step| (step.value, step.a, step.b)).collect();
        assert_eq!(found, [(0.0, 1, 1), (0.5, 1, 2), (1.0, 3, 2)]);
    }
}
