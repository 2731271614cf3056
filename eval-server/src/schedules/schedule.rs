//! What is to be run, and when.

use std::time::Duration;

use eval_core::Timestamp;
use eval_core::server::{Idempotency, Job, JobRequest};

use super::Cron;

/// What becomes of times at which nobody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missed {
    /// The last one is run, once, unless it is longer ago than this. The default, with a day.
    Once(Duration),
    /// They are left out.
    Skip,
}

impl Missed {
    /// How long ago a time may be that is run as missed, unless somebody says otherwise.
    pub const LIMIT: Duration = Duration::from_secs(24 * 3600);

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Once(_) => "once",
            Self::Skip => "skip",
        }
    }
}

impl Default for Missed {
    fn default() -> Self {
        Self::Once(Self::LIMIT)
    }
}

/// A job that comes by the clock.
///
/// ```
/// use eval_core::RunSpec;
/// use eval_core::server::JobRequest;
/// use eval_server::{Cron, Schedule};
///
/// let request = JobRequest::new(["openai/gpt-5"], RunSpec::new("golden"));
/// let nightly = Schedule::new("nightly", Cron::parse("0 2 * * *", "UTC")?, request);
/// let last = "2026-01-01T02:00:00Z".parse()?;
/// assert_eq!(nightly.due(last, "2026-01-02T01:59:59Z".parse()?), None);
/// assert_eq!(nightly.due(last, "2026-01-02T02:00:01Z".parse()?), Some("2026-01-02T02:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Schedule {
    /// Its name. Its jobs are submitted by `schedule:NAME`.
    pub name: String,
    /// When.
    pub cron: Cron,
    /// What.
    pub request: JobRequest,
    /// What becomes of missed times.
    pub missed: Missed,
}

/// How late a time may be run without counting as missed.
const ON_TIME: Duration = Duration::from_secs(60);

impl Schedule {
    /// A schedule that runs the last missed time once, if it is no longer ago than a day.
    pub fn new(name: impl Into<String>, cron: Cron, request: JobRequest) -> Self {
        Self { name: name.into(), cron, request, missed: Missed::default() }
    }

    /// The same with another rule for missed times.
    pub fn missed(mut self, missed: Missed) -> Self {
        self.missed = missed;
        self
    }

    /// The time that is to be run now, when all times up to and with `last` are settled (UTC): the last one since then,
    /// unless it is missed and the rule says no. A clock that was set back finds nothing, since all was settled before.
    pub fn due(&self, last: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let back = match self.missed {
            Missed::Once(limit) => limit.max(ON_TIME),
            Missed::Skip => ON_TIME,
        };
        // The first moment that is too long ago.
        let too_old = now.checked_sub(back).unwrap_or(Timestamp::MIN);
        self.cron.last(last.max(too_old), now)
    }

    /// Who submits its jobs.
    pub fn submitter(&self) -> String {
        format!("schedule:{}", self.name)
    }

    /// The job of a time. Whoever makes it, and however often, the store takes one.
    pub(super) fn job(&self, at: Timestamp, now: Timestamp) -> Job {
        let mut job = self.job_now(now).idempotent(Idempotency::of(at.to_string(), ""));
        job.request.tags.insert("due".into(), at.to_string());
        job
    }

    /// A job that somebody wants now.
    pub(super) fn job_now(&self, now: Timestamp) -> Job {
        let mut request = self.request.clone();
        request.tags.insert("schedule".into(), self.name.clone());
        let mut job = Job::new(self.submitter(), request);
        job.submitted = now;
        job
    }
}

/// The time that a job was made for; `None` for one that somebody wanted.
pub(super) fn due_time(job: &Job) -> Option<Timestamp> {
    job.idempotency.as_ref()?.key.parse().ok()
}

/// The job of the schedule that went on at this time. Times at which one did are left out.
pub(super) fn overlapping(jobs: &[Job], at: Timestamp) -> Option<&Job> {
    jobs.iter().find(|job| job.submitted < at && job.ended.is_none_or(|ended| ended > at) && due_time(job) != Some(at))
}
