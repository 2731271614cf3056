//! What a run waits for.

mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch as channel;
use tokio::time::Instant;

use crate::clock;

pub(crate) use watch::Watch;

/// Counters of who waits for what, shared by the parts of a run. Clones count together.
///
/// There are two kinds. A store in trouble [begins](Self::begin) a wait, and the run asks nothing new until it is over. A
/// limit that keeps calls from an endpoint [holds](Self::hold) them: that is shown, and the run goes on.
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
pub struct Waits(Arc<channel::Sender<State>>);

#[derive(Debug, Default)]
struct State {
    count: u64,
    reason: String,
    /// The limits that hold calls, the one that held first at the front.
    held: Vec<Holding>,
    /// The number of the next of them.
    next: u64,
    /// From when on nobody should wait any more, for each run that was asked to stop.
    ends: Vec<Instant>,
}

/// What a limit says of the calls that it holds.
#[derive(Debug)]
struct Holding {
    number: u64,
    reason: String,
    since: Instant,
    until: Instant,
    count: Arc<AtomicU64>,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Wait {
    /// What it is, for a person; the first one that was told.
    pub reason: String,
    /// How many wait.
    pub count: u64,
    /// When it is looked at again (UTC); `None` when nobody can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether the run asks nothing new meanwhile.
    #[serde(default = "yes")]
    pub pauses: bool,
}

fn yes() -> bool {
    true
}

/// Counts as waiting until it is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it counts as no wait"]
pub struct Waiting(Waits);

/// Calls that are held, until it is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, nothing is held"]
pub struct Held(Waits, u64);

/// A run that is to end, until it is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it ends nothing"]
pub struct Ending(Waits, Instant);

impl Waits {
    /// Nobody waits.
    pub fn new() -> Self {
        Self(Arc::new(channel::Sender::new(State::default())))
    }

    /// Counts one who waits, until the value is dropped. The run asks nothing new meanwhile.
    pub fn begin(&self, reason: impl Into<String>) -> Waiting {
        self.0.send_modify(|state| {
            if state.count == 0 {
                state.reason = reason.into();
            }
            state.count += 1;
        });
        Waiting(self.clone())
    }

    /// Says that so many calls are held until then, until the value is dropped. The run goes on, and tells of it when it
    /// takes longer than a second. The count may move meanwhile.
    pub fn hold(&self, reason: impl Into<String>, until: Instant, count: Arc<AtomicU64>) -> Held {
        let mut number = 0;
        self.0.send_modify(|state| {
            number = state.next;
            state.next += 1;
            state.held.push(Holding { number, reason: reason.into(), since: Instant::now(), until, count });
        });
        Held(self.clone(), number)
    }

    /// What is waited for: what keeps the run from asking before what is only held; `None` when nobody waits.
    pub fn now(&self) -> Option<Wait> {
        self.0.borrow().now(|_| true)
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
        Watch::new(self.0.subscribe())
    }
}

impl State {
    /// What is waited for; of what is held, the longest that is to be told.
    fn now(&self, told: impl Fn(&Holding) -> bool) -> Option<Wait> {
        if self.count > 0 {
            return Some(Wait { reason: self.reason.clone(), count: self.count, until: None, pauses: true });
        }
        let held = self.held.iter().filter(|held| told(held)).max_by_key(|held| held.until)?;
        let left = held.until.saturating_duration_since(Instant::now());
        let until = clock::now().checked_add(left).ok();
        let count = held.count.load(Ordering::Relaxed);
        Some(Wait { reason: held.reason.clone(), count, until, pauses: false })
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

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.held.retain(|held| held.number != self.1));
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
