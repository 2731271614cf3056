//! Who can be ranked on a leaderboard, and where.

use eval_core::{Estimate, LeaderboardEntry, RunId};

use crate::settings_apart::{SettingApart, majority, settings_apart};

/// The ranks of a leaderboard, as far as its runs can tell.
///
/// Ranked are only runs that were asked and graded as most of them were, and that answered reliably.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Ranking {
    /// One for each entry, in their order.
    pub places: Vec<Place>,
}

/// The place of one entry.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// The run.
    pub run: RunId,
    /// The ranks that it could have, from 1; `None` where it has none among the others.
    pub ranks: Option<(usize, usize)>,
    /// Whether it was asked and graded as most were.
    pub is_measure: bool,
    /// What sets it apart from the first of those.
    pub apart: Vec<SettingApart>,
}

impl Ranking {
    /// The places of these entries, best first.
    pub fn of(entries: &[LeaderboardEntry]) -> Self {
        let runs: Vec<_> = entries.iter().map(|entry| &entry.run).collect();
        let majority = majority(&runs);
        let is_measure = |run: RunId| majority.iter().any(|alike| alike.id == run);
        let ranked: Vec<_> = entries.iter().filter(|entry| !entry.unreliable && is_measure(entry.run.id)).collect();
        let others = entries.iter().filter(|entry| !entry.unreliable && !is_measure(entry.run.id)).count();
        let scores: Vec<_> = ranked.iter().map(|entry| entry.run.score().copied()).collect();
        // To be the first of one says nothing.
        let says = ranked.len() != 1 || others == 0;
        let mut ranges = rank_ranges(&scores).into_iter();
        let place = |entry: &LeaderboardEntry| {
            let run = &entry.run;
            let is_ranked = !entry.unreliable && is_measure(run.id);
            Place {
                run: run.id,
                ranks: if is_ranked { ranges.next().flatten().filter(|_| says) } else { None },
                is_measure: is_measure(run.id),
                apart: majority.first().map(|first| settings_apart(run, first)).unwrap_or_default(),
            }
        };
        Self { places: entries.iter().map(place).collect() }
    }

    /// The place of a run.
    pub fn place(&self, run: RunId) -> Option<&Place> {
        self.places.iter().find(|place| place.run == run)
    }
}

/// The ranks that each of these could have, best first, as far as the intervals tell.
///
/// A model is surely behind another only where their 95 % intervals do not overlap. That is cautious: two intervals
/// may overlap although a paired comparison of the same questions tells the models apart.
fn rank_ranges(scores: &[Option<Estimate>]) -> Vec<Option<(usize, usize)>> {
    let ends = |score: &Option<Estimate>| score.and_then(|score| score.interval).map(|found| (found.low, found.high));
    let total = scores.iter().filter(|score| ends(score).is_some()).count();
    let range = |score: &Option<Estimate>| {
        let (low, high) = ends(score)?;
        let better = scores.iter().filter_map(ends).filter(|other| other.0 > high).count();
        let worse = scores.iter().filter_map(ends).filter(|other| other.1 < low).count();
        Some((1 + better, total - worse))
    };
    scores.iter().map(range).collect()
}
