//! Jobs in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::server::{Beat, Claim, Job, JobEnd, JobId, JobQuery, JobQueue, JobState, Jobs, Submitted, Turn};
use crate::store::lock;
use crate::{InMemory, Owner, RunId, StoreError, Timestamp};

#[async_trait]
impl Jobs for InMemory {
    async fn submit(&self, job: &Job, most: usize) -> Result<Submitted, StoreError> {
        let mut jobs = lock(&self.server.jobs);
        if jobs.contains_key(&job.id) {
            return Ok(Submitted::New);
        }
        if let Some(known) = jobs.values().find(|known| has_same_key(known, job)) {
            return Ok(Submitted::again(job, known.clone()));
        }
        if jobs.values().filter(|job| job.state == JobState::Queued).count() >= most {
            return Ok(Submitted::Full);
        }
        jobs.insert(job.id, job.clone());
        Ok(Submitted::New)
    }

    async fn cancel(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError> {
        let mut jobs = lock(&self.server.jobs);
        Ok(jobs.get_mut(&id).map(|job| {
            job.cancel(now);
            job.clone()
        }))
    }

    async fn pause(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError> {
        let mut jobs = lock(&self.server.jobs);
        Ok(jobs.get_mut(&id).map(|job| {
            job.pause(now);
            job.clone()
        }))
    }

    async fn requeue(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        let mut jobs = lock(&self.server.jobs);
        Ok(jobs.get_mut(&id).map(|job| {
            job.requeue();
            job.clone()
        }))
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        Ok(lock(&self.server.jobs).get(&id).cloned())
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Vec<Job>, StoreError> {
        let jobs = lock(&self.server.jobs);
        Ok(jobs.values().rev().filter(|job| query.matches(job)).take(query.limit).cloned().collect())
    }
}

fn has_same_key(known: &Job, job: &Job) -> bool {
    let key = |job: &Job| job.idempotency.as_ref().map(|idempotency| idempotency.key.clone());
    known.submitter == job.submitter && key(job).is_some() && key(known) == key(job)
}

#[async_trait]
impl JobQueue for InMemory {
    async fn claim(&self, claim: &Claim) -> Result<Option<Job>, StoreError> {
        let mut jobs = lock(&self.server.jobs);
        if let Some(held) = jobs.values().find(|job| job.is_held_by(&claim.owner) && !job.is_lost(claim.now)) {
            return Ok(Some(held.clone()));
        }
        for job in jobs.values_mut().filter(|job| job.is_lost(claim.now)) {
            job.lose(claim);
            if job.state == JobState::Running {
                return Ok(Some(job.clone()));
            }
        }
        let next = next(&jobs).and_then(|turn| jobs.get_mut(&turn.first));
        Ok(next.map(|job| {
            job.take(claim);
            job.clone()
        }))
    }

    async fn heartbeat(&self, id: JobId, owner: &Owner, now: Timestamp, runs: &[RunId]) -> Result<Beat, StoreError> {
        let mut jobs = lock(&self.server.jobs);
        Ok(jobs.get_mut(&id).map_or(Beat::Lost, |job| job.beat(owner, now, runs)))
    }

    async fn finish(&self, id: JobId, owner: &Owner, end: &JobEnd, now: Timestamp) -> Result<bool, StoreError> {
        let mut jobs = lock(&self.server.jobs);
        Ok(jobs.get_mut(&id).is_some_and(|job| job.finish(owner, end, now)))
    }
}

/// Whose turn it is.
fn next(jobs: &BTreeMap<JobId, Job>) -> Option<Turn> {
    let waiting = jobs.values().filter(|job| job.state == JobState::Queued);
    let turn = |first: &Job| {
        let of_same = || jobs.values().filter(|job| job.submitter == first.submitter);
        let running = of_same().filter(|job| job.state == JobState::Running).count() as u64;
        Turn { running, served: of_same().filter_map(|job| job.claimed).max(), first: first.id }
    };
    waiting.map(turn).min()
}
