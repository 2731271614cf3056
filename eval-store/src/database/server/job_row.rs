//! A row of the table `jobs`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::Owner;
use eval_core::server::{Hold, Idempotency, Job, JobState};

use super::{from_column, to_column};
use crate::database::error::Failure;
use crate::database::rows::{Text, from_json, json, number, time, word};
use crate::database::schema::jobs;

#[derive(Debug, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct JobRow<'a> {
    id: Text<'a>,
    submitter: Text<'a>,
    idempotency_key: Option<Text<'a>>,
    body_hash: Option<Text<'a>>,
    request: Text<'a>,
    /// Where its runs are still to be told. Set with each change, cleared when news of all its runs are in the outbox.
    callback: Option<Text<'a>>,
    state: Text<'a>,
    cancelling: bool,
    pausing: bool,
    runs: Text<'a>,
    error: Option<Text<'a>>,
    submitted_at: NaiveDateTime,
    claimed_at: Option<NaiveDateTime>,
    ended_at: Option<NaiveDateTime>,
    owner: Option<Text<'a>>,
    host: Option<Text<'a>>,
    pid: Option<i64>,
    pid_started: Option<i64>,
    expires_at: Option<NaiveDateTime>,
}

impl<'a> JobRow<'a> {
    pub(super) fn new(job: &'a Job) -> Result<Self, Failure> {
        let (idempotency, hold) = (job.idempotency.as_ref(), job.hold.as_ref());
        let owner = hold.map(|hold| &hold.owner);
        Ok(Self {
            id: job.id.to_string().into(),
            submitter: job.submitter.as_str().into(),
            idempotency_key: idempotency.map(|idempotency| idempotency.key.as_str().into()),
            body_hash: idempotency.map(|idempotency| idempotency.body.as_str().into()),
            request: json(&job.request)?,
            callback: job.request.callback.as_deref().map(Text::from),
            state: job.state.name().into(),
            cancelling: job.cancelling,
            pausing: job.pausing,
            runs: json(&job.runs)?,
            error: job.error.as_deref().map(Text::from),
            submitted_at: time::to_column(job.submitted),
            claimed_at: to_column(job.claimed),
            ended_at: to_column(job.ended),
            owner: owner.map(|owner| owner.token.as_str().into()),
            host: owner.map(|owner| owner.host.as_str().into()),
            pid: owner.map(|owner| owner.pid.into()),
            pid_started: owner.and_then(|owner| number::reported(owner.pid_started)),
            expires_at: hold.map(|hold| time::to_column(hold.expires)),
        })
    }

    /// The job of this row.
    pub(super) fn into_job(self) -> Result<Job, Failure> {
        let hold = self.hold()?;
        let mut job = Job::new(&*self.submitter, from_json("jobs.request", &self.request)?);
        job.id = word("jobs.id", &self.id, |text| text.parse().ok())?;
        job.idempotency = match (self.idempotency_key, self.body_hash) {
            (Some(key), Some(body)) => Some(Idempotency::from_parts(&*key, &*body)),
            _ => None,
        };
        job.state = word("jobs.state", &self.state, JobState::from_name)?;
        job.cancelling = self.cancelling;
        job.pausing = self.pausing;
        job.runs = from_json("jobs.runs", &self.runs)?;
        job.error = self.error.map(Text::into_owned);
        job.submitted = time::from_column("jobs.submitted_at", self.submitted_at)?;
        job.claimed = from_column("jobs.claimed_at", self.claimed_at)?;
        job.ended = from_column("jobs.ended_at", self.ended_at)?;
        job.hold = hold;
        Ok(job)
    }

    fn hold(&self) -> Result<Option<Hold>, Failure> {
        let (Some(token), Some(host), Some(pid), Some(expires)) =
            (&self.owner, &self.host, self.pid, from_column("jobs.expires_at", self.expires_at)?)
        else {
            return Ok(None);
        };
        let pid_started = number::known("jobs.pid_started", self.pid_started)?;
        let owner = Owner::from_parts(&**token, &**host, number::epoch("jobs.pid", pid)?, pid_started);
        Ok(Some(Hold::from_parts(owner, expires)))
    }
}
