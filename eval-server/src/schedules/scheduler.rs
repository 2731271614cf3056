//! Submits what is due.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eval_core::server::{Job, JobId, JobQuery, Runner, Stopping, Submitted};
use eval_core::{RunError, StoreError, Timestamp, error_chain};

use super::Schedule;
use super::schedule::{due_time, overlapping};
use crate::Books;

/// How often the clock is looked at, at least: it may have been set.
const LOOK: Duration = Duration::from_secs(20);
/// Of how many jobs of a schedule it is known what they were.
const LOOKED_AT: usize = 100;
/// Jobs that may wait, of everybody.
const MOST_QUEUED: usize = 1_000;

/// Tells the time.
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Called when a job was queued.
type Queued = Arc<dyn Fn() + Send + Sync>;

/// A time at which nothing was run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The time (UTC).
    pub at: Timestamp,
    /// Why, for a person.
    pub why: String,
}

/// What a process knows of a schedule beside what is in the store.
#[derive(Debug, Clone, Default)]
struct Known {
    /// Up to when all times are settled.
    settled: Option<Timestamp>,
    skipped: Option<Skipped>,
}

/// The schedules of a server. Each time that is due becomes a job, submitted by `schedule:NAME` under a key that is the
/// time. So any number of servers on one database, restarts and clocks that are set make one job of it, and all that
/// has to be remembered are the jobs. Cheap to clone.
#[derive(Clone)]
pub struct Schedules {
    pub(super) all: Arc<BTreeMap<String, Schedule>>,
    known: Arc<Mutex<BTreeMap<String, Known>>>,
    clock: Clock,
    queued: Queued,
}

impl Schedules {
    /// These schedules. Two of one name are one: the last.
    pub fn new(all: impl IntoIterator<Item = Schedule>) -> Self {
        let all = all.into_iter().map(|schedule| (schedule.name.clone(), schedule)).collect();
        Self { all: Arc::new(all), known: Arc::default(), clock: Arc::new(Timestamp::now), queued: Arc::new(|| ()) }
    }

    /// The same with another clock: for tests.
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The same, and this is called when a job was queued, to wake workers of this process.
    pub fn queued(mut self, queued: impl Fn() + Send + Sync + 'static) -> Self {
        self.queued = Arc::new(queued);
        self
    }

    /// What could not be run as things are, with why: to warn of when a server starts.
    pub async fn check(&self, runner: &dyn Runner) -> Vec<(String, RunError)> {
        let mut wrong = Vec::new();
        for schedule in self.all.values() {
            if let Err(error) = runner.check(&schedule.request).await {
                wrong.push((schedule.name.clone(), error));
            }
        }
        wrong
    }

    /// Submits jobs until it is asked to stop. A store in trouble is waited for.
    pub async fn run(self, books: Arc<dyn Books>, stop: Stopping) {
        loop {
            if let Err(error) = self.turn(&*books).await {
                tracing::warn!(error = error_chain(&error), "schedules wait for the store");
            }
            tokio::select! {
                () = stop.clone().asked() => return,
                () = tokio::time::sleep(self.pause()) => {}
            }
        }
    }

    /// Submits what is due now, and gives the jobs that were made. For hosts with a loop of their own.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read or written. The next call tries again.
    pub async fn turn(&self, books: &dyn Books) -> Result<Vec<JobId>, StoreError> {
        let mut made = Vec::new();
        for schedule in self.all.values() {
            made.extend(self.settle(schedule, books).await?);
        }
        Ok(made)
    }

    /// Submits the job of a schedule now, whatever the time.
    pub(super) async fn run_now(&self, schedule: &Schedule, books: &dyn Books) -> Result<Started, StoreError> {
        let now = self.now();
        let jobs = jobs(schedule, books).await?;
        if let Some(job) = jobs.into_iter().find(|job| job.ended.is_none()) {
            return Ok(Started::Busy(job.id));
        }
        let job = schedule.job_now(now);
        Ok(match books.submit(&job, MOST_QUEUED).await? {
            Submitted::Full => Started::Full,
            _ => {
                (self.queued)();
                Started::Job(job.id)
            }
        })
    }

    /// The time that comes next, and the last one that was left out since this process began.
    pub(super) fn state(&self, schedule: &Schedule) -> (Option<Timestamp>, Option<Skipped>) {
        let skipped = self.known().get(&schedule.name).and_then(|known| known.skipped.clone());
        (schedule.cron.next(self.now()), skipped)
    }

    async fn settle(&self, schedule: &Schedule, books: &dyn Books) -> Result<Option<JobId>, StoreError> {
        let now = self.now();
        let settled = self.known().get(&schedule.name).and_then(|known| known.settled);
        if settled.is_some_and(|settled| schedule.due(settled, now).is_none()) {
            return Ok(None);
        }
        let jobs = jobs(schedule, books).await?;
        // A schedule that never ran has missed nothing.
        let settled = settled.into_iter().chain(jobs.iter().filter_map(due_time)).max().unwrap_or(now);
        let Some(at) = schedule.due(settled, now) else {
            self.note(schedule, settled, None);
            return Ok(None);
        };
        if let Some(job) = overlapping(&jobs, at) {
            let why = format!("the job {} of this schedule still went on", job.id);
            self.note(schedule, at, Some(Skipped { at, why }));
            return Ok(None);
        }
        let job = schedule.job(at, now);
        match books.submit(&job, MOST_QUEUED).await? {
            Submitted::Full => {
                // It stays due, and is tried again for as long as the rule for missed times says.
                self.note(schedule, settled, Some(Skipped { at, why: "as many jobs waited as may".into() }));
                Ok(None)
            }
            said => {
                self.note(schedule, at, None);
                (self.queued)();
                Ok((said == Submitted::New).then_some(job.id))
            }
        }
    }

    fn note(&self, schedule: &Schedule, settled: Timestamp, skipped: Option<Skipped>) {
        let mut known = self.known();
        let known = known.entry(schedule.name.clone()).or_default();
        known.settled = Some(settled);
        if let Some(skipped) = skipped {
            let Skipped { at, why } = &skipped;
            tracing::warn!(schedule = schedule.name, %at, why, "a scheduled time was left out");
            known.skipped = Some(skipped);
        }
    }

    /// Until the first time that comes.
    fn pause(&self) -> Duration {
        let now = self.now();
        let next = self.all.values().filter_map(|schedule| schedule.cron.next(now)).min();
        let until = next.map(|next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
        until.unwrap_or(LOOK).min(LOOK)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, in whole microseconds as databases keep it.
    fn now(&self) -> Timestamp {
        let now = (self.clock)();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// What became of a job that somebody wanted now.
pub(super) enum Started {
    Job(JobId),
    /// This one still goes on.
    Busy(JobId),
    /// As many wait as may.
    Full,
}

/// The newest jobs of a schedule, newest first.
pub(super) async fn jobs(schedule: &Schedule, books: &dyn Books) -> Result<Vec<Job>, StoreError> {
    let mut query = JobQuery::default();
    (query.submitter, query.limit) = (Some(schedule.submitter()), LOOKED_AT);
    books.jobs(&query).await
}

impl fmt::Debug for Schedules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedules").field("all", &self.all).finish_non_exhaustive()
    }
}
