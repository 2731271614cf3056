//! One job in the hands of a worker.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use eval_core::server::{Beat, Job, JobEnd, JobQueue as _, JobState, Signal, Stopping};
use eval_core::{Lease, Owner, Run, RunError, RunStatus, StoreError, Timestamp, error_chain};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, MissedTickBehavior};

use super::after;
use super::desk::closed;
use super::feed::{Asked, Begun, Feed};
use super::worker::Shared;

/// How the runs of a job ended.
type Ended = Result<Result<Vec<Run>, RunError>, JoinError>;

/// How long a right lasts after its last sign of life.
fn lasts() -> Duration {
    Duration::try_from(Lease::LASTS).unwrap_or_default()
}

/// A job, while a worker has it.
pub(super) struct Work {
    shared: Arc<Shared>,
    owner: Owner,
    job: Job,
    begun: Begun,
    asked: watch::Sender<Asked>,
    signal: watch::Sender<Signal>,
    stopping: Stopping,
    /// Until when the job is surely this worker's.
    until: Instant,
}

impl Work {
    pub(super) fn new(shared: Arc<Shared>, owner: Owner, job: Job) -> Self {
        let (signal, stopping) = Stopping::channel();
        let (begun, asked, until) =
            (Begun::new(&job.runs), watch::Sender::new(Asked::Nothing), Instant::now() + lasts());
        Self { shared, owner, job, begun, asked, signal, stopping, until }
    }

    /// Makes the runs, to their end or until somebody wants it otherwise.
    pub(super) async fn run(mut self) {
        if *self.shared.desk.closing().borrow() {
            return self.leave(&JobEnd::new(JobState::Queued, self.job.runs.clone())).await.map_or((), drop);
        }
        let mut running = tokio::spawn(self.runs());
        let ended = self.attend(&mut running).await;
        if ended.is_none() {
            tracing::warn!(job = %self.job.id, "the job is another's by now, or no sign of life could be given");
            running.abort();
            let _ = running.await;
        }
        match ended {
            Some(ended) => self.end(ended).await,
            None => self.leave_runs(),
        }
    }

    /// The runs of the job. A run that a lost process may still have is waited for.
    fn runs(&self) -> impl Future<Output = Result<Vec<Run>, RunError>> + Send + use<> {
        let (shared, owner, mut job, begun) =
            (self.shared.clone(), self.owner.clone(), self.job.clone(), self.begun.clone());
        let (asked, stopping) = (self.asked.subscribe(), self.stopping.clone());
        async move {
            let patience = Instant::now() + lasts() + shared.heartbeat;
            loop {
                let (shared, owner, begun) = (shared.clone(), owner.clone(), begun.clone());
                let feed = Feed { job: job.id, asked: asked.clone(), begun: begun.clone(), shared, owner };
                match feed.shared.runner.clone().run(&job, Box::new(feed), stopping.clone()).await {
                    Err(error) if passes(&error) && Instant::now() < patience && !stopping.is_asked() => {
                        tracing::info!(%error, job = %job.id, "the job cannot go on yet");
                    }
                    ended => return ended,
                }
                tokio::select! {
                    () = stopping.clone().asked() => {}
                    () = tokio::time::sleep(Duration::from_secs(2)) => {}
                }
                job.runs = begun.runs();
            }
        }
    }

    /// Gives signs of life and hears what is wanted until the runs have ended; `None` when the job is lost.
    async fn attend(&mut self, running: &mut JoinHandle<Result<Vec<Run>, RunError>>) -> Option<Ended> {
        let (mut bell, mut closing) = (self.shared.desk.bell(), self.shared.desk.closing());
        let mut heart = tokio::time::interval(self.shared.heartbeat);
        heart.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = &mut *running => return Some(ended),
                () = closed(&mut closing), if *self.asked.borrow() == Asked::Nothing => {
                    self.ask(Asked::Leave);
                    continue;
                }
                _ = heart.tick() => {}
                _ = bell.changed() => {}
            }
            match self.beat().await {
                Some(Beat::Lost) => return None,
                Some(Beat::Cancel) => self.ask(Asked::Cancel),
                Some(Beat::Pause) => self.ask(Asked::Pause),
                None if Instant::now() >= self.until => return None,
                _ => {}
            }
        }
    }

    /// A sign of life; `None` when the store did not take it.
    async fn beat(&mut self) -> Option<Beat> {
        let (began, runs) = (Instant::now(), self.begun.runs());
        let beat = self.shared.books.heartbeat(self.job.id, &self.owner, Timestamp::now(), &runs);
        match tokio::time::timeout_at(self.until, beat).await {
            Ok(Ok(beat)) => {
                self.until = began + lasts();
                Some(beat)
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, job = %self.job.id, "no sign of life could be given");
                None
            }
            Err(_) => None,
        }
    }

    /// The runs are to stop. What weighs more outweighs what was asked before.
    fn ask(&self, asked: Asked) {
        self.asked.send_modify(|before| *before = asked.max(*before));
        self.signal.send_replace(Signal::Stop);
    }

    /// The runs go on here no longer: whoever still watches is sent on to the store.
    fn leave_runs(&self) {
        self.begun.runs().into_iter().for_each(|run| self.shared.desk.hub.leave(run));
    }

    /// Leaves the job as its runs ended, and tells whoever wants to hear of those that have.
    async fn end(self, ended: Ended) {
        let asked = *self.asked.borrow();
        let (end, mut runs) = match ended {
            Ok(Ok(runs)) => (self.as_runs_ended(asked, &runs), runs),
            Ok(Err(error)) if asked != Asked::Nothing && passes(&error) => {
                (JobEnd::new(state(asked), self.begun.runs()), vec![])
            }
            Ok(Err(error)) => (JobEnd::failed(self.begun.runs(), error_chain(&error)), vec![]),
            Err(_) => (JobEnd::failed(self.begun.runs(), "whoever makes the runs panicked"), vec![]),
        };
        for run in runs.iter_mut().filter(|run| run.status == RunStatus::Cancelled && !asked.status().is_end()) {
            (run.status, run.finished, run.summary) = (asked.status(), None, None);
            let store = &self.shared.store;
            let _ = self.patiently("a run that waits", || store.put_run(run)).await;
        }
        // What is stored of them is settled, and nobody can have taken the job yet.
        self.leave_runs();
        if self.leave(&end).await != Some(true) {
            return;
        }
        tracing::info!(job = %self.job.id, state = end.state.name(), "a worker leaves a job");
        runs.retain(|run| run.status.is_end());
        if !runs.is_empty() {
            let hooks = self.shared.after.clone();
            self.shared.telling.spawn(async move { after::tell(&hooks, &runs).await });
        }
    }

    /// How a job is left whose runs ended so.
    fn as_runs_ended(&self, asked: Asked, runs: &[Run]) -> JobEnd {
        let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
        let is_whole = runs.len() >= self.job.request.models.len();
        let is_done = is_whole && runs.iter().all(|run| run.status != RunStatus::Cancelled);
        JobEnd::new(if is_done || asked == Asked::Nothing { JobState::Done } else { state(asked) }, ids)
    }

    /// Leaves the job; `None` when the store did not take it in time, and then somebody takes the job over.
    async fn leave(&self, end: &JobEnd) -> Option<bool> {
        let (books, id, owner) = (&self.shared.books, self.job.id, &self.owner);
        let left = self.patiently("the end of a job", || books.finish(id, owner, end, Timestamp::now())).await;
        if end.state == JobState::Queued {
            self.shared.desk.ring();
        }
        left
    }

    /// What the store gives, however often it must be asked; `None` when the right to the job is over before.
    async fn patiently<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        what: &str,
        call: impl Fn() -> F,
    ) -> Option<T> {
        loop {
            match tokio::time::timeout_at(self.until.max(Instant::now() + Duration::from_secs(1)), call()).await {
                Ok(Ok(done)) => return Some(done),
                Ok(Err(error)) => tracing::warn!(%error, job = %self.job.id, "{what} cannot be stored for now"),
                Err(_) => {}
            }
            if Instant::now() >= self.until {
                tracing::error!(job = %self.job.id, "{what} was not stored");
                return None;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// The state in which a job is left whose runs were stopped for this.
fn state(asked: Asked) -> JobState {
    match asked {
        Asked::Nothing => JobState::Done,
        Asked::Leave => JobState::Queued,
        Asked::Pause => JobState::Paused,
        Asked::Cancel => JobState::Cancelled,
    }
}

/// Whether the job may well go on a little later.
fn passes(error: &RunError) -> bool {
    matches!(error, RunError::Store(error) if error.is_transient() || matches!(error, StoreError::Held { .. }))
}
