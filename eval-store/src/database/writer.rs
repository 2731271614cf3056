//! The one thread that writes.

use std::thread;

use diesel::prelude::*;
use eval_core::{Evaluation, RunId, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::database::connection::immediate;
use crate::database::error::{Failure, backend};
use crate::database::write::{Batch, Seen, put_evaluations};

/// At most so many evaluations in one transaction.
const MOST: usize = 256;
/// At most so many callers wait in the channel; the next one waits in front of it.
const WAITING: usize = 1024;

type Call = Box<dyn FnOnce(&mut SqliteConnection) + Send>;
type Answer = oneshot::Sender<Result<(), StoreError>>;

enum Job {
    Put(Batch, Answer),
    Call(Call),
}

/// The thread that owns the writing connection. It takes whatever waits, commits it in one transaction and answers
/// all: one commit serves many callers, and no timer makes anyone wait.
///
/// Dropped, it finishes what it has accepted and closes the file.
#[derive(Debug)]
pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn spawn(connection: SqliteConnection) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let mut desk = Desk { connection, seen: Seen::default(), waiting, stashed: None };
        let thread = thread::Builder::new().name("eval-store-writer".to_owned()).spawn(move || desk.work())?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Stores evaluations; on return they are committed.
    pub(crate) async fn put(&self, run: RunId, evaluations: Vec<Evaluation>) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Put(Batch { run, evaluations }, answer)).await?;
        answered.await.map_err(backend)?
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
        self.send(Job::Call(Box::new(call))).await?;
        Ok(answered.await.map_err(backend)??)
    }

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        let jobs = self.jobs.as_ref().ok_or_else(|| backend("the store is closed"))?;
        jobs.send(job).await.map_err(|_| backend("the thread that writes has ended"))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
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
    waiting: mpsc::Receiver<Job>,
    stashed: Option<Job>,
}

impl Desk {
    fn work(&mut self) {
        while let Some(job) = self.stashed.take().or_else(|| self.waiting.blocking_recv()) {
            match job {
                Job::Call(call) => call(&mut self.connection),
                Job::Put(batch, answer) => {
                    let (batches, answers) = self.gather(batch, answer);
                    self.commit(&batches, answers);
                }
            }
        }
    }

    /// Takes what waits as well, up to the first job of another kind.
    fn gather(&mut self, first: Batch, answer: Answer) -> (Vec<Batch>, Vec<Answer>) {
        let mut size = first.evaluations.len();
        let (mut batches, mut answers) = (vec![first], vec![answer]);
        while size < MOST {
            match self.waiting.try_recv() {
                Ok(Job::Put(batch, answer)) => {
                    size += batch.evaluations.len();
                    batches.push(batch);
                    answers.push(answer);
                }
                other => {
                    self.stashed = other.ok();
                    break;
                }
            }
        }
        (batches, answers)
    }

    /// One transaction for all. Where that fails, one for each, so that nobody fails for another's fault.
    fn commit(&mut self, batches: &[Batch], answers: Vec<Answer>) {
        let together = self.store(batches);
        // Who waited twice for the lock need not wait again for each batch.
        let busy = together.as_ref().err().filter(|failure| failure.is_busy()).map(ToString::to_string);
        let mut together = Some(together);
        for (batch, answer) in batches.iter().zip(answers) {
            let result = match (&together, &busy) {
                (_, Some(why)) => Err(backend(why.clone())),
                (Some(Ok(())), _) => Ok(()),
                _ if batches.len() == 1 => together.take().unwrap_or(Ok(())).map_err(StoreError::from),
                _ => self.store(std::slice::from_ref(batch)).map_err(StoreError::from),
            };
            // A caller that went away does not need its answer.
            let _ = answer.send(result);
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
