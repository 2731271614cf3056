//! Since when a level differs: the change-point model.

use super::stream::BASELINE;
use super::variance::Spread;

/// Changes are looked for among so many latest runs.
pub(crate) const RECENT: usize = 90;
/// A cut cannot be told from the best one when its log likelihood is at most so much lower: half the 95 % quantile of
/// chi-squared with one degree of freedom.
const INDISTINGUISHABLE: f64 = 1.92;

/// A cut of the runs into those before and those after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    /// The number of the first run after the cut.
    pub(crate) since: u32,
    pub(crate) before: u32,
    pub(crate) after: u32,
    /// The mean level before minus the mean level after.
    pub(crate) drop: f64,
    /// Its normal score.
    pub(crate) score: f64,
    /// Its standard error.
    pub(crate) error: f64,
}

/// The cuts of `runs` runs whose levels have the sum `total`, given from the latest run backwards; the shortest end
/// first.
pub(crate) fn splits(
    latest: impl Iterator<Item = (u32, f64)>,
    runs: u32,
    total: f64,
    spread: Spread,
) -> impl Iterator<Item = Split> {
    let ends = latest.zip(1..runs).take(RECENT).scan(0.0, |sum, ((since, level), after)| {
        *sum += level;
        Some((since, after, *sum))
    });
    ends.map(move |(since, after, sum)| (since, runs - after, after, sum))
        .take_while(|(_, before, ..)| *before >= BASELINE)
        .map(move |(since, before, after, sum)| {
            let (one_before, one_after) = (1.0 / f64::from(before), 1.0 / f64::from(after));
            let drop = (total - sum) * one_before - sum * one_after;
            let score = spread.scores(drop, one_before, one_after).drop;
            Split { since, before, after, drop, score, error: spread.error(one_before, one_after) }
        })
}

/// The cut with the strongest evidence of a drop; the earliest of equals.
pub(crate) fn strongest(splits: &[Split]) -> Option<Split> {
    splits.iter().copied().max_by(|one, other| one.score.total_cmp(&other.score))
}

/// The first and the last of the cuts that cannot be told from the strongest one.
pub(crate) fn indistinguishable(splits: &[Split], strongest: &Split) -> (u32, u32) {
    let likelihood = |split: &Split| split.score.max(0.0).powi(2) / 2.0;
    let least = likelihood(strongest) - INDISTINGUISHABLE;
    let near = || splits.iter().filter(|split| likelihood(split) >= least).map(|split| split.since);
    (near().min().unwrap_or(strongest.since), near().max().unwrap_or(strongest.since))
}
