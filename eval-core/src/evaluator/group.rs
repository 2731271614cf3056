//! Several models over one data set at once.

use std::future::Future;

use async_trait::async_trait;
use tokio::sync::{Mutex, watch};

use super::join::join_all;
use super::{Again, Evaluator};
use crate::{BoxError, Dataset, Event, Reporter, Run, RunError, RunId};

/// Several evaluators over one data set at once: one run each, with a common group id.
///
/// The runs are independent: one that fails leaves the others alone. Their events reach the reporter one at a time,
/// each run's own in order.
#[derive(Debug, Clone)]
pub struct Group {
    id: RunId,
    evaluators: Vec<Evaluator>,
}

impl Group {
    /// A group of these evaluators, under a new id.
    pub fn new(evaluators: impl IntoIterator<Item = Evaluator>) -> Self {
        let id = RunId::new();
        let join = |mut evaluator: Evaluator| {
            evaluator.blank.group = Some(id);
            evaluator
        };
        Self { id, evaluators: evaluators.into_iter().map(join).collect() }
    }

    /// The id that all runs of the group carry.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Runs all to the end of the data set. The results stand in the order of the evaluators.
    pub async fn run(&self, dataset: &Dataset, reporter: &mut dyn Reporter) -> Vec<Result<Run, RunError>> {
        self.run_until(dataset, reporter, std::future::pending()).await
    }

    /// Runs all until the end of the data set or until `stop` is ready, as [`Evaluator::run_until`].
    pub async fn run_until(
        &self,
        dataset: &Dataset,
        reporter: &mut dyn Reporter,
        stop: impl Future<Output = ()> + Send,
    ) -> Vec<Result<Run, RunError>> {
        let shared = Mutex::new(reporter);
        let (stopper, stopped) = watch::channel(false);
        let runs = self.evaluators.iter().map(|evaluator| {
            let (stop, mut reporter) = (told(stopped.clone()), Shared(&shared));
            async move { evaluator.run_until(dataset, &mut reporter, stop).await }
        });
        until(join_all(runs), stopper, stop).await
    }

    /// Goes on with stored runs, the first evaluator with the first run and so on, as [`Evaluator::resume_until`]. The
    /// runs keep the group that they were started in.
    pub async fn resume_until(
        &self,
        runs: &[RunId],
        again: Again,
        dataset: &Dataset,
        reporter: &mut dyn Reporter,
        stop: impl Future<Output = ()> + Send,
    ) -> Vec<Result<Run, RunError>> {
        let shared = Mutex::new(reporter);
        let (stopper, stopped) = watch::channel(false);
        let runs = self.evaluators.iter().zip(runs).map(|(evaluator, run)| {
            let (stop, mut reporter) = (told(stopped.clone()), Shared(&shared));
            async move { evaluator.resume_until(*run, again, dataset, &mut reporter, stop).await }
        });
        until(join_all(runs), stopper, stop).await
    }
}

/// Ready when all runs of the group are to stop.
async fn told(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone: then nobody can stop the run any more.
    if stopped.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Awaits the runs, and tells them once when it is time to stop.
async fn until<T>(runs: impl Future<Output = T>, stopper: watch::Sender<bool>, stop: impl Future<Output = ()>) -> T {
    let stop = async {
        stop.await;
        stopper.send_replace(true);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        runs = runs => runs,
        () = stop => unreachable!("waits for ever"),
    }
}

/// A reporter used by several runs in turn.
struct Shared<'a, 'b>(&'a Mutex<&'b mut dyn Reporter>);

#[async_trait]
impl Reporter for Shared<'_, '_> {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        self.0.lock().await.report(event).await
    }
}
