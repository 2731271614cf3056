//! All histories of golden sets of one size.

use eval_core::Measure;

use crate::draw::Draw;
use crate::history::History;
use crate::operations::{Operation, Streams, stream_of};
use crate::parallel;
use crate::rules::Kind;
use crate::scenario::{CHANGE, Scenario};
use crate::shares::{Delays, Share};

/// The part of the histories without a change in which a rule may flag a run, where all rules are compared.
const MATCHED: f64 = 0.10;

/// How much is simulated, and of which numbers.
#[derive(Clone, Copy)]
pub struct Effort {
    pub seed: u64,
    pub threads: usize,
    /// Histories without a change that are counted, and as many others that thresholds are calibrated on.
    pub still: usize,
    /// Histories of each change.
    pub changed: usize,
    pub gates: usize,
}

impl Effort {
    /// `count` things, each made of numbers of its own.
    pub fn each<T: Send>(&self, experiment: u32, count: usize, make: impl Fn(&mut Draw) -> T + Sync) -> Vec<T> {
        parallel::map(count, self.threads, |index| make(&mut Draw::new(self.seed, experiment, index)))
    }
}

/// What paged in a history without a change: quality, and the streams beside it.
pub struct Pages {
    pub quality: bool,
    pub streams: Streams,
}

impl Pages {
    /// Whether anything did, each stream with a budget of its own.
    pub fn any(&self) -> bool {
        self.quality || Measure::OPERATIONS.into_iter().any(|stream| self.streams.alarms(stream).next().is_some())
    }

    /// The same, the streams beside quality with one budget for all.
    pub fn any_shared(&self) -> bool {
        self.quality || self.streams.shared_alarms().next().is_some()
    }
}

/// Runs until a change of a stream beside quality is found.
pub struct Found {
    pub operation: Operation,
    /// By an ALARM of the stream.
    pub alone: Delays,
    /// By an ALARM of the mean evidence of all streams.
    pub shared: Delays,
}

pub struct Study {
    pub questions: usize,
    /// For each rule the threshold above which a tenth of the calibrating histories has a run.
    pub matched: Vec<f64>,
    pub still: Vec<History>,
    pub pages: Vec<Pages>,
    pub changed: Vec<(Scenario, Vec<History>)>,
    pub operations: Vec<Found>,
}

pub const SCENARIOS: [Scenario; 10] = [
    Scenario::Drop(1.0),
    Scenario::Drop(2.0),
    Scenario::Drop(3.0),
    Scenario::Drop(5.0),
    Scenario::Drop(10.0),
    Scenario::Break,
    Scenario::Category(20.0),
    Scenario::Refusals(0.05),
    Scenario::Slide(0.1),
    Scenario::Outage(20.0),
];

const OPERATIONS: [Operation; 4] =
    [Operation::Errors, Operation::Refusals, Operation::Latency(1.2), Operation::Latency(1.5)];

impl Study {
    /// `number` keeps the numbers of this study apart from those of others.
    pub fn of(questions: usize, number: u32, effort: &Effort) -> Self {
        let histories = |experiment: u32, count: usize, scenario: Scenario| {
            effort.each(100 * number + experiment, count, |draw| History::simulated(scenario, questions, draw))
        };
        let matched = matched(&histories(0, effort.still, Scenario::Nothing));
        let still = histories(1, effort.still, Scenario::Nothing);
        let changed = (10..)
            .zip(SCENARIOS)
            .map(|(experiment, scenario)| (scenario, histories(experiment, effort.changed, scenario)));
        let changed = changed.collect();
        let streams =
            effort.each(100 * number + 2, effort.still, |draw| Streams::simulated(Operation::Nothing, questions, draw));
        let pages = still.iter().zip(streams).map(|(history, streams)| Pages { quality: history.alarms > 0, streams });
        let pages = pages.collect();
        let operations = (30..)
            .zip(OPERATIONS)
            .map(|(experiment, operation)| found(operation, questions, 100 * number + experiment, effort));
        let operations = operations.collect();
        Self { questions, matched, still, pages, changed, operations }
    }

    /// Flagged runs in a history without a change, on average, and the share of histories with one.
    pub fn flags(&self, kind: Kind, threshold: f64) -> (f64, Share) {
        let flagged = |history: &History| history.path(kind).iter().filter(|number| **number > threshold).count();
        let all: usize = self.still.iter().map(flagged).sum();
        (all as f64 / self.still.len() as f64, Share::of(&self.still, |history| flagged(history) > 0))
    }

    /// The standard deviation of a run's mean while nothing changes.
    pub fn deviation(&self) -> f64 {
        let variances = self.still.iter().map(|history| history.variance).sum::<f64>();
        (variances / self.still.len() as f64).sqrt()
    }

    pub fn matched(&self, kind: Kind) -> f64 {
        Kind::ALL
            .iter()
            .zip(&self.matched)
            .find(|(other, _)| **other == kind)
            .map_or(f64::INFINITY, |(_, found)| *found)
    }

    pub fn histories(&self, scenario: Scenario) -> &[History] {
        self.changed.iter().find(|(other, _)| *other == scenario).map_or(&[], |(_, histories)| histories)
    }

    /// Runs until a change is found, over the histories without a flag before it.
    pub fn delays(&self, scenario: Scenario, kind: Kind, threshold: f64) -> Delays {
        let delay = |history: &History| {
            let (before, after) = history.path(kind).split_at(CHANGE);
            let is_flagged = |number: &f64| *number > threshold;
            let found = after.iter().position(is_flagged).map_or(f64::INFINITY, |at| at as f64 + 1.0);
            (!before.iter().any(is_flagged)).then_some(found)
        };
        Delays::new(self.histories(scenario).iter().filter_map(delay).collect())
    }
}

/// For each rule the threshold that the largest number of a tenth of the histories exceeds.
fn matched(histories: &[History]) -> Vec<f64> {
    let threshold = |rule: usize| {
        let largest = |history: &History| history.paths[rule].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut all: Vec<f64> = histories.iter().map(largest).collect();
        all.sort_by(f64::total_cmp);
        let at = ((1.0 - MATCHED) * all.len() as f64).ceil() as usize;
        all.get(at.saturating_sub(1)).copied().unwrap_or(f64::INFINITY)
    };
    (0..Kind::ALL.len()).map(threshold).collect()
}

fn found(operation: Operation, questions: usize, experiment: u32, effort: &Effort) -> Found {
    let all = effort.each(experiment, effort.changed, |draw| Streams::simulated(operation, questions, draw));
    let stream = stream_of(operation);
    Found {
        operation,
        alone: Delays::new(all.iter().filter_map(|streams| delay(streams.alarms(stream).next())).collect()),
        shared: Delays::new(all.iter().filter_map(|streams| delay(streams.shared_alarms().next())).collect()),
    }
}

/// Runs from the change to the first alarm; `None` for a false one before it.
fn delay(first: Option<usize>) -> Option<f64> {
    match first {
        Some(first) if first < CHANGE => None,
        Some(first) => Some((first + 1 - CHANGE) as f64),
        None => Some(f64::INFINITY),
    }
}
