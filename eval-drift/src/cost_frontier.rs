//! Which models are worth their price.

use crate::PairedRanking;

/// Whether each model is worth its price: `Some(true)` is on the frontier, `Some(false)` means that a cheaper model does as
/// well as far as the data can tell, `None` that the cost or the score is not known. `costs` are in any unit, one a model.
///
/// From the cheapest on a model is on the frontier when it is [certainly better](PairedRanking::is_better) than every cheaper model
/// that is on it. A model that only ties with one that is itself not on the frontier is compared with those that are, so that
/// a chain of ties does not lead down to the worst one.
///
/// ```
/// use eval_drift::{PairedRanking, cost_frontier};
/// let model = |right: usize| (0..200).map(|q| Some(f64::from(q < right))).collect::<Vec<_>>();
/// let ranking = PairedRanking::of(&[model(120), model(181), model(180)], 0.05).unwrap();
/// let costs = [Some(0.4), Some(9.8), Some(6.1)];
/// assert_eq!(cost_frontier(&ranking, &costs), [Some(true), Some(false), Some(true)]);
/// ```
pub fn cost_frontier(ranking: &PairedRanking, costs: &[Option<f64>]) -> Vec<Option<bool>> {
    let cost = |model: usize| costs.get(model).copied().flatten().filter(|cost| cost.is_finite());
    let known = ranking.models.iter().filter_map(|ranked| Some((ranked, cost(ranked.model)?)));
    let mut known: Vec<_> = known.collect();
    // Of two that cost the same the better one comes first: `models` is sorted by the mean, and the sort is stable.
    known.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut found = vec![None; costs.len()];
    let mut frontier: Vec<usize> = Vec::new();
    for (ranked, _) in known {
        let worth = frontier.iter().all(|cheaper| ranking.is_better(ranked.model, *cheaper));
        found[ranked.model] = Some(worth);
        if worth {
            frontier.push(ranked.model);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model(right: usize) -> Vec<Option<f64>> {
        (0..200).map(|question| Some(f64::from(question < right))).collect()
    }

    #[test]
    fn a_chain_of_ties_keeps_the_better_end() {
        let ranking = PairedRanking::of(&[model(168), model(174), model(180)], 0.05).unwrap();
        let found = cost_frontier(&ranking, &[Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!(found, [Some(true), Some(false), Some(true)]);
    }

    #[test]
    fn an_unknown_cost_is_neither_on_it_nor_off_it() {
        let ranking = PairedRanking::of(&[model(100), model(180)], 0.05).unwrap();
        assert_eq!(cost_frontier(&ranking, &[Some(2.0), None]), [Some(true), None]);
        assert_eq!(cost_frontier(&ranking, &[Some(f64::NAN)]), [None]);
        let same = cost_frontier(&ranking, &[Some(2.0), Some(2.0)]);
        assert_eq!(same, [Some(false), Some(true)], "of two that cost the same the better one");
    }

    proptest! {
        #[test]
        fn the_frontier_rises_with_the_cost(rights in prop::collection::vec((0_usize..=200, 0.1..100.0_f64), 1..7)) {
            let scores: Vec<_> = rights.iter().map(|(right, _)| model(*right)).collect();
            let ranking = PairedRanking::of(&scores, 0.05).unwrap();
            let costs: Vec<_> = rights.iter().map(|(_, cost)| Some(*cost)).collect();
            let mut on: Vec<_> = cost_frontier(&ranking, &costs).iter().zip(&rights).filter(|(on, _)| **on == Some(true))
                .map(|(_, (right, cost))| (*cost, *right)).collect();
            on.sort_by(|a, b| a.0.total_cmp(&b.0));
            prop_assert!(!on.is_empty() && on.windows(2).all(|pair| pair[0].1 < pair[1].1), "{:?}", on);
        }
    }
}
