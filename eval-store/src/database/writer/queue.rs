//! Who waits for a commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eval_core::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::{Job, Task, closed};
use crate::database::error::backend;
use crate::database::write::{Batch, Notes};

/// At most so many evaluations in one transaction, unless one batch alone has more.
const MOST: usize = 256;

/// Batches that wait for the next commit.
///
/// One of the callers leads: it hands all batches to the writing thread at once and passes the results on. So a commit
/// wakes the thread once and the runtime once, however many callers it serves. Then the next one who waits leads. No
/// task of its own does that, because a task stands still when its runtime does, and callers may have several.
#[derive(Debug, Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: Vec<(Batch, oneshot::Sender<Turn>)>,
    led: bool,
}

/// What a caller waits for.
#[derive(Debug)]
enum Turn {
    /// The result of its batch.
    Done(Result<(), StoreError>),
    /// The others are waiting for it; its own result comes by the receiver. That stands first: dropped together, the
    /// caller is gone before the lead passes on, and so is not chosen again.
    Lead(oneshot::Receiver<Turn>, Lead),
}

impl Queue {
    /// Joins the next commit and waits for it.
    pub(super) async fn commit(
        self: &Arc<Self>,
        batch: Batch,
        jobs: &mpsc::UnboundedSender<Job>,
    ) -> Result<(), StoreError> {
        let (mut lead, mut turn) = self.join(batch);
        loop {
            if let Some(lead) = lead.take() {
                lead.serve(jobs).await?;
            }
            match turn.await.map_err(backend)? {
                Turn::Done(result) => return result,
                Turn::Lead(receiver, next) => (turn, lead) = (receiver, Some(next)),
            }
        }
    }

    /// Lets others run for as long as they join this commit: callers that are ready, and those whose answers arrive
    /// meanwhile. A turn in which nobody joins ends it, so that nobody waits for a caller who is not there.
    async fn gather(&self) {
        let mut joined = 0;
        loop {
            tokio::task::yield_now().await;
            let waiting = self.lock().waiting.len();
            if waiting <= joined || waiting >= MOST {
                return;
            }
            joined = waiting;
        }
    }

    /// What goes with the next commit.
    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What nobody waits for any more, when the store is dropped.
    pub(super) fn rest(&self) -> Vec<Batch> {
        self.lock().waiting.drain(..).map(|(batch, _)| batch).collect()
    }

    fn join(self: &Arc<Self>, batch: Batch) -> (Option<Lead>, oneshot::Receiver<Turn>) {
        let (sender, turn) = oneshot::channel();
        let mut line = self.lock();
        line.waiting.push((batch, sender));
        let first = !std::mem::replace(&mut line.led, true);
        (first.then(|| Lead { queue: self.clone() }), turn)
    }

    /// The batches of the next commit.
    fn take(&self) -> (Vec<Batch>, Vec<oneshot::Sender<Turn>>) {
        let mut line = self.lock();
        let mut size = 0;
        let fits = |(batch, _): &&(Batch, _)| {
            size += batch.len();
            size <= MOST
        };
        let count = line.waiting.iter().take_while(fits).count().max(1).min(line.waiting.len());
        line.waiting.drain(..count).unzip()
    }

    /// Lets the next caller lead that still waits.
    fn hand_on(self: &Arc<Self>) {
        let mut line = self.lock();
        let next = line.waiting.iter_mut().find(|(_, sender)| !sender.is_closed());
        let Some((_, sender)) = next else {
            line.led = false;
            return;
        };
        let (later, receiver) = oneshot::channel();
        let sender = std::mem::replace(sender, later);
        drop(line);
        // One that goes away just now drops its turn, and with it hands on again.
        drop(sender.send(Turn::Lead(receiver, Lead { queue: self.clone() })));
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right and the duty to lead. Dropped, at the end or because its caller went away, it passes to the next.
#[derive(Debug)]
struct Lead {
    queue: Arc<Queue>,
}

impl Lead {
    /// Sees one commit through.
    async fn serve(self, jobs: &mpsc::UnboundedSender<Job>) -> Result<(), StoreError> {
        self.queue.gather().await;
        let (batches, callers) = self.queue.take();
        let (answer, committed) = oneshot::channel();
        let task = Task::Put(batches, Waiting { callers, results: Vec::new() }, answer);
        jobs.send(task.into()).map_err(|_| closed())?;
        drop(committed.await.map_err(backend)?);
        Ok(())
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.queue.hand_on();
    }
}

/// Callers and their results. Dropped, wherever that is, it tells them: by the leader usually, which wakes its own
/// runtime for nothing; by the writing thread when the leader went away.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    callers: Vec<oneshot::Sender<Turn>>,
    results: Vec<Result<(), StoreError>>,
}

impl Waiting {
    /// The same callers with one result for each batch, in order.
    pub(super) fn answer(mut self, results: Vec<Result<(), StoreError>>) -> Self {
        self.results = results;
        self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        for (caller, result) in self.callers.drain(..).zip(self.results.drain(..)) {
            // A caller that went away does not need its answer.
            let _ = caller.send(Turn::Done(result));
        }
    }
}
