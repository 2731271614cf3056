//! What works beside the routes, from the start of a server to its end.

use std::sync::Arc;

use eval_core::server::Runner;
use eval_server::{AppState, Workers};

use crate::config::Settings;

/// What works in the background: a field each.
pub(super) struct Services {
    workers: Workers,
}

impl Services {
    /// Starts all of them.
    pub(super) fn start(settings: &Settings, state: &AppState, runner: Arc<dyn Runner>) -> Self {
        let jobs = &settings.jobs.value;
        let workers = Workers::builder(state, runner).concurrency(jobs.concurrency.get()).lost(jobs.lost.into());
        Self { workers: workers.start() }
    }

    /// Ends all of them: first who makes runs, last who tells of them.
    pub(super) async fn shut_down(self) {
        self.workers.shut_down().await;
    }
}
