//! A job, and what may happen to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Claim, Idempotency, JobRequest, Lost};
use crate::{Lease, Owner, RunId, clock};

id! {
    /// The id of a job.
    JobId
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// All its runs have ended by themselves; each says how.
    Done,
    /// It could not be done; the job says why.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// Its worker is gone, and nobody has taken it over.
    Interrupted,
    /// Somebody wants it to wait, until somebody lets it go on.
    Paused,
}

names!(JobState {
    Queued = "queued",
    Running = "running",
    Done = "done",
    Failed = "failed",
    Cancelled = "cancelled",
    Interrupted = "interrupted",
    Paused = "paused",
});

impl JobState {
    /// Whether no worker has or gets it.
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// The right of a worker to a job until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Hold {
    /// Who has it.
    pub owner: Owner,
    /// Until when, unless it is renewed (UTC).
    pub expires: Timestamp,
}

impl Hold {
    /// A right that was taken or renewed now and lasts for [`Lease::LASTS`].
    pub fn new(owner: Owner, now: Timestamp) -> Self {
        Self { owner, expires: now.saturating_add(Lease::LASTS).unwrap_or(Timestamp::MAX) }
    }

    /// A right that was written down: for stores that read rows.
    pub fn from_parts(owner: Owner, expires: Timestamp) -> Self {
        Self { owner, expires }
    }

    /// Whether the worker still counts as working: the time is not over, and its process is not known to be gone.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires && !self.owner.is_gone()
    }
}

/// How a worker leaves a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobEnd {
    /// One of the states that are an [end](JobState::is_end), or [`Queued`](JobState::Queued): somebody else shall have
    /// it, as this process is about to end.
    pub state: JobState,
    /// The runs that were begun.
    pub runs: Vec<RunId>,
    /// Why it was not done, for a person.
    pub error: Option<String>,
}

impl JobEnd {
    /// The job ends so, with these runs.
    pub fn new(state: JobState, runs: impl Into<Vec<RunId>>) -> Self {
        Self { state, runs: runs.into(), error: None }
    }

    /// The job failed, for this reason.
    pub fn failed(runs: impl Into<Vec<RunId>>, why: impl Into<String>) -> Self {
        Self { error: Some(why.into()), ..Self::new(JobState::Failed, runs) }
    }
}

/// What a worker hears when it gives a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Beat {
    /// The job is still its own.
    Kept,
    /// The job is still its own, and somebody wants it to be cancelled.
    Cancel,
    /// The job is still its own, and somebody wants it to wait: the worker stops and leaves it [paused](JobState::Paused).
    Pause,
    /// The job is another's by now, or has ended: the worker must stop.
    Lost,
}

/// Whole runs that are to be made, by whom they were wanted, and how far that has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What is to be done.
    pub request: JobRequest,
    /// Who wants it: turns are fair between submitters.
    pub submitter: String,
    /// What tells the same request, sent again.
    pub idempotency: Option<Idempotency>,
    /// How far it has come.
    pub state: JobState,
    /// Whether somebody wants the worker to stop.
    pub cancelling: bool,
    /// Whether somebody wants the worker to stop for now.
    pub pausing: bool,
    /// The runs that were begun.
    pub runs: Vec<RunId>,
    /// Why it was not done, for a person.
    pub error: Option<String>,
    /// When it was submitted (UTC).
    pub submitted: Timestamp,
    /// When a worker last took it (UTC).
    pub claimed: Option<Timestamp>,
    /// When it ended, or was paused (UTC).
    pub ended: Option<Timestamp>,
    /// The worker that has it, or that had it at its end.
    pub hold: Option<Hold>,
}

impl Job {
    /// A job that is submitted now.
    pub fn new(submitter: impl Into<String>, request: JobRequest) -> Self {
        Self {
            id: JobId::new(),
            request,
            submitter: submitter.into(),
            idempotency: None,
            state: JobState::Queued,
            cancelling: false,
            pausing: false,
            runs: Vec::new(),
            error: None,
            submitted: clock::now(),
            claimed: None,
            ended: None,
            hold: None,
        }
    }

    /// The same job, which is known again by this.
    pub fn idempotent(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = Some(idempotency);
        self
    }

    /// Whether it is running by what was written down, and its worker is gone.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.state == JobState::Running && !self.hold.as_ref().is_some_and(|hold| hold.is_alive(now))
    }

    /// A worker takes it.
    pub fn take(&mut self, claim: &Claim) {
        self.state = JobState::Running;
        self.claimed = Some(claim.now);
        self.hold = Some(Hold::new(claim.owner.clone(), claim.now));
    }

    /// What becomes of it when its worker is gone. A job that was to be cancelled or paused is.
    pub fn lose(&mut self, claim: &Claim) {
        match claim.lost {
            _ if self.cancelling => self.close(JobState::Cancelled, claim.now),
            _ if self.pausing => self.close(JobState::Paused, claim.now),
            Lost::Interrupt => self.close(JobState::Interrupted, claim.now),
            Lost::Resume => self.take(claim),
        }
    }

    /// A sign of life of a worker, with the runs that it has begun.
    pub fn beat(&mut self, owner: &Owner, now: Timestamp, runs: &[RunId]) -> Beat {
        if !self.is_held_by(owner) {
            return Beat::Lost;
        }
        self.hold = Some(Hold::new(owner.clone(), now));
        self.runs = runs.to_vec();
        match self {
            _ if self.cancelling => Beat::Cancel,
            _ if self.pausing => Beat::Pause,
            _ => Beat::Kept,
        }
    }

    /// A worker leaves it. Whether it was still that worker's, or has been left so by it before. A job that was to be
    /// paused, and by now is to go on, waits for a worker again.
    pub fn finish(&mut self, owner: &Owner, end: &JobEnd, now: Timestamp) -> bool {
        let is_repeated =
            self.state == end.state && self.hold.as_ref().is_some_and(|hold| hold.owner.token == owner.token);
        if !self.is_held_by(owner) {
            return is_repeated;
        }
        self.runs.clone_from(&end.runs);
        self.error.clone_from(&end.error);
        match end.state {
            JobState::Queued | JobState::Running | JobState::Paused if self.cancelling => {
                self.close(JobState::Cancelled, now);
            }
            JobState::Queued | JobState::Running | JobState::Paused if self.pausing => {
                self.close(JobState::Paused, now);
            }
            JobState::Queued | JobState::Running | JobState::Paused => {
                (self.state, self.hold) = (JobState::Queued, None);
            }
            end => self.close(end, now),
        }
        true
    }

    /// Somebody wants it to be cancelled: at once when no worker has it, else when its worker has stopped.
    pub fn cancel(&mut self, now: Timestamp) {
        match self.state {
            JobState::Queued | JobState::Interrupted | JobState::Paused => self.close(JobState::Cancelled, now),
            JobState::Running => self.cancelling = true,
            _ => {}
        }
    }

    /// Somebody wants it to wait: at once when no worker has it, else when its worker has stopped.
    pub fn pause(&mut self, now: Timestamp) {
        match self.state {
            JobState::Queued => self.close(JobState::Paused, now),
            JobState::Running if !self.cancelling => self.pausing = true,
            _ => {}
        }
    }

    /// Somebody wants it to go on: a job that has ended, or is paused or interrupted, waits for a worker again; one that
    /// was to be paused is no longer to be.
    pub fn requeue(&mut self) {
        self.pausing = false;
        if self.state.is_end() {
            (self.state, self.cancelling) = (JobState::Queued, false);
            (self.ended, self.error, self.hold) = (None, None, None);
        }
    }

    /// Whether this worker has it.
    pub fn is_held_by(&self, owner: &Owner) -> bool {
        self.state == JobState::Running && self.hold.as_ref().is_some_and(|hold| hold.owner.token == owner.token)
    }

    fn close(&mut self, state: JobState, now: Timestamp) {
        (self.state, self.ended) = (state, Some(now));
        (self.cancelling, self.pausing) = (false, false);
    }
}
