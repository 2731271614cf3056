//! The table `jobs`.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;
use eval_core::server::{Beat, Claim, Job, JobEnd, JobId, JobQuery, JobQueue, JobState, Jobs, Submitted, Turn};
use eval_core::{Owner, RunId, StoreError, Timestamp, async_trait};

use super::job_row::JobRow;
use super::{from_column, lock};
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, word};
use crate::database::schema::jobs;
use crate::database::store::DieselStore;

fn submit(connection: &mut Connection, job: &Job, most: usize) -> Result<Submitted, Failure> {
    lock(connection, "jobs")?;
    if read(connection, job.id)?.is_some() {
        return Ok(Submitted::New);
    }
    if let Some(known) = of_same_key(connection, job)? {
        return Ok(Submitted::again(job, known));
    }
    let queued = jobs::table.filter(jobs::state.eq(JobState::Queued.name())).count();
    let queued: i64 = on!(connection, |c| queued.get_result(c))?;
    if usize::try_from(queued).unwrap_or(usize::MAX) >= most {
        return Ok(Submitted::Full);
    }
    let row = JobRow::new(job)?;
    on!(connection, |c| diesel::insert_into(jobs::table).values(&row).execute(c))?;
    Ok(Submitted::New)
}

fn of_same_key(connection: &mut Connection, job: &Job) -> Result<Option<Job>, Failure> {
    let Some(idempotency) = &job.idempotency else { return Ok(None) };
    let same = jobs::table
        .filter(jobs::submitter.eq(Text::from(&*job.submitter)))
        .filter(jobs::idempotency_key.eq(Text::from(&*idempotency.key)));
    let row: Option<JobRow<'_>> = on!(connection, |c| same.select(JobRow::as_select()).first(c)).optional()?;
    row.map(JobRow::into_job).transpose()
}

fn read(connection: &mut Connection, id: JobId) -> Result<Option<Job>, Failure> {
    let wanted = jobs::table.find(id.to_string());
    let row: Option<JobRow<'_>> = on!(connection, |c| wanted.select(JobRow::as_select()).first(c)).optional()?;
    row.map(JobRow::into_job).transpose()
}

fn list(connection: &mut Connection, query: &JobQuery) -> Result<Vec<Job>, Failure> {
    let rows: Vec<JobRow<'_>> = on!(connection, |c| {
        let mut wanted = jobs::table.select(JobRow::as_select()).order(jobs::id.desc()).into_boxed();
        if let Some(state) = query.state {
            wanted = wanted.filter(jobs::state.eq(state.name()));
        }
        if let Some(submitter) = &query.submitter {
            wanted = wanted.filter(jobs::submitter.eq(Text::from(&**submitter)));
        }
        if let Some(run) = query.run {
            wanted = wanted.filter(jobs::runs.like(format!("%{run}%")));
        }
        if let Some(before) = query.before {
            wanted = wanted.filter(jobs::id.lt(before.to_string()));
        }
        wanted.limit(i64::try_from(query.limit).unwrap_or(i64::MAX)).load(c)?
    });
    rows.into_iter().map(JobRow::into_job).collect()
}

fn save(connection: &mut Connection, job: &Job) -> Result<(), Failure> {
    let row = JobRow::new(job)?;
    let save = diesel::update(jobs::table.find(job.id.to_string())).set(&row);
    on!(connection, |c| save.execute(c))?;
    Ok(())
}

/// The jobs of whose runs somebody is still to hear.
pub(super) fn untold(connection: &mut Connection) -> Result<Vec<Job>, Failure> {
    let untold = jobs::table.filter(jobs::callback.is_not_null()).order(jobs::id.asc());
    let rows: Vec<JobRow<'_>> = on!(connection, |c| untold.select(JobRow::as_select()).load(c))?;
    rows.into_iter().map(JobRow::into_job).collect()
}

/// News of all runs of a job are in the outbox.
pub(super) fn told(connection: &mut Connection, id: JobId) -> Result<(), Failure> {
    let told = diesel::update(jobs::table.find(id.to_string())).set(jobs::callback.eq(None::<String>));
    on!(connection, |c| told.execute(c))?;
    Ok(())
}

/// Changes a job that is there, and gives it with what the change said.
fn change<T>(
    connection: &mut Connection,
    id: JobId,
    change: impl FnOnce(&mut Job) -> T,
) -> Result<Option<(Job, T)>, Failure> {
    lock(connection, "jobs")?;
    let Some(mut job) = read(connection, id)? else { return Ok(None) };
    let said = change(&mut job);
    save(connection, &job)?;
    Ok(Some((job, said)))
}

fn claim(connection: &mut Connection, claim: &Claim) -> Result<Option<Job>, Failure> {
    lock(connection, "jobs")?;
    let running = jobs::table.filter(jobs::state.eq(JobState::Running.name())).order(jobs::id.asc());
    let running: Vec<JobRow<'_>> = on!(connection, |c| running.select(JobRow::as_select()).load(c))?;
    let running = running.into_iter().map(JobRow::into_job).collect::<Result<Vec<_>, _>>()?;
    if let Some(held) = running.iter().find(|job| job.is_held_by(&claim.owner) && !job.is_lost(claim.now)) {
        return Ok(Some(held.clone()));
    }
    for mut job in running.into_iter().filter(|job| job.is_lost(claim.now)) {
        job.lose(claim);
        save(connection, &job)?;
        if job.state == JobState::Running {
            return Ok(Some(job));
        }
    }
    let Some(turn) = next(connection)? else { return Ok(None) };
    let taken = change(connection, turn.first, |job| job.take(claim))?;
    Ok(taken.map(|(job, ())| job))
}

/// Whose turn it is.
fn next(connection: &mut Connection) -> Result<Option<Turn>, Failure> {
    let of_state = |state: JobState| jobs::table.filter(jobs::state.eq(state.name())).group_by(jobs::submitter);
    let first = of_state(JobState::Queued).select((jobs::submitter, min(jobs::id)));
    let first: Vec<(String, Option<String>)> = on!(connection, |c| first.load(c))?;
    let running = of_state(JobState::Running).select((jobs::submitter, count_star()));
    let running: HashMap<String, i64> = on!(connection, |c| running.load(c))?.into_iter().collect();
    let served = jobs::table.group_by(jobs::submitter).select((jobs::submitter, max(jobs::claimed_at)));
    let served = served.filter(jobs::submitter.eq_any(first.iter().map(|(submitter, _)| &**submitter)));
    let served: HashMap<String, Option<NaiveDateTime>> = on!(connection, |c| served.load(c))?.into_iter().collect();
    let turn = |(submitter, first): (String, Option<String>)| {
        Ok(Turn {
            running: running.get(&submitter).map_or(0, |running| running.unsigned_abs()),
            served: from_column("jobs.claimed_at", served.get(&submitter).copied().flatten())?,
            first: word("jobs.id", &first.unwrap_or_default(), |text| text.parse().ok())?,
        })
    };
    let turns = first.into_iter().map(turn).collect::<Result<Vec<_>, Failure>>()?;
    Ok(turns.into_iter().min())
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Jobs for DieselStore {
    async fn submit(&self, job: &Job, most: usize) -> Result<Submitted, StoreError> {
        let job = job.clone();
        self.write(move |connection| submit(connection, &job, most)).await
    }

    async fn cancel(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError> {
        let changed = self.write(move |connection| change(connection, id, |job| job.cancel(now))).await?;
        Ok(changed.map(|(job, ())| job))
    }

    async fn pause(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError> {
        let changed = self.write(move |connection| change(connection, id, |job| job.pause(now))).await?;
        Ok(changed.map(|(job, ())| job))
    }

    async fn requeue(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        let changed = self.write(move |connection| change(connection, id, Job::requeue)).await?;
        Ok(changed.map(|(job, ())| job))
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.read(move |connection| read(connection, id)).await
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Vec<Job>, StoreError> {
        let query = query.clone();
        self.read(move |connection| list(connection, &query)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl JobQueue for DieselStore {
    async fn claim(&self, wanted: &Claim) -> Result<Option<Job>, StoreError> {
        let wanted = wanted.clone();
        self.write(move |connection| claim(connection, &wanted)).await
    }

    async fn heartbeat(&self, id: JobId, owner: &Owner, now: Timestamp, runs: &[RunId]) -> Result<Beat, StoreError> {
        let (owner, runs) = (owner.clone(), runs.to_vec());
        let beat = move |connection: &mut Connection| change(connection, id, |job| job.beat(&owner, now, &runs));
        Ok(self.write(beat).await?.map_or(Beat::Lost, |(_, beat)| beat))
    }

    async fn finish(&self, id: JobId, owner: &Owner, end: &JobEnd, now: Timestamp) -> Result<bool, StoreError> {
        let (owner, end) = (owner.clone(), end.clone());
        let finish = move |connection: &mut Connection| change(connection, id, |job| job.finish(&owner, &end, now));
        Ok(self.write(finish).await?.is_some_and(|(_, finished)| finished))
    }
}
