//! What a worker hears of the runs that it makes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eval_core::server::{Beat, JobId, JobQueue as _};
use eval_core::{BoxError, Event, EventKind, Owner, Reporter, Run, RunId, RunStatus, Timestamp, async_trait};
use tokio::sync::watch;

use super::worker::Shared;

/// What the worker was asked to do, if anything. Later ones outweigh earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    /// To go on.
    Nothing,
    /// To leave the job to another process, as this one is about to end.
    Leave,
    /// To pause it.
    Pause,
    /// To cancel it.
    Cancel,
}

impl Asked {
    /// What a run is that was stopped for this.
    pub(super) fn status(self) -> RunStatus {
        match self {
            Self::Nothing | Self::Cancel => RunStatus::Cancelled,
            Self::Leave => RunStatus::Queued,
            Self::Pause => RunStatus::Paused,
        }
    }
}

/// The runs of a job that were begun, in the order in which they began.
#[derive(Debug, Clone, Default)]
pub(super) struct Begun(Arc<Mutex<Vec<RunId>>>);

impl Begun {
    pub(super) fn new(runs: &[RunId]) -> Self {
        Self(Arc::new(Mutex::new(runs.to_vec())))
    }

    /// The runs.
    pub(super) fn runs(&self) -> Vec<RunId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A run begins; whether it is a new one.
    fn add(&self, run: RunId) -> bool {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !runs.contains(&run);
        if is_new {
            runs.push(run);
        }
        is_new
    }
}

/// Passes events on to whoever watches, and writes each run down at its job before its first question is asked: a run that
/// has asked something is never lost to its job.
pub(super) struct Feed {
    pub(super) shared: Arc<Shared>,
    pub(super) job: JobId,
    pub(super) owner: Owner,
    pub(super) begun: Begun,
    pub(super) asked: watch::Receiver<Asked>,
}

impl Feed {
    /// Writes a new run down, however long the store takes: the run waits for it. When the job is lost meanwhile, it
    /// waits for its end.
    async fn write_down(&self) {
        loop {
            let runs = self.begun.runs();
            match self.shared.books.heartbeat(self.job, &self.owner, Timestamp::now(), &runs).await {
                Ok(Beat::Lost) => {
                    self.shared.desk.ring();
                    std::future::pending::<()>().await;
                }
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(%error, job = %self.job, "a run that begins cannot be written down for now");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Whether a run that was stopped has ended, and is not only to wait.
    fn has_ended(&self, run: &Run) -> bool {
        run.status != RunStatus::Cancelled || self.asked.borrow().status().is_end()
    }
}

#[async_trait]
impl Reporter for Feed {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        let hub = &self.shared.desk.hub;
        match &event.kind {
            EventKind::RunStarted { .. } => {
                let is_new = self.begun.add(event.run);
                if is_new {
                    self.write_down().await;
                }
                hub.open(event.run, is_new);
                hub.push(event);
                self.shared.desk.ring();
            }
            EventKind::RunFinished { run } if self.has_ended(run) => {
                hub.push(event);
                hub.end(event.run);
            }
            // Who watches is shown the run as it waits, once that is stored.
            EventKind::RunFinished { .. } => {}
            _ => hub.push(event),
        }
        Ok(())
    }
}
