//! The queue before an endpoint and a model.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eval_core::{Completion, Held, ProviderError, Request, Waits};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::gate::{Decision, Gate, Pause, Ticket};
use super::settings::Settings;

/// What is waited for a shorter time is not shown.
const SHOWN: Duration = Duration::from_secs(1);

/// Calls to one model of one endpoint, first come first served. Only the first in the queue looks at the gate.
#[derive(Debug)]
pub(super) struct Lane {
    gate: Mutex<Gate>,
    /// Whose turn it is, and what is shown of those who wait.
    turn: tokio::sync::Mutex<Option<Shown>>,
    /// A call ended, so the gate may decide otherwise.
    changed: Notify,
    queued: Arc<AtomicU64>,
    waits: Waits,
}

/// What is shown of those who wait.
#[derive(Debug)]
struct Shown {
    why: String,
    until: Instant,
    _held: Held,
}

impl Lane {
    pub(super) fn new(model: &str, settings: Settings, waits: Waits) -> Self {
        let gate = Mutex::new(Gate::new(model, settings));
        let (turn, changed) = (tokio::sync::Mutex::new(None), Notify::new());
        Self { gate, turn, changed, queued: Arc::default(), waits }
    }

    /// Waits for its turn. Fails when no further call would help.
    pub(super) async fn enter(&self, request: &Request) -> Result<Entry<'_>, ProviderError> {
        let _queued = Queued::new(&self.queued);
        let mut shown = self.turn.lock().await;
        let mut waited = false;
        loop {
            let decision = self.gate().admit(Instant::now(), request);
            match decision {
                Decision::Go(ticket) => {
                    if !waited || self.queued.load(Ordering::Relaxed) == 1 {
                        *shown = None;
                    }
                    return Ok(Entry { lane: self, ticket: Some(ticket) });
                }
                Decision::Fail(cause) => {
                    *shown = None;
                    return Err(cause.error());
                }
                Decision::Wait(pause) => {
                    waited |= pause.why.is_some();
                    self.show(&mut shown, &pause);
                    self.wait(pause.until).await;
                }
            }
        }
    }

    async fn wait(&self, until: Option<Instant>) {
        match until {
            Some(until) => drop(timeout_at(until, self.changed.notified()).await),
            None => self.changed.notified().await,
        }
    }

    /// Shows what is waited for, until the last in the queue is expected to go.
    fn show(&self, shown: &mut Option<Shown>, pause: &Pause) {
        let (Some(why), Some(until)) = (&pause.why, pause.until) else { return };
        let now = Instant::now();
        if shown.as_ref().is_some_and(|shown| shown.why == *why && (shown.until >= until || shown.until > now)) {
            return;
        }
        let behind = self.queued.load(Ordering::Relaxed).saturating_sub(1) as f64;
        let last = pause.rate.map_or(0.0, |rate| behind / rate).min(86_400.0);
        let until = until + Duration::from_secs_f64(last);
        *shown = (until >= now + SHOWN).then(|| {
            let held = self.waits.hold(why, until, self.queued.clone());
            Shown { why: why.clone(), until, _held: held }
        });
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts as waiting until it is dropped.
struct Queued<'a>(&'a AtomicU64);

impl<'a> Queued<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A call in flight. Dropped before its end, it was abandoned.
pub(super) struct Entry<'a> {
    lane: &'a Lane,
    ticket: Option<Ticket>,
}

impl Entry<'_> {
    /// The call ended.
    pub(super) fn settle(mut self, request: &Request, result: &mut Result<Completion, ProviderError>) {
        if let Some(ticket) = self.ticket.take() {
            self.lane.gate().settle(&ticket, request, result);
            self.lane.changed.notify_one();
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.lane.gate().abandon(&ticket);
            self.lane.changed.notify_one();
        }
    }
}
