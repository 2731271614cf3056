//! Since when a level differs, by the change-point model on the levels of a monitor.

use crate::StreamKind;
use crate::monitor::{Split, indistinguishable, splits, strongest};
use crate::replay::Replay;

/// Every way to cut the levels of the mean into those before and those after, with the score of a drop (or a rise)
/// between them; `None` before the third run.
pub(crate) fn cuts(replay: &Replay, rise: bool) -> Option<Vec<Split>> {
    let stream = replay.stream(StreamKind::Mean)?;
    let (sigma, df) = (stream.sigma?, stream.effect?.df);
    let sign = if rise { -1.0 } else { 1.0 };
    let levels = replay.levels(StreamKind::Mean, 0..replay.readings.len());
    let total = levels.iter().map(|(_, level, _)| sign * level).sum();
    let latest = levels.iter().rev().map(|(run, level, _)| (*run as u32, sign * level));
    Some(splits(latest, levels.len() as u32, total, crate::monitor::plain_spread(sigma, df)).collect())
}

/// The best cut with the earliest and the latest one that cannot be told from it.
pub(crate) fn best(cuts: &[Split]) -> Option<(Split, u32, u32)> {
    let best = strongest(cuts)?;
    let (earliest, latest) = indistinguishable(cuts, &best);
    Some((best, earliest, latest))
}

/// The first run of a higher level, with its uncertainty.
pub(crate) fn of_rise(replay: &Replay) -> Option<(u32, u32, u32)> {
    let (best, earliest, latest) = best(&cuts(replay, true)?)?;
    Some((best.since, earliest, latest))
}
