//! How far judges, or a judge and people, agree beyond chance.

/// What a difference between two scores means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Level {
    /// Scores are the same or not: for right and wrong.
    Nominal,
    /// Scores have an order and no distances: for grades of a few steps.
    Ordinal,
    /// Scores have distances: for scores from 0 to 1. Disagreement grows with the square of the difference.
    #[default]
    Interval,
}

/// Krippendorff's alpha of several raters; 1 is perfect agreement, 0 what chance gives, below 0 is worse than chance.
///
/// `units` has one entry a rated answer: the scores that it got, in any order. Who gave none is left out, and an answer
/// with fewer than two scores does not count. With `n` scores in all answers that count, `m` of them in one answer, and
/// a difference function `δ²`:
///
/// `alpha = 1 - Do / De`, `Do = 1/n Σ_answers 1/(m-1) Σ_{i≠j} δ²(v_i, v_j)`, `De = 1/(n(n-1)) Σ_{i≠j} δ²(v_i, v_j)`
///
/// `None` when no answer has two scores, or when all scores are the same: then there is nothing to agree on.
///
/// K. Krippendorff, *Computing Krippendorff's Alpha-Reliability* (2011), University of Pennsylvania; the example below
/// are its data for four observers and twelve units, for which it gives 0.743, 0.815 and 0.849.
///
/// ```
/// use eval_judge::{Level, krippendorff_alpha};
/// let units = [
///     vec![1., 1., 1.], vec![2., 2., 3., 2.], vec![3., 3., 3., 3.], vec![3., 3., 3., 3.], vec![2., 2., 2., 2.],
///     vec![1., 2., 3., 4.], vec![4., 4., 4., 4.], vec![1., 1., 2., 1.], vec![2., 2., 2., 2.], vec![5., 5., 5.],
///     vec![1., 1.], vec![3.],
/// ];
/// for (level, alpha) in [(Level::Nominal, 0.743), (Level::Ordinal, 0.815), (Level::Interval, 0.849)] {
///     assert!((krippendorff_alpha(&units, level).unwrap() - alpha).abs() < 5e-4);
/// }
/// assert_eq!(krippendorff_alpha(&[vec![1.0, 1.0]], Level::Interval), None);
/// ```
pub fn krippendorff_alpha(units: &[Vec<f64>], level: Level) -> Option<f64> {
    let units: Vec<&Vec<f64>> = units.iter().filter(|unit| unit.len() > 1).collect();
    let scale = Scale::of(units.iter().flat_map(|unit| unit.iter().copied()), level);
    let n = scale.total();
    let observed: f64 = units.iter().map(|unit| scale.among(unit) / (unit.len() - 1) as f64).sum();
    let expected = scale.among_all() / (n - 1.0);
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

/// The scores that occur, ascending, and how often.
struct Scale {
    values: Vec<(f64, f64)>,
    level: Level,
}

impl Scale {
    fn of(scores: impl Iterator<Item = f64>, level: Level) -> Self {
        Self { values: counted(scores), level }
    }

    fn total(&self) -> f64 {
        self.values.iter().map(|(_, count)| count).sum()
    }

    /// The squared difference of the values at two places of the scale.
    fn difference(&self, one: usize, other: usize) -> f64 {
        let (low, high) = (one.min(other), one.max(other));
        match self.level {
            Level::Nominal => f64::from(low != high),
            Level::Interval => (self.values[high].0 - self.values[low].0).powi(2),
            Level::Ordinal => {
                let between: f64 = self.values[low..=high].iter().map(|(_, count)| count).sum();
                (between - (self.values[low].1 + self.values[high].1) / 2.0).powi(2)
            }
        }
    }

    fn place(&self, score: f64) -> usize {
        self.values.partition_point(|(value, _)| *value < score)
    }

    /// The sum over all ordered pairs of one answer's scores.
    fn among(&self, scores: &[f64]) -> f64 {
        let places: Vec<usize> = scores.iter().map(|score| self.place(*score)).collect();
        places.iter().map(|one| places.iter().map(|other| self.difference(*one, *other)).sum::<f64>()).sum()
    }

    /// The sum over all ordered pairs of scores.
    fn among_all(&self) -> f64 {
        let places = 0..self.values.len();
        let row = |one: usize| -> f64 {
            places.clone().map(|other| self.values[one].1 * self.values[other].1 * self.difference(one, other)).sum()
        };
        places.clone().map(row).sum()
    }
}

/// Each value once, ascending, with its count.
fn counted(scores: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    let mut scores: Vec<f64> = scores.collect();
    scores.sort_by(f64::total_cmp);
    let mut values: Vec<(f64, f64)> = Vec::new();
    for score in scores {
        match values.last_mut() {
            // Zero has two signs and is one value.
            Some((value, count)) if *value == score => *count += 1.0,
            _ => values.push((score, 1.0)),
        }
    }
    values
}

/// How a disagreement weighs in [`cohen_kappa`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Weighting {
    /// Every disagreement is the same.
    #[default]
    Plain,
    /// By the difference of the scores.
    Linear,
    /// By the square of the difference.
    Quadratic,
}

/// Cohen's kappa of two raters; 1 is perfect agreement, 0 what chance gives.
///
/// Each pair is one answer with both raters' scores. With the observed share `o` and the share `e` that independent
/// raters with the same habits would have, `kappa = 1 - Σ w o / Σ w e`; `w` is 0 for equal scores, else 1, `|a - b|` or
/// `(a - b)²`. `None` without pairs, or when both raters always give one and the same score.
///
/// J. Cohen, *A coefficient of agreement for nominal scales*, Educational and Psychological Measurement 20 (1960), 37-46;
/// weighted: J. Cohen, *Weighted kappa*, Psychological Bulletin 70 (1968), 213-220. The example has the proportions of the
/// worked example in J. L. Fleiss, *Statistical Methods for Rates and Proportions* (2nd ed. 1981), table 13.1: 0.676.
///
/// ```
/// use eval_judge::{Weighting, cohen_kappa};
/// let table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]];
/// let mut pairs = Vec::new();
/// for (a, row) in table.iter().enumerate() {
///     for (b, count) in row.iter().enumerate() {
///         pairs.extend(vec![(a as f64, b as f64); *count]);
///     }
/// }
/// assert!((cohen_kappa(&pairs, Weighting::Plain).unwrap() - 0.676).abs() < 5e-4);
/// ```
pub fn cohen_kappa(pairs: &[(f64, f64)], weighting: Weighting) -> Option<f64> {
    let weight = |one: f64, other: f64| match weighting {
        Weighting::Plain => f64::from(one != other),
        Weighting::Linear => (one - other).abs(),
        Weighting::Quadratic => (one - other).powi(2),
    };
    let (first, second) = (counted(pairs.iter().map(|pair| pair.0)), counted(pairs.iter().map(|pair| pair.1)));
    let n = pairs.len() as f64;
    let observed: f64 = pairs.iter().map(|(one, other)| weight(*one, *other)).sum::<f64>() / n;
    let row = |(one, count): &(f64, f64)| -> f64 {
        second.iter().map(|(other, times)| count * times * weight(*one, *other)).sum()
    };
    let expected = first.iter().map(row).sum::<f64>() / (n * n);
    (expected > 0.0).then(|| 1.0 - observed / expected)
}
