//! One worker: claims a job, works on it, claims the next.

use std::sync::Arc;
use std::time::Duration;

use eval_core::server::{Claim, JobQueue as _, Lost, Runner};
use eval_core::{Owner, Reports, Timestamp};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::desk::closed;
use super::work::Work;
use super::{AfterRuns, Desk};
use crate::Books;

/// What the workers of a process share.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Reports>,
    pub(super) books: Arc<dyn Books>,
    pub(super) desk: Arc<Desk>,
    pub(super) runner: Arc<dyn Runner>,
    pub(super) after: Arc<[Arc<dyn AfterRuns>]>,
    pub(super) lost: Lost,
    pub(super) poll: Duration,
    pub(super) heartbeat: Duration,
    /// Those who are told of runs just now.
    pub(super) telling: TaskTracker,
}

/// A worker.
pub(super) struct Worker {
    shared: Arc<Shared>,
    owner: Owner,
    bell: watch::Receiver<()>,
    closing: watch::Receiver<bool>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (bell, closing) = (shared.desk.bell(), shared.desk.closing());
        Self { shared, owner: Owner::new(), bell, closing }
    }

    /// Works until the process is about to end.
    pub(super) async fn work(mut self) {
        while !*self.closing.borrow() {
            // Before the queue is read, so that a job which comes right after is heard.
            self.bell.mark_unchanged();
            let claim = Claim::new(self.owner.clone(), Timestamp::now(), self.shared.lost);
            match self.shared.books.claim(&claim).await {
                Ok(Some(job)) => Work::new(self.shared.clone(), self.owner.clone(), job).run().await,
                Ok(None) => self.idle().await,
                Err(error) => {
                    tracing::warn!(%error, "the queue of jobs cannot be read for now");
                    self.idle().await;
                }
            }
        }
    }

    /// Until something may have changed.
    async fn idle(&mut self) {
        tokio::select! {
            () = closed(&mut self.closing) => {}
            _ = self.bell.changed() => {}
            () = tokio::time::sleep(self.shared.poll) => {}
        }
    }
}
