//! The loop of a run.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use tokio::task::{JoinError, JoinSet};

use super::contain::contain;
use super::task::{Ended, Setup};
use crate::summary::Summarizer;
use crate::{DatasetError, Event, EventKind, Reporter, Run, RunError, RunStatus, Sample, Stop, clock};

/// One run while it goes on: owns its tasks, its counts and the numbering of its events.
pub(super) struct Session<'a> {
    setup: Arc<Setup>,
    run: Run,
    books: Summarizer,
    tasks: JoinSet<Ended>,
    reporter: Option<&'a mut dyn Reporter>,
    seq: u64,
    halt: Option<(RunStatus, Option<Stop>)>,
}

impl<'a> Session<'a> {
    pub(super) fn new(setup: Arc<Setup>, run: Run, reporter: &'a mut dyn Reporter) -> Self {
        let books = Summarizer::new(run.planned, run.epochs, run.threshold);
        Self { setup, run, books, tasks: JoinSet::new(), reporter: Some(reporter), seq: 0, halt: None }
    }

    /// Tops up the tasks, waits for one to end or for `stop`, until nothing is left.
    pub(super) async fn drive(
        mut self,
        samples: impl Iterator<Item = Result<Sample, DatasetError>>,
        concurrency: usize,
        stop: impl Future<Output = ()>,
    ) -> Result<Run, RunError> {
        let mut stop = pin!(stop);
        let mut work = with_epochs(samples, self.run.epochs);
        let mut exhausted = false;
        self.emit(EventKind::RunStarted { run: Box::new(self.run.clone()) }).await;
        loop {
            while !exhausted && self.halt.is_none() && self.tasks.len() < concurrency {
                match work.next() {
                    Some(Ok((sample, epoch))) => self.start(sample, epoch).await,
                    Some(Err(error)) => self.halt(RunStatus::Failed, Some(Stop::new(None, error.to_string()))),
                    None => exhausted = true,
                }
            }
            if self.tasks.is_empty() {
                return Ok(self.close().await);
            }
            tokio::select! {
                biased;
                () = &mut stop, if !exhausted && self.halt.is_none() => self.halt(RunStatus::Cancelled, None),
                Some(ended) = self.tasks.join_next() => self.end(ended).await,
            }
        }
    }

    /// Spawned, so that a slow reporter holds back new starts but never stretches a measured latency.
    async fn start(&mut self, sample: Arc<Sample>, epoch: u32) {
        self.books.start();
        let id = sample.id.clone();
        self.tasks.spawn(self.setup.clone().evaluate(self.run.id, sample, epoch));
        self.emit(EventKind::SampleStarted { sample: id, epoch }).await;
    }

    async fn end(&mut self, ended: Result<Ended, JoinError>) {
        match ended {
            Ok(Ended { evaluation, stop }) => {
                self.books.push(&evaluation);
                if let Some(stop) = stop {
                    self.halt(RunStatus::Failed, Some(stop));
                }
                self.emit(EventKind::SampleFinished { evaluation: Box::new(evaluation) }).await;
            }
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
        self.run.finished = Some(clock::now());
        let books = std::mem::replace(&mut self.books, Summarizer::new(0, 1, 0.0));
        self.run.summary = Some(books.finish());
        self.save().await;
        self.emit_with(EventKind::RunFinished { run: Box::new(self.run.clone()) }, progress).await;
        self.run
    }

    async fn save(&mut self) {
        let Some(store) = &self.setup.store else { return };
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

/// All epochs of a sample stand together, so that only the questions in flight have open epochs.
fn with_epochs(
    samples: impl Iterator<Item = Result<Sample, DatasetError>>,
    epochs: u32,
) -> impl Iterator<Item = Result<(Arc<Sample>, u32), DatasetError>> {
    samples.flat_map(move |sample| {
        let (sample, error) = match sample {
            Ok(sample) => (Some(Arc::new(sample)), None),
            Err(error) => (None, Some(Err(error))),
        };
        let repeats =
            sample.into_iter().flat_map(move |sample| (1..=epochs).map(move |epoch| Ok((sample.clone(), epoch))));
        repeats.chain(error)
    })
}
