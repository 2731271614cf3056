//! Cohen's kappa.

use crate::pairwise_sum::pairwise_sum;

/// How far two raters agree beyond chance; see [`cohen_kappa`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CohenKappa {
    /// How many items both rated.
    pub n: usize,
    /// The share of items on which they agree.
    pub agreement: f64,
    /// Kappa: 1 for full agreement, 0 for what chance gives. `None` when both gave one and the same category to all.
    pub kappa: Option<f64>,
    /// The standard error of kappa; `None` where kappa is, and where rounding leaves a variance below 0 (full agreement).
    pub standard_error: Option<f64>,
    /// Kappa where a disagreement weighs as much as the categories lie apart.
    pub linear: Option<f64>,
    /// Kappa where it weighs as much as the square of that: the usual one for grades.
    pub quadratic: Option<f64>,
}

/// Cohen's kappa between two raters (a judge and a human, say) who each put every item into one of the categories 0, 1, …
///
/// Cohen, J. (1960), *A coefficient of agreement for nominal scales*, Educational and Psychological Measurement 20, 37–46:
/// `kappa = (agreement - chance) / (1 - chance)`, where chance is the agreement of two raters who keep their shares of
/// categories and know nothing of the items. Weighted (Cohen 1968, *Weighted kappa*): `1 - sum(w p) / sum(w chance)` with
/// `w = |i - j|` or `(i - j)²`. The standard error is that of Fleiss, Cohen and Everitt (1969) for a kappa that is not 0.
///
/// It assumes that the raters do not know of each other. Kappa is low for rare categories even where agreement is high: say
/// both. With missing ratings or more raters use [`krippendorff_alpha`](crate::krippendorff_alpha).
///
/// `None` without items, when the raters rated different numbers of them, or when a rating is not below `categories`.
/// O(n + categories²) time and O(categories²) memory.
///
/// ```
/// let found = eval_drift::cohen_kappa(&[0, 0, 1, 1, 2, 2], &[0, 0, 1, 2, 2, 2], 3).unwrap();
/// assert!((found.kappa.unwrap() - 0.75).abs() < 1e-12);
/// assert!(eval_drift::cohen_kappa(&[1, 1], &[1, 1], 2).unwrap().kappa.is_none());
/// ```
pub fn cohen_kappa(a: &[usize], b: &[usize], categories: usize) -> Option<CohenKappa> {
    let table = Table::new(a, b, categories)?;
    let agreement = a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / table.n;
    let chance = table.chance();
    let kappa = (chance < 1.0).then(|| (agreement - chance) / (1.0 - chance));
    Some(CohenKappa {
        n: a.len(),
        agreement,
        kappa,
        standard_error: kappa.map(|kappa| table.variance(kappa, chance)).filter(|found| *found >= 0.0).map(f64::sqrt),
        linear: table.weighted(|apart| apart),
        quadratic: table.weighted(|apart| apart * apart),
    })
}

/// How often the raters gave which pair of categories, as shares of all items.
struct Table {
    n: f64,
    shares: Vec<Vec<f64>>,
    /// Of the first rater.
    rows: Vec<f64>,
    /// Of the second rater.
    columns: Vec<f64>,
}

impl Table {
    fn new(a: &[usize], b: &[usize], categories: usize) -> Option<Self> {
        let fits = a.iter().chain(b).all(|category| *category < categories);
        if a.is_empty() || a.len() != b.len() || !fits {
            return None;
        }
        let mut counts = vec![vec![0_u64; categories]; categories];
        for (a, b) in a.iter().zip(b) {
            counts[*a][*b] += 1;
        }
        // Divided once, so that the share of all is exactly 1.
        let n = a.len() as f64;
        let share = |count: u64| count as f64 / n;
        Some(Self {
            n,
            rows: counts.iter().map(|row| share(row.iter().sum())).collect(),
            columns: (0..categories).map(|at| share(counts.iter().map(|row| row[at]).sum())).collect(),
            shares: counts.iter().map(|row| row.iter().copied().map(share).collect()).collect(),
        })
    }

    fn chance(&self) -> f64 {
        self.rows.iter().zip(&self.columns).map(|(row, column)| row * column).sum()
    }

    /// Every pair of categories with its share.
    fn cells(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        let row =
            |(i, row): (usize, &Vec<f64>)| row.clone().into_iter().enumerate().map(move |(j, share)| (i, j, share));
        self.shares.iter().enumerate().flat_map(row)
    }

    fn weighted(&self, weight: impl Fn(f64) -> f64) -> Option<f64> {
        let (mut observed, mut expected) = (0.0, 0.0);
        for (i, j, share) in self.cells() {
            let weight = weight(i.abs_diff(j) as f64);
            observed += weight * share;
            expected += weight * self.rows[i] * self.columns[j];
        }
        (expected > 0.0).then(|| 1.0 - observed / expected)
    }

    /// The large-sample variance of kappa, summed in the order of statsmodels: it is 0 for full agreement and for a rater with
    /// one category, where any other order gives other digits of rounding.
    fn variance(&self, kappa: f64, chance: f64) -> f64 {
        let missed = 1.0 - kappa;
        let same = |at: usize| (1.0 - (self.rows[at] + self.columns[at]) * missed).powi(2);
        let other = |i: usize, j: usize| if i == j { 0.0 } else { (self.columns[i] + self.rows[j]).powi(2) };
        let agreeing: f64 = self.shares.iter().enumerate().map(|(at, row)| row[at] * same(at)).sum();
        let others: Vec<f64> = self.cells().map(|(i, j, share)| share * other(i, j)).collect();
        let expected = kappa - chance * missed;
        (agreeing + missed * missed * pairwise_sum(&others) - expected * expected) / (1.0 - chance).powi(2) / self.n
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_symmetric_and_at_most_one(ratings in prop::collection::vec((0_usize..4, 0_usize..4), 1..40)) {
            let (a, b): (Vec<_>, Vec<_>) = ratings.into_iter().unzip();
            let (found, other) = (cohen_kappa(&a, &b, 4).unwrap(), cohen_kappa(&b, &a, 4).unwrap());
            let figures = |found: CohenKappa| [found.kappa, found.linear, found.quadratic];
            for (found, other) in figures(found).into_iter().zip(figures(other)) {
                prop_assert_eq!(found.is_some(), other.is_some());
                prop_assert!(found.zip(other).is_none_or(|(found, other)| (found - other).abs() < 1e-9));
                prop_assert!(found.is_none_or(|found| found <= 1.0));
            }
            prop_assert!(found.standard_error.is_none_or(|error| (0.0..1e3).contains(&error)));
        }
    }

    #[test]
    fn what_is_no_rating_has_no_kappa() {
        assert_eq!(cohen_kappa(&[], &[], 2), None);
        assert_eq!(cohen_kappa(&[0], &[0, 1], 2), None);
        assert_eq!(cohen_kappa(&[0], &[2], 2), None);
    }

    #[test]
    fn one_category_leaves_kappa_undefined() {
        for n in [1, 3, 7, 10, 49] {
            let found = cohen_kappa(&vec![1; n], &vec![1; n], 3).unwrap();
            assert_eq!((found.agreement, found.kappa, found.linear, found.standard_error), (1.0, None, None, None));
        }
    }
}
