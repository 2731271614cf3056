//! Which of several models are apart.

use crate::{PairedEffect, holm};

/// The noise that moves all questions of a run together, as a standard deviation of the mean score.
const RUN_NOISE: f64 = 0.005;
/// The confidence of the intervals.
const LEVEL: f64 = 0.95;

/// Two models on the questions that both have a score for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ModelPair {
    /// The place of one model in the input.
    pub first: usize,
    /// The place of the other, which is greater.
    pub second: usize,
    /// The first minus the second, with its 95 % interval, in points.
    pub effect: PairedEffect,
    /// The two-sided p of the effect by Holm over all pairs.
    pub p_holm: f64,
}

/// A model with the ranks that it may have.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Ranked {
    /// The place of the model in the input.
    pub model: usize,
    /// Its mean score over its questions, from 0 to 1.
    pub mean: f64,
    /// The best rank that it may have, from 1: as many models and one are certainly better.
    pub best: usize,
    /// The worst rank that it may have.
    pub worst: usize,
}

/// Several models over the same questions, ranked as far as the data can tell.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PairedRanking {
    /// The models, the best mean first. Those without a score are not in it.
    pub models: Vec<Ranked>,
    /// Places in `models`, first and last, between which no two models can be told apart; only those of two and more that
    /// lie in no longer one.
    pub ties: Vec<(usize, usize)>,
    /// All pairs with at least two shared questions.
    pub pairs: Vec<ModelPair>,
    /// Below this corrected p two models are apart.
    pub alpha: f64,
}

impl PairedRanking {
    /// Ranks models by their mean scores: `scores[model][question]`, each from 0 to 1, `None` where there is none.
    ///
    /// Two models are apart when the [`PairedEffect`] on their shared questions has a two-sided p of at most `alpha` after
    /// [Holm's](crate::holm) correction for all pairs, so that the probability of any false order is at most `alpha`.
    /// Overlapping intervals of two means would be far too cautious, because the questions are the same. A pair with fewer
    /// than two shared questions is not apart.
    ///
    /// `None` when a score is not a number from 0 to 1, or `alpha` is not between 0 and 1. O(m² n) for m models and n
    /// questions.
    ///
    /// ```
    /// use eval_drift::PairedRanking;
    /// let model = |right: usize| (0..200).map(|q| Some(f64::from(q < right))).collect::<Vec<_>>();
    /// let found = PairedRanking::of(&[model(120), model(181), model(180)], 0.05).unwrap();
    /// let ranks: Vec<_> = found.models.iter().map(|ranked| (ranked.model, ranked.best, ranked.worst)).collect();
    /// assert_eq!(ranks, [(1, 1, 2), (2, 1, 2), (0, 3, 3)]);
    /// assert_eq!(found.ties, [(0, 1)]);
    /// ```
    pub fn of<S: AsRef<[Option<f64>]>>(scores: &[S], alpha: f64) -> Option<Self> {
        let all = || scores.iter().flat_map(|model| model.as_ref()).flatten();
        let is_level = alpha > 0.0 && alpha < 1.0;
        if !is_level || all().any(|score| !(0.0..=1.0).contains(score)) {
            return None;
        }
        let pairs = pairs(scores);
        let mut ranking = Self { models: Vec::new(), ties: Vec::new(), pairs, alpha };
        let means = scores.iter().enumerate().filter_map(|(model, scores)| Some((model, mean(scores.as_ref())?)));
        let mut means: Vec<(usize, f64)> = means.collect();
        means.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let all: Vec<usize> = means.iter().map(|(model, _)| *model).collect();
        let ranked = |(model, mean): (usize, f64)| {
            let best = 1 + all.iter().filter(|other| ranking.is_better(**other, model)).count();
            let worst = all.len() - all.iter().filter(|other| ranking.is_better(model, **other)).count();
            Ranked { model, mean, best, worst }
        };
        ranking.models = means.into_iter().map(ranked).collect();
        ranking.ties = ranking.longest_ties();
        Some(ranking)
    }

    /// The pair of two models, whichever is first; `None` where they share fewer than two questions.
    pub fn pair(&self, a: usize, b: usize) -> Option<&ModelPair> {
        self.pairs.iter().find(|pair| (pair.first, pair.second) == (a.min(b), a.max(b)))
    }

    /// Whether the first model is certainly better than the second.
    pub fn is_better(&self, model: usize, than: usize) -> bool {
        let sign = if model < than { 1.0 } else { -1.0 };
        self.pair(model, than).is_some_and(|pair| pair.p_holm <= self.alpha && sign * pair.effect.points > 0.0)
    }

    /// Whether neither of two models is certainly better.
    pub fn are_tied(&self, a: usize, b: usize) -> bool {
        !self.is_better(a, b) && !self.is_better(b, a)
    }

    fn longest_ties(&self) -> Vec<(usize, usize)> {
        let count = self.models.len();
        let joins = |from: usize, to: usize| {
            (from..to).all(|place| self.are_tied(self.models[place].model, self.models[to].model))
        };
        let mut ties: Vec<(usize, usize)> = Vec::new();
        for from in 0..count {
            let to = (from + 1..count).take_while(|to| joins(from, *to)).last().unwrap_or(from);
            if to > from && ties.last().is_none_or(|(_, last)| to > *last) {
                ties.push((from, to));
            }
        }
        ties
    }
}

fn pairs<S: AsRef<[Option<f64>]>>(scores: &[S]) -> Vec<ModelPair> {
    let places = (0..scores.len()).flat_map(|first| (first + 1..scores.len()).map(move |second| (first, second)));
    let effect = |(first, second): (usize, usize)| {
        Some((first, second, difference(scores[first].as_ref(), scores[second].as_ref())?))
    };
    let found: Vec<_> = places.filter_map(effect).collect();
    let p: Vec<f64> = found.iter().map(|(.., effect)| effect.p_two).collect();
    let adjusted = holm(&p).unwrap_or_else(|| vec![1.0; p.len()]);
    let pair = |((first, second, effect), p_holm)| ModelPair { first, second, effect, p_holm };
    found.into_iter().zip(adjusted).map(pair).collect()
}

/// The one minus the other on the questions that both have.
pub(crate) fn difference(one: &[Option<f64>], other: &[Option<f64>]) -> Option<PairedEffect> {
    let both = one.iter().zip(other).filter_map(|(one, other)| Some((*one)? - (*other)?));
    PairedEffect::of(&both.collect::<Vec<f64>>(), LEVEL, RUN_NOISE * 2.0_f64.sqrt())
}

pub(crate) fn mean(scores: &[Option<f64>]) -> Option<f64> {
    let (sum, n) = scores.iter().flatten().fold((0.0, 0_u32), |(sum, n), score| (sum + score, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model(right: usize, of: usize) -> Vec<Option<f64>> {
        (0..of).map(|question| Some(f64::from(question < right))).collect()
    }

    #[test]
    fn a_chain_of_ties_has_brackets_that_overlap() {
        // Neighbours 12 of 200 apart cannot be told apart, the ends can.
        let found = PairedRanking::of(&[model(180, 200), model(174, 200), model(168, 200)], 0.05).unwrap();
        assert!(found.is_better(0, 2) && found.are_tied(0, 1) && found.are_tied(1, 2), "{found:?}");
        assert_eq!(found.ties, [(0, 1), (1, 2)]);
        let ranks: Vec<_> = found.models.iter().map(|ranked| (ranked.best, ranked.worst)).collect();
        assert_eq!(ranks, [(1, 2), (1, 3), (2, 3)]);
    }

    #[test]
    fn models_without_scores_or_shared_questions_are_not_judged() {
        let none = vec![None; 200];
        let found = PairedRanking::of(&[none, model(100, 200)], 0.05).unwrap();
        assert_eq!((found.models.len(), found.pairs.len(), found.models[0].worst), (1, 0, 1));
        assert!(
            PairedRanking::of(&[vec![Some(1.5)]], 0.05).is_none() && PairedRanking::of(&[model(1, 2)], 0.0).is_none()
        );
        let empty: [Vec<Option<f64>>; 0] = [];
        assert!(PairedRanking::of(&empty, 0.05).unwrap().models.is_empty());
    }

    proptest! {
        #[test]
        fn ranks_hold_the_place_and_agree_with_the_ties(rights in prop::collection::vec(0_usize..=60, 1..7)) {
            let scores: Vec<_> = rights.iter().map(|right| model(*right, 60)).collect();
            let found = PairedRanking::of(&scores, 0.05).unwrap();
            for (place, ranked) in found.models.iter().enumerate() {
                prop_assert!(ranked.best <= place + 1 && place < ranked.worst, "{:?}", found);
            }
            for (from, to) in &found.ties {
                let members = &found.models[*from..=*to];
                prop_assert!(members.iter().all(|a| members.iter().all(|b| found.are_tied(a.model, b.model))));
            }
        }
    }
}
