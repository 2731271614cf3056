//! Answers drawn by chance, over categories and scores.

use std::collections::BTreeMap;

use eval_core::{Evaluation, short_hash};

/// How a draw is spread over its strata: answers of one category and about one score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    /// Of each as many, as far as there are some: so that every grade is there.
    Even,
    /// Of each as its share of all: so that a mean over the draw estimates the mean over all.
    InProportion,
}

/// So many of these answers, the same for the same seed, in their order. Answers without a score are left out.
pub(crate) fn draw(evaluations: Vec<Evaluation>, count: usize, seed: u64, spread: Spread) -> Vec<Evaluation> {
    let mut strata: BTreeMap<(String, u8), Vec<(String, Evaluation)>> = BTreeMap::new();
    for evaluation in evaluations {
        let Some(score) = evaluation.score() else { continue };
        let id = evaluation.sample.id.as_str();
        let rank = short_hash([seed.to_string().as_str(), id, &evaluation.epoch.to_string()]);
        let stratum = (evaluation.sample.category.to_string(), grade(score.get()));
        strata.entry(stratum).or_default().push((rank, evaluation));
    }
    let mut strata: Vec<Vec<(String, Evaluation)>> = strata.into_values().collect();
    strata.iter_mut().for_each(|stratum| stratum.sort_by(|a, b| a.0.cmp(&b.0)));
    let sizes: Vec<usize> = strata.iter().map(Vec::len).collect();
    let shares = match spread {
        Spread::Even => even(&sizes, count),
        Spread::InProportion => in_proportion(&sizes, count),
    };
    let drawn = strata.into_iter().zip(shares).flat_map(|(stratum, share)| stratum.into_iter().take(share));
    let mut drawn: Vec<Evaluation> = drawn.map(|(_, evaluation)| evaluation).collect();
    drawn.sort_by(|a, b| (&a.sample.id, a.epoch).cmp(&(&b.sample.id, b.epoch)));
    drawn
}

/// Wrong, three grades between, right.
fn grade(score: f64) -> u8 {
    match score {
        0.0 => 0,
        1.0 => 4,
        score if score < 1.0 / 3.0 => 1,
        score if score < 2.0 / 3.0 => 2,
        _ => 3,
    }
}

/// One of each in turn, until there are enough.
fn even(sizes: &[usize], count: usize) -> Vec<usize> {
    let mut shares = vec![0; sizes.len()];
    let mut left = count.min(sizes.iter().sum());
    while left > 0 {
        for (share, size) in shares.iter_mut().zip(sizes) {
            if left > 0 && *share < *size {
                (*share, left) = (*share + 1, left - 1);
            }
        }
    }
    shares
}

/// The whole part of each share; what is left goes to the largest remainders.
fn in_proportion(sizes: &[usize], count: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    let count = count.min(all);
    let mut shares: Vec<usize> = sizes.iter().map(|size| size * count / all.max(1)).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|at| std::cmp::Reverse(sizes[*at] * count % all.max(1)));
    let left = count - shares.iter().sum::<usize>();
    by_remainder.into_iter().take(left).for_each(|at| shares[at] += 1);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_never_exceed_what_is_there() {
        assert_eq!(even(&[10, 1, 5], 9), [4, 1, 4]);
        assert_eq!(even(&[2, 1], 9), [2, 1]);
        assert_eq!(in_proportion(&[80, 15, 5], 20), [16, 3, 1]);
        assert_eq!(in_proportion(&[50, 30, 20], 7), [4, 2, 1]);
        assert_eq!(in_proportion(&[2, 1], 9), [2, 1]);
        assert_eq!((even(&[], 3), in_proportion(&[], 3)), (vec![], vec![]));
    }
}
