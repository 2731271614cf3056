//! The loop of a run.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::contain::contain;
use super::hold::Hold;
use super::task::{Ended, Setup};
use super::work::Task;
use crate::summary::Summarizer;
use crate::{
    DatasetError, Ending, Event, EventKind, ProviderErrorKind, Reporter, Run, RunError, RunKind, RunStatus, Stop, clock,
};

/// How much at once, and how long to the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Questions in flight.
    pub(super) concurrency: usize,
    /// How long the run may take to end once it was asked to stop.
    pub(super) drain: Duration,
}

impl Limits {
    /// The part of the drain that is left for storing the end of the run.
    fn saving(self) -> Duration {
        (self.drain / 2).min(Duration::from_secs(1))
    }

    /// How long a run that was asked to stop still waits for a store in trouble.
    fn patience(self) -> Duration {
        (self.drain / 4).min(Duration::from_secs(1))
    }
}

/// One run while it goes on: owns its tasks, its counts and the numbering of its events.
pub(super) struct Session<'a> {
    setup: Arc<Setup>,
    run: Run,
    books: Summarizer,
    tasks: JoinSet<Ended>,
    reporter: Option<&'a mut dyn Reporter>,
    hold: Option<Hold>,
    seq: u64,
    halt: Option<(RunStatus, Option<Stop>)>,
    /// When a run that was asked to stop must have ended.
    deadline: Option<Instant>,
    /// From then on until it is closed it waits for no store.
    ending: Option<Ending>,
    /// Whether another process has the run now: then nothing of it is ours to store.
    lost: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        setup: Arc<Setup>,
        run: Run,
        books: Summarizer,
        hold: Option<Hold>,
        reporter: &'a mut dyn Reporter,
    ) -> Self {
        let (tasks, reporter) = (JoinSet::new(), Some(reporter));
        Self { setup, run, books, tasks, reporter, hold, seq: 0, halt: None, deadline: None, ending: None, lost: false }
    }

    /// Tops up the tasks, waits for one to end, for `stop` or for trouble, until nothing is left.
    pub(super) async fn drive(
        mut self,
        mut work: impl Iterator<Item = Result<Task, DatasetError>>,
        limits: Limits,
        stop: impl Future<Output = ()>,
    ) -> Result<Run, RunError> {
        let mut stop = pin!(stop);
        let mut waits = self.setup.waits.watch();
        let (mut exhausted, mut draining) = (false, true);
        self.emit(EventKind::RunStarted { run: Box::new(self.run.clone()) }).await;
        loop {
            while !exhausted && !waits.pauses && self.halt.is_none() && self.tasks.len() < limits.concurrency {
                match work.next() {
                    Some(Ok(task)) => self.start(task).await,
                    Some(Err(error)) => self.halt(RunStatus::Failed, Some(Stop::new(None, error.to_string()))),
                    None => exhausted = true,
                }
            }
            if self.tasks.is_empty() && (exhausted || self.halt.is_some()) {
                return Ok(self.close().await);
            }
            tokio::select! {
                biased;
                () = &mut stop, if self.deadline.is_none() => {
                    self.deadline = Some(Instant::now() + limits.drain);
                    self.ending = Some(self.setup.waits.end_by(Instant::now() + limits.patience()));
                    self.halt(RunStatus::Cancelled, None);
                }
                why = Hold::lost(self.hold.as_mut()), if !self.lost => self.lose(why),
                wait = waits.changed() => self.emit(EventKind::Waiting { wait }).await,
                () = passed(self.deadline.map(|end| end - limits.saving())), if draining => {
                    draining = false;
                    self.tasks.abort_all();
                }
                Some(ended) = self.tasks.join_next() => self.end(ended).await,
            }
        }
    }

    /// Another process works on the run: what is in flight here is dropped, so that nothing is asked twice.
    fn lose(&mut self, why: String) {
        self.lost = true;
        self.halt = Some((RunStatus::Interrupted, Some(Stop::new(None, why))));
        self.tasks.abort_all();
    }

    /// Spawned, so that a slow reporter holds back new starts but never stretches a measured latency.
    async fn start(&mut self, task: Task) {
        self.books.start();
        let (id, epoch) = (task.sample.id.clone(), task.epoch);
        self.tasks.spawn(self.setup.clone().evaluate(self.run.id, task));
        self.emit(EventKind::SampleStarted { sample: id, epoch }).await;
    }

    async fn end(&mut self, ended: Result<Ended, JoinError>) {
        match ended {
            Ok(Ended { evaluation, stop }) => {
                if let Some(stop) = stop {
                    let capped = stop.kind == Some(ProviderErrorKind::Capped);
                    self.halt(if capped { RunStatus::Capped } else { RunStatus::Failed }, Some(stop));
                }
                if let Some(evaluation) = evaluation {
                    self.books.push(&evaluation);
                    self.emit(EventKind::SampleFinished { evaluation: Box::new(evaluation) }).await;
                }
            }
            // Dropped by us: at the end of the drain, or because the run was lost.
            Err(error) if error.is_cancelled() && self.halt.is_some() => {}
            // Plug-ins are contained, so this is a defect of ours or a runtime that shuts down.
            Err(error) => self.halt(RunStatus::Failed, Some(Stop::new(None, format!("a task was lost: {error}")))),
        }
    }

    /// No new starts from here on. The first reason stays.
    fn halt(&mut self, status: RunStatus, stop: Option<Stop>) {
        self.halt.get_or_insert((status, stop));
    }

    async fn close(mut self) -> Run {
        let progress = self.books.progress();
        let (status, stop) = match self.halt.take() {
            Some((RunStatus::Cancelled, _)) if progress.pending() == 0 => (RunStatus::Finished, None),
            Some(halt) => halt,
            None => (RunStatus::Finished, None),
        };
        self.run.status = status;
        self.run.stop = stop;
        if self.books.recalled() && self.run.kind == RunKind::Evaluation {
            self.run.kind = RunKind::Recall;
        }
        // A clock that was set back must not make the run end before it began.
        self.run.finished = Some(clock::now().max(self.run.started));
        let books = std::mem::replace(&mut self.books, Summarizer::new(0, 1, 0.0));
        self.run.summary = Some(books.finish());
        let saved = passed_or(self.deadline, self.save()).await.is_some();
        if !saved {
            let why = "the store did not take the end of the run in time";
            self.run.stop.get_or_insert_with(|| Stop::new(None, why));
        }
        if let Some(hold) = self.hold.take().filter(|_| saved) {
            passed_or(self.deadline, hold.release()).await;
        }
        self.emit_with(EventKind::RunFinished { run: Box::new(self.run.clone()) }, progress).await;
        self.run
    }

    async fn save(&mut self) {
        let Some(store) = self.setup.store.as_ref().filter(|_| !self.lost) else { return };
        if let Err(error) = store.put_run(&self.run).await {
            tracing::error!(%error, run = %self.run.id, "the end of the run could not be stored");
            let why = format!("cannot store the end of the run: {error}");
            self.run.status = RunStatus::Failed;
            self.run.stop.get_or_insert_with(|| Stop::new(None, why));
        }
    }

    async fn emit(&mut self, kind: EventKind) {
        self.emit_with(kind, self.books.progress()).await;
    }

    async fn emit_with(&mut self, kind: EventKind, progress: crate::Progress) {
        let event = Event::new(self.run.id, self.seq, progress, kind);
        self.seq += 1;
        let Some(reporter) = &mut self.reporter else { return };
        let problem = match contain(reporter.report(&event)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic,
        };
        tracing::warn!(problem, run = %self.run.id, "the reporter failed and is left out from here on");
        self.reporter = None;
    }
}

/// Ready when the deadline has passed; never without one.
async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// What the work gives; `None` when the deadline passes first, or passed already and the work is not done within a
/// second.
async fn passed_or<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    let Some(deadline) = deadline else { return Some(work.await) };
    tokio::time::timeout_at(deadline.max(Instant::now() + Duration::from_secs(1)), work).await.ok()
}
