//! Models by category, and who is certainly first in one.

use crate::holm;
use crate::paired_ranking::{difference, mean};

/// The mean of one model in one category.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CategoryCell {
    /// The mean score, from 0 to 1; `None` without one.
    pub mean: Option<f64>,
    /// How many questions have a score.
    pub n: u64,
}

/// Who is first in a category.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CategoryWinner {
    /// This model is certainly better than every other.
    Model(usize),
    /// These cannot be told apart and are certainly better than all others; sorted by mean.
    Tied(Vec<usize>),
    /// No model stands out: all are tied, or the ties do not end anywhere.
    Nobody,
}

/// One category.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CategoryScores {
    /// Its name.
    pub name: String,
    /// Its questions.
    pub n: u64,
    /// The models, in the order of the input.
    pub cells: Vec<CategoryCell>,
    /// Who is first.
    pub winner: CategoryWinner,
}

/// Models by category, sorted by name: `scores[model][question]`, each from 0 to 1 and `None` where there is none, and the
/// category of each question.
///
/// In a category two models are apart when the paired effect on their shared questions has a two-sided p of at most `alpha`
/// after [Holm's](crate::holm) correction for all pairs in all categories: the probability that any winner is named falsely
/// is at most `alpha`.
///
/// `None` when a score is not a number from 0 to 1, or `alpha` is not between 0 and 1. O(m² n) for m models and n questions.
///
/// ```
/// use eval_drift::{CategoryWinner, category_scores};
/// let model = |right: usize| (0..60).map(|q| Some(f64::from(q < right))).collect::<Vec<_>>();
/// let categories = ["code"; 60];
/// let found = category_scores(&[model(30), model(59)], &categories, 0.05).unwrap();
/// assert_eq!((found[0].winner.clone(), found[0].n), (CategoryWinner::Model(1), 60));
/// ```
pub fn category_scores<S: AsRef<[Option<f64>]>, C: AsRef<str>>(
    scores: &[S],
    categories: &[C],
    alpha: f64,
) -> Option<Vec<CategoryScores>> {
    let all = || scores.iter().flat_map(|model| model.as_ref()).flatten();
    let is_level = alpha > 0.0 && alpha < 1.0;
    if !is_level || all().any(|score| !(0.0..=1.0).contains(score)) {
        return None;
    }
    let mut names: Vec<&str> = categories.iter().map(AsRef::as_ref).collect();
    names.sort_unstable();
    names.dedup();
    let within = |model: &S, name: &str| -> Vec<Option<f64>> {
        let of = model.as_ref().iter().zip(categories).filter(|(_, category)| category.as_ref() == name);
        of.map(|(score, _)| *score).collect()
    };
    let tables: Vec<Vec<Vec<Option<f64>>>> =
        names.iter().map(|name| scores.iter().map(|model| within(model, name)).collect()).collect();
    let better = certainly_better(&tables, alpha);
    let found = names.into_iter().zip(tables).zip(better).map(|((name, table), better)| {
        let n = categories.iter().filter(|category| category.as_ref() == name).count() as u64;
        let cell =
            |scores: &Vec<Option<f64>>| CategoryCell { mean: mean(scores), n: scores.iter().flatten().count() as u64 };
        let cells: Vec<CategoryCell> = table.iter().map(cell).collect();
        let winner = winner(&cells, |a, b| better.contains(&(a, b)));
        CategoryScores { name: name.to_owned(), n, cells, winner }
    });
    Some(found.collect())
}

/// By category, the pairs of which the first is certainly better than the second.
fn certainly_better(tables: &[Vec<Vec<Option<f64>>>], alpha: f64) -> Vec<Vec<(usize, usize)>> {
    let mut tests = Vec::new();
    for (category, table) in tables.iter().enumerate() {
        for first in 0..table.len() {
            for second in first + 1..table.len() {
                tests.extend(difference(&table[first], &table[second]).map(|effect| (category, first, second, effect)));
            }
        }
    }
    let p: Vec<f64> = tests.iter().map(|(.., effect)| effect.p_two).collect();
    let adjusted = holm(&p).unwrap_or_else(|| vec![1.0; p.len()]);
    let mut better = vec![Vec::new(); tables.len()];
    for ((category, first, second, effect), _) in tests.into_iter().zip(adjusted).filter(|(_, p)| *p <= alpha) {
        better[category].push(if effect.points > 0.0 { (first, second) } else { (second, first) });
    }
    better
}

/// The shortest head of the models by mean in which each is certainly better than all that follow.
fn winner(cells: &[CategoryCell], is_better: impl Fn(usize, usize) -> bool) -> CategoryWinner {
    let mut order: Vec<usize> = (0..cells.len()).filter(|model| cells[*model].mean.is_some()).collect();
    let mean = |model: usize| cells[model].mean.unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)));
    let stands_out = |head: &usize| order[..*head].iter().all(|a| order[*head..].iter().all(|b| is_better(*a, *b)));
    match (1..order.len()).find(stands_out) {
        Some(1) => CategoryWinner::Model(order[0]),
        Some(head) => CategoryWinner::Tied(order[..head].to_vec()),
        None => CategoryWinner::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(rights: &[(usize, usize)]) -> Vec<Option<f64>> {
        rights.iter().flat_map(|(right, of)| (0..*of).map(move |at| Some(f64::from(at < *right)))).collect()
    }

    #[test]
    fn only_what_survives_the_correction_is_named() {
        let categories: Vec<&str> = [("code", 60), ("maths", 60), ("safety", 40)]
            .into_iter()
            .flat_map(|(name, n)| std::iter::repeat_n(name, n))
            .collect();
        let models = [
            model(&[(59, 60), (50, 60), (38, 40)]),
            model(&[(40, 60), (49, 60), (37, 40)]),
            model(&[(39, 60), (20, 60), (36, 40)]),
        ];
        let found = category_scores(&models, &categories, 0.05).unwrap();
        let winners: Vec<_> = found.iter().map(|category| category.winner.clone()).collect();
        assert_eq!(winners, [CategoryWinner::Model(0), CategoryWinner::Tied(vec![0, 1]), CategoryWinner::Nobody]);
        assert_eq!((found[2].n, found[2].cells[0]), (40, CategoryCell { mean: Some(0.95), n: 40 }));
    }

    #[test]
    fn missing_scores_are_missing_and_bad_ones_refused() {
        let found = category_scores(&[vec![None, Some(1.0)], vec![None, None]], &["a", "a"], 0.05).unwrap();
        assert_eq!(found[0].cells, [CategoryCell { mean: Some(1.0), n: 1 }, CategoryCell { mean: None, n: 0 }]);
        assert_eq!((found[0].n, found[0].winner.clone()), (2, CategoryWinner::Nobody), "one model alone wins nothing");
        assert!(category_scores(&[vec![Some(f64::NAN)]], &["a"], 0.05).is_none());
        let none: [Vec<Option<f64>>; 0] = [];
        assert!(category_scores(&none, &["a"], 0.05).unwrap()[0].cells.is_empty());
    }
}
