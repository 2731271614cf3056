//! Who waits for a commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eval_core::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::Job;
use crate::database::write::Batch;

/// At most so many evaluations in one transaction, unless one batch alone has more.
const MOST: usize = 256;

type Answer = oneshot::Sender<Result<(), StoreError>>;
type Answered = oneshot::Receiver<Result<(), StoreError>>;

/// Batches that wait for the next commit.
///
/// A task on the callers' runtime, the leader, hands them to the writing thread all at once and passes the results on.
/// So a commit wakes the thread once and the runtime once, however many callers it serves.
#[derive(Debug, Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: Vec<(Batch, Answer)>,
    led: bool,
}

impl Queue {
    /// Joins the next commit.
    pub(super) fn push(self: &Arc<Self>, batch: Batch, jobs: &mpsc::UnboundedSender<Job>) -> Answered {
        let (answer, answered) = oneshot::channel();
        let mut line = self.lock();
        line.waiting.push((batch, answer));
        if !std::mem::replace(&mut line.led, true) {
            // A weak sender: a leader that still waits must not keep a dropped store open.
            tokio::spawn(Leader { queue: self.clone(), jobs: jobs.downgrade(), done: false }.lead());
        }
        answered
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The batches of the next commit, or nothing, and then there is no leader any more.
    fn take(&self) -> (Vec<Batch>, Vec<Answer>) {
        let mut line = self.lock();
        let mut size = 0;
        let fits = |(batch, _): &&(Batch, Answer)| {
            size += batch.evaluations.len();
            size <= MOST
        };
        let count = line.waiting.iter().take_while(fits).count().max(1).min(line.waiting.len());
        line.led = count > 0;
        line.waiting.drain(..count).unzip()
    }
}

struct Leader {
    queue: Arc<Queue>,
    jobs: mpsc::WeakUnboundedSender<Job>,
    /// Whether it has handed the queue back; another leader may be at work since.
    done: bool,
}

impl Leader {
    async fn lead(mut self) {
        loop {
            // Callers that are ready to run now join this commit.
            tokio::task::yield_now().await;
            let (batches, answers) = self.queue.take();
            if batches.is_empty() {
                self.done = true;
                return;
            }
            let (answer, committed) = oneshot::channel();
            let accepted = self.jobs.upgrade().is_some_and(|jobs| jobs.send(Job::Put(batches, answer)).is_ok());
            let Some(results) = (if accepted { committed.await.ok() } else { None }) else { return };
            for (answer, result) in answers.into_iter().zip(results) {
                // A caller that went away does not need its answer.
                let _ = answer.send(result);
            }
        }
    }
}

impl Drop for Leader {
    /// A leader that ends early (the store is closed, its runtime shuts down) leaves nobody waiting for ever: whose
    /// answer is dropped, hears that.
    fn drop(&mut self) {
        if !self.done {
            let mut line = self.queue.lock();
            line.led = false;
            line.waiting.clear();
        }
    }
}
