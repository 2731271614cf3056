//! A history, observed run after run.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use eval_core::{SampleScore, Status, Window};

use crate::monitor::Difference;
use crate::roster::{Roster, Row, row};
use crate::{MonitorError, MonitorSettings, QualityMonitor, Reading, StreamKind, StreamReading};

/// What a monitor said of each run of an era.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) monitor: QualityMonitor,
    pub(crate) readings: Vec<Reading>,
    /// Whether a run counts: it scored questions enough and was no outlier.
    pub(crate) counted: Vec<bool>,
    pub(crate) roster: Roster,
    pub(crate) rows: Vec<Row>,
    /// The category of each question.
    pub(crate) categories: Vec<u32>,
    /// The names of the categories.
    pub(crate) names: Vec<Arc<str>>,
}

impl Replay {
    /// Observes the windows one after the other; `scores` says which scores.
    ///
    /// # Errors
    /// [`MonitorError`] when a score is not a number from 0 to 1.
    pub(crate) fn of<'a>(
        windows: &[&'a Window],
        settings: MonitorSettings,
        scores: impl Fn(&'a Window) -> &'a [SampleScore],
    ) -> Result<Self, MonitorError> {
        let mut replay = Self {
            monitor: QualityMonitor::with(settings, []),
            readings: Vec::with_capacity(windows.len()),
            counted: Vec::with_capacity(windows.len()),
            roster: Roster::default(),
            rows: Vec::with_capacity(windows.len()),
            categories: vec![],
            names: vec![],
        };
        let mut numbers = HashMap::new();
        for window in windows {
            replay.observe(scores(window), &mut numbers)?;
        }
        Ok(replay)
    }

    fn observe<'a>(
        &mut self,
        scores: &'a [SampleScore],
        numbers: &mut HashMap<&'a str, u32>,
    ) -> Result<(), MonitorError> {
        let row = row(&mut self.roster, scores.iter().map(|found| (&found.key, found.score)));
        self.admit(scores, numbers);
        let reading = self.monitor.observe(&row)?;
        if let Some(outlier) = reading.resolved.and_then(|run| self.counted.get_mut(run as usize)) {
            *outlier = false;
        }
        self.counted.push(!matches!(reading.status, Status::Partial | Status::NotComparable));
        self.readings.push(reading);
        self.rows.push(row);
        Ok(())
    }

    /// Tells the monitor of questions that it does not know.
    fn admit<'a>(&mut self, scores: &'a [SampleScore], numbers: &mut HashMap<&'a str, u32>) {
        if self.roster.len() == self.categories.len() {
            return;
        }
        let known = self.categories.len();
        let of: HashMap<_, &Arc<str>> = scores.iter().map(|found| (&*found.key, &found.category)).collect();
        for at in known..self.roster.len() {
            let Some(category) = of.get(&*self.roster.keys[at]) else { continue };
            let names = &mut self.names;
            let number = *numbers.entry(category).or_insert_with(|| {
                names.push(Arc::clone(category));
                (names.len() - 1) as u32
            });
            self.categories.push(number);
            self.monitor.add_question(number);
        }
    }

    /// What is said of the last run.
    pub(crate) fn last(&self) -> Option<&Reading> {
        self.readings.last()
    }

    /// What a stream says of the last run.
    pub(crate) fn stream(&self, kind: StreamKind) -> Option<&StreamReading> {
        self.last()?.streams.iter().find(|stream| stream.kind == kind)
    }

    /// The runs that count, of these.
    pub(crate) fn counting(&self, runs: Range<usize>) -> impl DoubleEndedIterator<Item = usize> + '_ {
        runs.filter(|at| self.counted.get(*at) == Some(&true))
    }

    /// The levels of a stream in those of these runs that count, each with its run and how many questions it is of.
    pub(crate) fn levels(&self, kind: StreamKind, runs: Range<usize>) -> Vec<(usize, f64, u32)> {
        let level = |at: usize| {
            let stream = self.readings[at].streams.iter().find(|stream| stream.kind == kind)?;
            Some((at, stream.level?, stream.present))
        };
        self.counting(runs).filter_map(level).collect()
    }

    /// By how much the mean level of a stream since a run differs from that before it.
    pub(crate) fn shift(&self, kind: StreamKind, since: usize) -> Option<Difference> {
        let stream = self.stream(kind).or_else(|| {
            let earlier = self.readings.iter().rev().flat_map(|reading| &reading.streams);
            earlier.into_iter().find(|stream| stream.kind == kind && stream.effect.is_some())
        })?;
        let (before, after) = (self.levels(kind, 0..since), self.levels(kind, since..self.readings.len()));
        let mean = |levels: &[(usize, f64, u32)]| {
            let n = levels.len() as f64;
            (n > 0.0).then(|| (levels.iter().map(|(_, level, _)| level).sum::<f64>() / n, 1.0 / n))
        };
        let ((old, one_before), (new, one_after)) = (mean(&before)?, mean(&after)?);
        let standard_error = stream.sigma? * (one_before + one_after).sqrt();
        Some(Difference { delta: new - old, standard_error, df: stream.effect?.df })
    }
}
