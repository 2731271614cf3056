//! What works beside the routes, from the start of a server to its end.

use std::sync::Arc;

use eval_core::server::{Runner, Signal, Stopping};
use eval_server::{Alerts, AppState, Webhooks, Workers, WorkersBuilder};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Settings;

/// What works in the background.
pub(super) struct Services {
    workers: Workers,
    /// Whoever else works until it hears the signal.
    others: JoinSet<()>,
    signal: watch::Sender<Signal>,
}

impl Services {
    /// Starts all of them.
    pub(super) fn start(
        settings: &Settings,
        state: &AppState,
        runner: Arc<dyn Runner>,
        (webhooks, alerts): (Option<Webhooks>, Alerts),
    ) -> Self {
        let jobs = &settings.jobs.value;
        let workers = Workers::builder(state, runner).concurrency(jobs.concurrency.get()).lost(jobs.lost.into());
        let workers = webhooks.into_iter().fold(workers, WorkersBuilder::after);
        let workers = workers.after(alerts.clone());
        let (signal, stop) = Stopping::channel();
        let mut others = JoinSet::new();
        others.spawn(state.clone().send_webhooks(stop.clone()));
        others.spawn(state.clone().run_schedules(stop.clone()));
        others.spawn(async move {
            tokio::select! {
                () = alerts.work() => {}
                () = stop.asked() => {}
            }
        });
        Self { workers: workers.start(), others, signal }
    }

    /// Ends all of them: first who makes runs, last who tells of them.
    pub(super) async fn shut_down(mut self) {
        self.workers.shut_down().await;
        self.signal.send_replace(Signal::Stop);
        while self.others.join_next().await.is_some() {}
    }
}
