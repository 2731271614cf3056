//! The one thread that writes.

mod queue;

use std::sync::Arc;
use std::thread;

use diesel::prelude::*;
use eval_core::{Evaluation, RunId, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::database::connection::immediate;
use crate::database::error::{Failure, backend};
use crate::database::write::{Batch, Seen, put_evaluations};
use queue::{Queue, Waiting};

type Call = Box<dyn FnOnce(&mut SqliteConnection) + Send>;
/// One result for each batch, in order.
type Results = Vec<Result<(), StoreError>>;

enum Job {
    Put(Vec<Batch>, Waiting, oneshot::Sender<Waiting>),
    Call(Call),
}

/// The thread that owns the writing connection, and the queue before it. Whatever waits is committed in one transaction
/// and all who wait are answered: one commit serves many callers, and no timer makes anyone wait.
///
/// Dropped, it finishes what it has accepted and closes the file.
#[derive(Debug)]
pub(crate) struct Writer {
    jobs: Option<mpsc::UnboundedSender<Job>>,
    queue: Arc<Queue>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn spawn(connection: SqliteConnection) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let mut desk = Desk { connection, seen: Seen::default(), waiting };
        let thread = thread::Builder::new().name("eval-store-writer".to_owned()).spawn(move || desk.work())?;
        Ok(Self { jobs: Some(jobs), queue: Arc::default(), thread: Some(thread) })
    }

    /// Stores evaluations; on return they are committed.
    pub(crate) async fn put(&self, run: RunId, evaluations: Vec<Evaluation>) -> Result<(), StoreError> {
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        self.queue.commit(Batch { run, evaluations }, jobs).await
    }

    /// Runs a function on the writing connection.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let call = move |connection: &mut SqliteConnection| {
            // A caller that went away does not need its answer.
            let _ = answer.send(work(connection));
        };
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        jobs.send(Job::Call(Box::new(call))).map_err(|_| closed())?;
        Ok(answered.await.map_err(backend)??)
    }
}

fn closed() -> StoreError {
    backend("the store is closed")
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Accepted from callers that went away.
        let rest = self.queue.rest();
        if let Some(jobs) = self.jobs.take().filter(|_| !rest.is_empty()) {
            let _ = jobs.send(Job::Put(rest, Waiting::default(), oneshot::channel().0));
        }
        if let Some(thread) = self.thread.take() {
            // A panic there was already reported to whoever waited.
            let _ = thread.join();
        }
    }
}

/// What the thread has before it.
struct Desk {
    connection: SqliteConnection,
    seen: Seen,
    waiting: mpsc::UnboundedReceiver<Job>,
}

impl Desk {
    fn work(&mut self) {
        while let Some(job) = self.waiting.blocking_recv() {
            match job {
                Job::Call(call) => call(&mut self.connection),
                // Where the leader went away, the answers go out as they are dropped here.
                Job::Put(batches, waiting, answer) => drop(answer.send(waiting.answer(self.commit(&batches)))),
            }
        }
    }

    /// One transaction for all. Where that fails, one for each, so that nobody fails for another's fault.
    fn commit(&mut self, batches: &[Batch]) -> Results {
        let failure = match self.store(batches) {
            Ok(()) => return batches.iter().map(|_| Ok(())).collect(),
            Err(failure) => failure,
        };
        if failure.is_busy() {
            // Who waited twice for the lock need not wait again for each batch.
            let why = failure.to_string();
            return batches.iter().map(|_| Err(backend(why.clone()))).collect();
        }
        match batches {
            [_] => vec![Err(failure.into())],
            _ => batches.iter().map(|batch| Ok(self.store(std::slice::from_ref(batch))?)).collect(),
        }
    }

    fn store(&mut self, batches: &[Batch]) -> Result<(), Failure> {
        match self.transact(batches) {
            Err(failure) if failure.is_busy() => self.transact(batches),
            result => result,
        }
    }

    fn transact(&mut self, batches: &[Batch]) -> Result<(), Failure> {
        let seen = &mut self.seen;
        let result = immediate(&mut self.connection, |connection| put_evaluations(connection, seen, batches));
        if result.is_err() {
            self.seen.forget();
        }
        result
    }
}
