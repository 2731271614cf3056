//! What this process knows of itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::metrics::{Requests, Stored};

/// What was found, and when.
type Kept<T> = Mutex<Option<(Instant, T)>>;

/// What this process knows of itself: since when it runs, whether it is about to end, what it was asked.
pub(crate) struct Pulse {
    began: Instant,
    stopping: AtomicBool,
    readiness: Kept<Option<&'static str>>,
    stored: Kept<Option<Stored>>,
    pub(super) requests: Requests,
}

impl Default for Pulse {
    fn default() -> Self {
        let (readiness, stored) = (Mutex::default(), Mutex::default());
        let (began, stopping) = (Instant::now(), AtomicBool::default());
        Self { began, stopping, readiness, stored, requests: Requests::default() }
    }
}

impl Pulse {
    pub(crate) fn uptime(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// What stands in the way of readiness, as it was found at most so long ago.
    pub(super) async fn readiness(
        &self,
        holds: Duration,
        look: impl AsyncFnOnce() -> Option<&'static str>,
    ) -> Option<&'static str> {
        held(&self.readiness, holds, look).await
    }

    /// Figures of the store, as they were found at most so long ago; `None` when it could not be read.
    pub(super) async fn stored(&self, holds: Duration, look: impl AsyncFnOnce() -> Option<Stored>) -> Option<Stored> {
        held(&self.stored, holds, look).await
    }
}

/// One looks, and all others wait for what is found.
async fn held<T: Clone>(kept: &Kept<T>, holds: Duration, look: impl AsyncFnOnce() -> T) -> T {
    let mut kept = kept.lock().await;
    if let Some((at, found)) = kept.as_ref()
        && at.elapsed() < holds
    {
        return found.clone();
    }
    let found = look().await;
    *kept = Some((Instant::now(), found.clone()));
    found
}
