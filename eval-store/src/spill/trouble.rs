//! Trouble that may pass.

use std::time::Duration;

use eval_core::{StoreError, Waiting, Waits, error_chain};
use tokio::time::Instant;

/// How long trouble that may pass is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// After this time what waits in memory is copied to a file, so that a stop in the middle loses nothing.
    pub(super) hold: Duration,
    /// After this time it is given up.
    pub(super) end: Duration,
}

/// One caller in trouble. While it lives, the run is told to wait.
#[derive(Debug)]
pub(super) struct Trouble {
    patience: Patience,
    /// Since when the store has taken nothing, from anybody.
    since: Instant,
    pause: Duration,
    _waiting: Waiting,
}

impl Trouble {
    const FIRST_PAUSE: Duration = Duration::from_millis(50);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);

    pub(super) fn new(patience: Patience, since: Instant, waits: &Waits, cause: &StoreError) -> Self {
        let reason = error_chain(cause);
        tracing::debug!(reason, "waiting for the database");
        let waiting = waits.begin(reason);
        Self { patience, since, pause: Self::FIRST_PAUSE, _waiting: waiting }
    }

    /// Whether it has lasted so long that what waits should be safe on a disk.
    pub(super) fn is_long(&self) -> bool {
        self.since.elapsed() >= self.patience.hold
    }

    /// Whether it has lasted too long.
    pub(super) fn is_over(&self) -> bool {
        self.since.elapsed() >= self.patience.end
    }

    /// Waits before the next try, each time longer, up to a second.
    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Self::LONGEST_PAUSE);
    }
}
