//! What detectors find in the histories of a store: computed once for each run, method and set of marks, and read from
//! then on.

mod computed;
mod earlier;
mod named;

use std::collections::BTreeMap;
use std::fmt;

use eval_core::{
    DriftDetector, DriftLog, DriftReport, HistoryKey, HistoryQuery, Marks, Reports, Run, RunId, RunQuery, RunStatus,
    StoreError, Timestamp,
};

use crate::{OperationsMonitor, QualityMonitor};

pub use earlier::{Changed, Earlier};
pub use named::{NAMES, named};

/// Runs of a history that are shown at most.
const LONGEST: usize = 1_000;

/// A detector that was chosen.
pub type Detector = Box<dyn DriftDetector>;

/// Those that look where nobody says how: quality, and all that runs beside it.
pub fn usual() -> Vec<Detector> {
    let mut all: Vec<Detector> = vec![Box::new(QualityMonitor::default())];
    all.extend(OperationsMonitor::all().map(|monitor| Box::new(monitor) as Detector));
    all
}

/// What findings are made of, and where they are kept.
#[derive(Clone, Copy)]
pub struct Findings<'a> {
    runs: &'a dyn Reports,
    marks: &'a dyn Marks,
    log: &'a dyn DriftLog,
}

impl fmt::Debug for Findings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Findings").finish_non_exhaustive()
    }
}

/// Why nothing can be looked at.
#[derive(Debug)]
pub enum FindingsError {
    /// There is no whole, finished run of this name.
    Unknown {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// There is no whole, finished run at all.
    Nothing,
    /// The run with which a baseline is to begin is not in the history that is looked at.
    NotInHistory {
        /// The run.
        run: RunId,
        /// The name of the history.
        name: String,
    },
    /// The store could not be read.
    Store(StoreError),
}

impl From<StoreError> for FindingsError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One history and what was found in its newest run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Found {
    /// The newest run.
    pub run: Run,
    /// The level of each run, oldest first.
    pub levels: Vec<Level>,
    /// One for each detector.
    pub reports: Vec<DriftReport>,
    /// What came before a history that is too short yet.
    pub earlier: Option<Earlier>,
}

/// A history to look at, by its newest run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Watched {
    /// The newest run.
    pub run: Run,
    /// The run with which the baseline begins; `None` for the start of the era.
    pub from: Option<RunId>,
}

impl Watched {
    /// The history of this run, its baseline from the start of the era.
    pub fn new(run: Run) -> Self {
        Self { run, from: None }
    }

    /// The same history, its baseline from this run on.
    pub fn from(mut self, first: Option<RunId>) -> Self {
        self.from = first;
        self
    }
}

/// How much of a history is shown: it changes nothing in what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shown {
    /// The newest runs, so many.
    Runs(usize),
    /// The runs of so many days before the newest one.
    Days(i64),
}

impl Default for Shown {
    fn default() -> Self {
        Self::Runs(90)
    }
}

/// The mean score of a run.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Level {
    /// The run.
    pub run: RunId,
    /// When it began (UTC).
    pub at: Timestamp,
    /// The mean score, in percent; `None` when nothing was scored.
    pub percent: Option<f64>,
}

impl<'a> Findings<'a> {
    /// Findings over a store that has all of it.
    pub fn over<S: Reports + Marks + DriftLog>(store: &'a S) -> Self {
        Self::of(store, store, store)
    }

    /// Findings over the runs of one store, whose marks and reports another one keeps.
    pub fn of(runs: &'a dyn Reports, marks: &'a dyn Marks, log: &'a dyn DriftLog) -> Self {
        Self { runs, marks, log }
    }

    /// Looks at these histories. What is not computed yet is computed and stored. What several of them show is corrected
    /// for how many they are.
    ///
    /// # Errors
    /// [`FindingsError`] when the run of a baseline is not in its history, or the store cannot be read.
    pub async fn look(
        self,
        watched: Vec<Watched>,
        detectors: &[Detector],
        shown: Shown,
    ) -> Result<Vec<Found>, FindingsError> {
        let mut found = Vec::new();
        for Watched { run, from } in watched {
            let reports = match from {
                Some(first) => computed::since(self, &run, first, detectors).await?,
                None => computed::reports(self, &run, detectors).await?,
            };
            let runs = self.shown_of(&run, shown).await?;
            let is_young = runs.len() < QualityMonitor::MIN_RUNS as usize;
            let earlier = match runs.last().filter(|_| is_young) {
                Some(oldest) => earlier::before(self.runs, oldest).await?,
                None => None,
            };
            found.push(Found { levels: levels(&runs), run, reports, earlier });
        }
        correct(&mut found);
        Ok(found)
    }

    /// The newest whole run of each of these names, of all when there is none, on one data set or on all, by name.
    ///
    /// # Errors
    /// [`FindingsError`] when a name has no such run, nothing has, or the store cannot be read.
    pub async fn newest(self, names: &[String], dataset: Option<&str>) -> Result<Vec<Run>, FindingsError> {
        let mut query = RunQuery::default();
        (query.limit, query.status, query.dataset) = (500, Some(RunStatus::Finished), dataset.map(str::to_owned));
        let mut newest: BTreeMap<(String, String), Run> = BTreeMap::new();
        loop {
            let page = self.runs.list_runs(&query).await?;
            let Some(last) = page.last() else { break };
            query.before = Some(last.id);
            for run in page.into_iter().filter(Run::is_comparable) {
                newest.entry((run.name.clone(), run.dataset.name.clone())).or_insert(run);
            }
        }
        let known = || newest.keys().map(|(name, _)| name);
        match names.iter().find(|name| known().all(|known| known != *name)) {
            Some(name) => Err(FindingsError::Unknown { name: name.clone(), known: known().cloned().collect() }),
            None if newest.is_empty() => Err(FindingsError::Nothing),
            None => Ok(newest.into_values().filter(|run| names.is_empty() || names.contains(&run.name)).collect()),
        }
    }

    /// Computes and stores what the [usual] detectors find in the newest run of a history, in place of what was
    /// found before: after a run has finished or came in, was marked or deleted.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read or written.
    pub async fn renew(self, key: HistoryKey) -> Result<(), StoreError> {
        let mut last = HistoryQuery::under(key);
        last.limit = 1;
        match self.runs.history(&last).await?.first() {
            Some(run) => computed::compute(self, run, &usual()).await.map(drop),
            None => Ok(()),
        }
    }

    /// The runs of a history that are shown, newest first.
    async fn shown_of(self, run: &Run, shown: Shown) -> Result<Vec<Run>, StoreError> {
        let mut query = HistoryQuery::of(run);
        match shown {
            Shown::Runs(most) => query.limit = most,
            Shown::Days(days) => {
                let seconds = days.saturating_mul(86_400);
                query.since = Timestamp::from_second(run.started.as_second().saturating_sub(seconds)).ok();
                query.limit = LONGEST;
            }
        }
        self.runs.history(&query).await
    }
}

fn levels(runs: &[Run]) -> Vec<Level> {
    let level = |run: &Run| {
        let percent = run.score().map(|score| score.mean * 100.0);
        Level { run: run.id, at: run.started, percent }
    };
    runs.iter().rev().map(level).collect()
}

/// Corrects what is looked at together.
fn correct(found: &mut [Found]) {
    let counts: Vec<usize> = found.iter().map(|found| found.reports.len()).collect();
    let mut all: Vec<DriftReport> = found.iter_mut().flat_map(|found| found.reports.drain(..)).collect();
    crate::correct_family(&mut all);
    let mut all = all.into_iter();
    for (found, count) in found.iter_mut().zip(counts) {
        found.reports.extend(all.by_ref().take(count));
    }
}
