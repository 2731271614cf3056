//! What a run waits for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

/// Counters of who waits for what, shared by the parts of a run: a store in trouble says so here, and the run asks
/// nothing new until it is over. Clones count together.
///
/// ```
/// use eval_core::Waits;
/// let waits = Waits::new();
/// let waiting = waits.begin("the database is locked");
/// assert_eq!(waits.now().unwrap().reason, "the database is locked");
/// drop(waiting);
/// assert_eq!(waits.now(), None);
/// ```
#[derive(Debug, Clone)]
pub struct Waits(Arc<watch::Sender<State>>);

#[derive(Debug, Default)]
struct State {
    count: u64,
    reason: String,
    /// From when on nobody should wait any more, for each run that was asked to stop.
    ends: Vec<Instant>,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wait {
    /// What it is, for a person; the first one that was told.
    pub reason: String,
    /// How many wait.
    pub count: u64,
}

/// Counts as waiting until it is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it counts as no wait"]
pub struct Waiting(Waits);

/// A run that is to end, until it is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it ends nothing"]
pub struct Ending(Waits, Instant);

impl Waits {
    /// Nobody waits.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(State::default())))
    }

    /// Counts one who waits, until the value is dropped.
    pub fn begin(&self, reason: impl Into<String>) -> Waiting {
        self.0.send_modify(|state| {
            if state.count == 0 {
                state.reason = reason.into();
            }
            state.count += 1;
        });
        Waiting(self.clone())
    }

    /// What is waited for; `None` when nobody waits.
    pub fn now(&self) -> Option<Wait> {
        let state = self.0.borrow();
        (state.count > 0).then(|| Wait { reason: state.reason.clone(), count: state.count })
    }

    /// Says that a run is to end: from this moment on what waits is brought to safety and waited for no longer, until the
    /// value is dropped. Runs that share the counters share this too.
    pub fn end_by(&self, moment: Instant) -> Ending {
        self.0.send_modify(|state| state.ends.push(moment));
        Ending(self.clone(), moment)
    }

    /// Ready when the moment has come that [`end_by`](Self::end_by) told; never without one. Needs a tokio runtime with a
    /// timer.
    pub async fn ended(&self) {
        let mut receiver = self.0.subscribe();
        // An error would mean that the sender is gone, which is in `self`.
        let told = receiver.wait_for(|state| !state.ends.is_empty()).await;
        let moment = told.ok().and_then(|state| state.ends.iter().min().copied());
        match moment {
            Some(moment) => tokio::time::sleep_until(moment).await,
            None => std::future::pending().await,
        }
    }

    /// Whether that moment has come.
    pub fn has_ended(&self) -> bool {
        self.0.borrow().ends.iter().any(|moment| *moment <= Instant::now())
    }

    /// A view of its own on the changes.
    pub(crate) fn watch(&self) -> Watch {
        Watch { waits: self.clone(), receiver: self.0.subscribe(), waiting: false }
    }
}

/// Sees when somebody begins to wait and when nobody does any more.
#[derive(Debug)]
pub(crate) struct Watch {
    waits: Waits,
    receiver: watch::Receiver<State>,
    /// Whether somebody waited when it was last looked.
    pub(crate) waiting: bool,
}

impl Watch {
    /// Ready at the next change, with what is waited for now.
    pub(crate) async fn changed(&mut self) -> Option<Wait> {
        let waiting = self.waiting;
        // An error would mean that the sender is gone, which is in `self`.
        let _ = self.receiver.wait_for(|state| (state.count > 0) != waiting).await;
        self.waiting = !waiting;
        self.waits.now()
    }
}

impl Default for Waits {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.count -= 1);
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| {
            if let Some(at) = state.ends.iter().position(|moment| *moment == self.1) {
                state.ends.swap_remove(at);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_earliest_end_counts_and_ends_with_its_run() {
        let waits = Waits::new();
        let (soon, later) = (Instant::now() + Duration::from_secs(1), Instant::now() + Duration::from_secs(9));
        let _late = waits.end_by(later);
        let early = waits.end_by(soon);
        assert!(!waits.has_ended());
        waits.ended().await;
        assert_eq!(Instant::now(), soon);
        assert!(waits.has_ended());
        drop(early);
        assert!(!waits.has_ended(), "the other run has time yet");
        waits.ended().await;
        assert_eq!(Instant::now(), later);
    }
}
