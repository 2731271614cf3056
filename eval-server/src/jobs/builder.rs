//! How workers are set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eval_core::server::{Lost, Runner};
use eval_core::{Lease, Reports};

use super::worker::Shared;
use super::{AfterRuns, Desk, Workers};
use crate::{AppState, Books};

/// The settings of [`Workers`].
#[must_use = "no worker is there before start"]
pub struct WorkersBuilder {
    store: Arc<dyn Reports>,
    books: Arc<dyn Books>,
    desk: Arc<Desk>,
    runner: Arc<dyn Runner>,
    after: Vec<Arc<dyn AfterRuns>>,
    concurrency: usize,
    lost: Lost,
    poll: Duration,
}

impl WorkersBuilder {
    pub(super) fn new(state: &AppState, runner: Arc<dyn Runner>) -> Self {
        Self {
            store: state.store.clone(),
            books: state.books.clone(),
            desk: state.desk.clone(),
            runner,
            after: Vec::new(),
            concurrency: 2,
            lost: Lost::Resume,
            poll: Duration::from_secs(2),
        }
    }

    /// Jobs at once in this process. Default 2; 0 counts as 1.
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.concurrency = jobs.max(1);
        self
    }

    /// What becomes of jobs whose workers are gone. Default: they are [resumed](Lost::Resume).
    pub fn lost(mut self, lost: Lost) -> Self {
        self.lost = lost;
        self
    }

    /// How often an idle worker looks for jobs that other processes have queued, or lost. Default 2 s. A job that is
    /// queued in this process is taken at once.
    pub fn poll(mut self, every: Duration) -> Self {
        self.poll = every;
        self
    }

    /// One more that is told when runs have ended; they are told in the order in which they were given.
    pub fn after(mut self, hook: impl AfterRuns) -> Self {
        self.after.push(Arc::new(hook));
        self
    }

    /// Begins to work. Needs a tokio runtime.
    pub fn start(self) -> Workers {
        let shared = Shared {
            store: self.store,
            books: self.books,
            desk: self.desk,
            runner: self.runner,
            after: self.after.into(),
            lost: self.lost,
            poll: self.poll,
            heartbeat: Lease::HEARTBEAT,
            telling: Default::default(),
        };
        Workers::start(Arc::new(shared), self.concurrency)
    }
}

impl fmt::Debug for WorkersBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkersBuilder")
            .field("concurrency", &self.concurrency)
            .field("lost", &self.lost)
            .field("poll", &self.poll)
            .finish_non_exhaustive()
    }
}
