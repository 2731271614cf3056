//! All streams since the level was last accepted.

use super::MonitorSettings;
use super::evidence::{Evidence, Shares};
use super::localise::{Split, indistinguishable, strongest};
use super::panel::{Panel, Tally};
use super::reading::{Change, StreamKind, StreamReading};
use super::sentinel::{FOUNDING, Sentinel};
use super::stream::{Sight, Stream};
use super::variance::Spread;
use crate::ShiryaevRoberts;

/// A category with fewer questions has no stream.
const MIN_CATEGORY: u32 = 5;
/// With fewer questions a category is too coarse for the boldest bet.
const BOLD_FROM: u32 = 20;
/// From this part of the questions on a run counts.
const COVERED: f64 = 0.8;

#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Epoch {
    pub(crate) panel: Panel,
    pub(crate) mean: Stream,
    categories: Vec<Stream>,
    sentinel: Option<Sentinel>,
    /// The run at which the evidence first reached the alarm.
    pub(crate) alarm_since: Option<u32>,
}

/// What the streams see in a run that they have not taken in yet.
#[derive(Debug, Clone)]
pub(crate) struct Sights {
    pub(crate) coverage: f64,
    pub(crate) mean: Option<Sight>,
    sentinel: Option<Sight>,
    categories: Vec<Option<Sight>>,
}

impl Sights {
    /// Whether the run counts.
    pub(crate) fn are_covered(&self) -> bool {
        self.coverage >= COVERED
    }

    pub(crate) fn of(&self, kind: StreamKind) -> Option<&Sight> {
        match kind {
            StreamKind::Mean => self.mean.as_ref(),
            StreamKind::Sentinel => self.sentinel.as_ref(),
            StreamKind::Category(number) => self.categories.get(number as usize)?.as_ref(),
        }
    }
}

impl Epoch {
    pub(crate) fn add_question(&mut self, category: u32) {
        self.panel.questions.push(Default::default());
        let streams = self.categories.len().max(category as usize + 1);
        self.categories.resize_with(streams, Stream::default);
    }

    pub(crate) fn sights(&self, scores: &[Option<f64>], categories: &[u32], settings: &MonitorSettings) -> Sights {
        let tallies = self.tallies(scores, categories);
        let all = tallies.iter().fold(Tally::default(), |sum, tally| sum.plus(tally));
        let category = |(stream, tally): (&Stream, &Tally)| {
            let bets =
                if tally.questions < BOLD_FROM { &ShiryaevRoberts::SHIFTS[..3] } else { &ShiryaevRoberts::SHIFTS };
            let counts = tally.questions >= MIN_CATEGORY && tally.coverage() >= COVERED;
            stream.sight(tally, settings, bets).filter(|_| counts)
        };
        Sights {
            coverage: all.coverage(),
            mean: self.mean.sight(&all, settings, &ShiryaevRoberts::SHIFTS),
            sentinel: self.sentinel.as_ref().and_then(|sentinel| sentinel.sight(scores, settings)),
            categories: self.categories.iter().zip(&tallies).map(category).collect(),
        }
    }

    fn tallies(&self, scores: &[Option<f64>], categories: &[u32]) -> Vec<Tally> {
        let mut tallies = vec![Tally::default(); self.categories.len()];
        self.panel.tally(scores, &mut tallies, |at| (categories[at] as usize, 1.0));
        tallies
    }

    /// How far the level of a run with all questions varies; `None` before two runs.
    pub(crate) fn spread(&self, categories: &[u32], settings: &MonitorSettings) -> Option<Spread> {
        let all = self.tallies(&[], categories).iter().fold(Tally::default(), |sum, tally| sum.plus(tally));
        self.mean.spread(&all, settings)
    }

    pub(crate) fn absorb(&mut self, run: u32, scores: &[Option<f64>], sights: Sights) {
        self.panel.absorb(scores);
        if let Some(sight) = sights.mean {
            self.mean.absorb(run, sight);
        }
        for (stream, sight) in self.categories.iter_mut().zip(sights.categories) {
            if let Some(sight) = sight {
                stream.absorb(run, sight);
            }
        }
        match &mut self.sentinel {
            Some(sentinel) => sentinel.absorb(run, scores, sights.sentinel),
            None if self.panel.runs == FOUNDING => self.sentinel = Some(Sentinel::after(&self.panel)),
            None => {}
        }
    }

    fn streams(&self) -> impl Iterator<Item = (StreamKind, &Stream)> {
        let sentinel = self.sentinel.iter().map(|sentinel| (StreamKind::Sentinel, &sentinel.stream));
        let categories = (0..).map(StreamKind::Category).zip(&self.categories);
        std::iter::once((StreamKind::Mean, &self.mean)).chain(sentinel).chain(categories)
    }

    fn stream(&self, kind: StreamKind) -> Option<&Stream> {
        self.streams().find_map(|(other, stream)| (other == kind).then_some(stream))
    }

    /// What each stream that has a sight of the run says; with the evidence of before where the run does not count.
    pub(crate) fn readings(&self, sights: &Sights) -> Vec<StreamReading> {
        let mut readings: Vec<(StreamReading, Option<Evidence>)> = vec![];
        for (kind, stream) in self.streams() {
            let new = sights.of(kind).filter(|_| sights.are_covered()).and_then(|sight| sight.evidence.clone());
            let evidence = new.or_else(|| stream.evidence.clone());
            if let Some(sight) = sights.of(kind) {
                readings.push((StreamReading::of(kind, stream.baseline(), sight), evidence));
            } else if evidence.is_some() {
                readings.push((StreamReading::without_sight(kind, stream.baseline()), evidence));
            }
        }
        weighed(readings)
    }

    /// The weight of the stream of all questions in the evidence, as the streams are now.
    pub(crate) fn weight_of_mean(&self) -> f64 {
        let bet = self.streams().filter(|(_, stream)| stream.evidence.is_some()).map(|(kind, _)| kind);
        Shares::over(bet).mean
    }

    /// Since when `kind` differs, as this run shows it.
    pub(crate) fn change(&self, run: u32, sights: &Sights, kind: StreamKind) -> Option<Change> {
        let splits = |kind: StreamKind| {
            let (stream, sight) = (self.stream(kind)?, sights.of(kind)?);
            let spread = sight.spread?;
            Some((spread.df, stream.splits(run, sight, spread).collect::<Vec<Split>>()))
        };
        let (df, found) = splits(kind)?;
        let best = strongest(&found)?;
        let (earliest, latest) = indistinguishable(&found, &best);
        let effect = splits(StreamKind::Mean)
            .and_then(|(df, all)| all.iter().find(|split| split.since == best.since).map(|split| split.effect(df)));
        let stream_effect = best.effect(df);
        Some(Change { stream: kind, since: best.since, earliest, latest, runs: best.after, effect, stream_effect })
    }
}

impl Shares {
    /// The weights when these streams bet.
    fn over(streams: impl Iterator<Item = StreamKind>) -> Self {
        let (mut has_sentinel, mut categories) = (false, 0);
        for kind in streams {
            has_sentinel |= kind == StreamKind::Sentinel;
            categories += usize::from(matches!(kind, StreamKind::Category(_)));
        }
        Self::of(has_sentinel, categories)
    }

    fn share(&self, kind: StreamKind) -> f64 {
        match kind {
            StreamKind::Mean => self.mean,
            StreamKind::Sentinel => self.sentinel,
            StreamKind::Category(_) => self.category,
        }
    }
}

fn weighed(readings: Vec<(StreamReading, Option<Evidence>)>) -> Vec<StreamReading> {
    let betting = readings.iter().filter(|(_, evidence)| evidence.is_some()).map(|(reading, _)| reading.kind);
    let shares = Shares::over(betting);
    let weigh = |(mut reading, evidence): (StreamReading, Option<Evidence>)| {
        if let Some(Evidence { drop, rise }) = evidence {
            reading.weight = shares.share(reading.kind);
            (reading.evidence, reading.improvement) = (drop.evidence(), rise.evidence());
        }
        reading
    };
    readings.into_iter().map(weigh).collect()
}
