//! The workers of a process.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eval_core::server::Runner;
use tokio::task::JoinSet;

use super::WorkersBuilder;
use super::worker::{Shared, Worker};
use crate::AppState;

/// How long what happens after runs may take when the process is about to end.
const TELLING: Duration = Duration::from_secs(10);

/// Makes the runs of the jobs that are queued, until it is shut down.
///
/// A worker has one job at a time, keeps it by signs of life and makes its runs with a [`Runner`]. Several processes may
/// work on one store: no two have the same job, and what one leaves behind the next one finds.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::{InMemory, Reporter, Run, RunError, async_trait};
/// use eval_core::server::{Job, JobRequest, Runner, Stopping};
/// use eval_server::{AppState, Workers};
///
/// /// Your own way from a request to runs, as a rule through an `Evaluator` or a `Group`.
/// struct Mine;
///
/// #[async_trait]
/// impl Runner for Mine {
///     async fn check(&self, _: &JobRequest) -> Result<(), RunError> { Ok(()) }
///     async fn run(&self, _: &Job, _: Box<dyn Reporter>, _: Stopping) -> Result<Vec<Run>, RunError> { Ok(vec![]) }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let runner = Arc::new(Mine);
/// let state = AppState::new(Arc::new(InMemory::new())).runner(runner.clone());
/// let workers = Workers::builder(&state, runner).concurrency(4).start();
/// // … serve `eval_server::router(state)` until it is time to end, then:
/// workers.shut_down().await;
/// # });
/// ```
#[must_use = "the workers stop at once when this is dropped"]
pub struct Workers {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// The settings of workers on the queue of this state, for the routes over it, with this one to make the runs.
    pub fn builder(state: &AppState, runner: Arc<dyn Runner>) -> WorkersBuilder {
        WorkersBuilder::new(state, runner)
    }

    pub(super) fn start(shared: Arc<Shared>, concurrency: usize) -> Self {
        let mut tasks = JoinSet::new();
        for _ in 0..concurrency {
            tasks.spawn(Worker::new(shared.clone()).work());
        }
        Self { shared, tasks }
    }

    /// Ends gracefully: takes no job any more, lets the runs that go on finish the questions in flight, saves them and
    /// leaves their jobs queued, so that the next process goes on with them. Streams of events end. Comes back when all
    /// that is done, as a rule within seconds.
    pub async fn shut_down(mut self) {
        self.shared.desk.close();
        while self.tasks.join_next().await.is_some() {}
        self.shared.telling.close();
        if tokio::time::timeout(TELLING, self.shared.telling.wait()).await.is_err() {
            tracing::warn!("what was to happen after runs was not done in time");
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("running", &self.tasks.len()).finish_non_exhaustive()
    }
}
