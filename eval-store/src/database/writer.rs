//! The one thread that writes.

mod queue;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use eval_core::{Attempt, Sample, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::database::connection::Connection;
use crate::database::error::{Failure, backend};
use crate::database::leases::Held;
use crate::database::place::Place;
use crate::database::write::{Batch, Known, Notes, put_batches};
use queue::{Queue, Waiting};

type Call = Box<dyn FnOnce(&mut Desk, Instant) + Send>;
/// One result for each batch, in order.
type Results = Vec<Result<(), StoreError>>;

/// What waits for the thread since then.
struct Job {
    since: Instant,
    task: Task,
}

enum Task {
    Put(Vec<Batch>, Waiting, oneshot::Sender<Waiting>),
    Call(Call),
}

impl From<Task> for Job {
    fn from(task: Task) -> Self {
        Self { since: Instant::now(), task }
    }
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
    /// Begins with this connection; each call may take so long from when it is made.
    pub(crate) fn spawn(place: Place, connection: Connection, patience: Duration, held: Held) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let queue = Arc::<Queue>::default();
        let (known, notes) = (Known { held, ..Known::default() }, Notes::default());
        let mut desk = Desk { place, connection: Some(connection), patience, known, queue: queue.clone(), notes };
        let work = move || desk.work(waiting);
        let thread = thread::Builder::new().name("eval-store-writer".to_owned()).spawn(work)?;
        Ok(Self { jobs: Some(jobs), queue, thread: Some(thread) })
    }

    /// Stores a batch; on return it is committed.
    pub(crate) async fn put(&self, batch: Batch) -> Result<(), StoreError> {
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        self.queue.commit(batch, jobs).await
    }

    /// Leaves the end of an attempt for the next commit.
    pub(crate) fn end(&self, attempt: Attempt) {
        self.queue.notes().ended.push(attempt);
    }

    /// Leaves samples for the next commit.
    pub(crate) fn announce(&self, mut samples: Vec<Arc<Sample>>) {
        self.queue.notes().announced.append(&mut samples);
    }

    /// Runs work on the writing connection, and once more if the connection was lost in it.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let call = move |desk: &mut Desk, deadline| {
            // A caller that went away does not need its answer.
            let _ = answer.send(desk.place.run(&mut desk.connection, deadline, work));
        };
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        jobs.send(Task::Call(Box::new(call)).into()).map_err(|_| closed())?;
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
            let _ = jobs.send(Task::Put(rest, Waiting::default(), oneshot::channel().0).into());
        }
        if let Some(thread) = self.thread.take() {
            // A panic there was already reported to whoever waited.
            let _ = thread.join();
        }
    }
}

/// What the thread has before it.
struct Desk {
    place: Place,
    connection: Option<Connection>,
    patience: Duration,
    known: Known,
    queue: Arc<Queue>,
    /// What was left for the next commit.
    notes: Notes,
}

impl Desk {
    fn work(&mut self, mut waiting: mpsc::UnboundedReceiver<Job>) {
        while let Some(Job { since, task }) = waiting.blocking_recv() {
            let deadline = since + self.patience;
            match task {
                Task::Call(call) => {
                    self.flush(deadline);
                    call(self, deadline);
                }
                // Where the leader went away, the answers go out as they are dropped here.
                Task::Put(batches, waiting, answer) => {
                    drop(answer.send(waiting.answer(self.commit(&batches, deadline))));
                }
            }
        }
        self.flush(Instant::now() + self.patience);
    }

    /// Commits what was left, when no batch takes it along. What does not get through goes with the next commit.
    fn flush(&mut self, deadline: Instant) {
        self.notes.append(&mut self.queue.notes());
        if !self.notes.is_empty()
            && let Err(failure) = self.store(&[], deadline)
        {
            tracing::debug!(%failure, "what goes with the next commit is not stored yet");
        }
    }

    /// One transaction for all. Where that fails, one for each, so that nobody fails for another's fault.
    fn commit(&mut self, batches: &[Batch], deadline: Instant) -> Results {
        let failure = match self.store(batches, deadline) {
            Ok(()) => return batches.iter().map(|_| Ok(())).collect(),
            Err(failure) => failure,
        };
        match batches {
            [_] => vec![Err(failure.into())],
            // Nobody's fault, so that each would only wait for the same again.
            _ if failure.is_transient() => {
                let why = failure.to_string();
                batches.iter().map(|_| Err(StoreError::Unavailable(why.clone().into()))).collect()
            }
            _ => batches.iter().map(|batch| Ok(self.store(std::slice::from_ref(batch), deadline)?)).collect(),
        }
    }

    fn store(&mut self, batches: &[Batch], deadline: Instant) -> Result<(), Failure> {
        self.notes.append(&mut self.queue.notes());
        let (known, notes) = (&mut self.known, &self.notes);
        let stored = self.place.run(&mut self.connection, deadline, |connection| {
            let result = connection.write(|connection| put_batches(connection, known, batches, notes));
            if result.is_err() {
                known.samples.forget();
            }
            result
        });
        match &stored {
            Ok(()) => self.notes = Notes::default(),
            // It may be the fault of a sample that nobody has to store yet.
            Err(failure) if !failure.is_transient() => self.notes.announced.clear(),
            Err(_) => {}
        }
        stored
    }
}
