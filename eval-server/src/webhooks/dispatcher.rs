//! Sends what is due.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eval_core::server::{Delivery, Outbox, Sent, Stopping, Subscription};
use eval_core::{Reports, StoreError, Timestamp, error_chain};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use super::{Delivered, Next, Webhooks, retry_delay};
use crate::Books;

/// Attempts at once.
const AT_ONCE: usize = 8;
/// How often runs are looked for that have ended in other processes.
const POLL: Duration = Duration::from_secs(5);
/// How long what was taken counts as being sent: longer than an attempt can take, with the store's own delays.
const HOLD: Duration = Duration::from_secs(60);

/// Tells the time.
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Sends webhooks when they are due, from the [`Outbox`](eval_core::server::Outbox) of a store. Any number may do so on one
/// database, in one process or in many: a delivery is taken by one of them. One that is killed loses nothing; what it had
/// taken is due again after a minute, under the same `webhook-id`.
///
/// Whatever a receiver does, runs are not touched: they are stored before anything is due.
#[derive(Clone)]
pub struct Dispatcher {
    webhooks: Webhooks,
    store: Arc<dyn Reports>,
    books: Arc<dyn Books>,
    subscriptions: Arc<OnceCell<Vec<Subscription>>>,
    clock: Clock,
}

impl Dispatcher {
    /// Sends to these, of the runs of this store.
    pub fn new<S: Reports + Books>(webhooks: Webhooks, store: Arc<S>) -> Self {
        Self::of(webhooks, store.clone(), store)
    }

    /// The same over a store that has the runs, and another that has all else.
    pub fn of(webhooks: Webhooks, store: Arc<dyn Reports>, books: Arc<dyn Books>) -> Self {
        let subscriptions = Arc::default();
        Self { webhooks, store, books, subscriptions, clock: Arc::new(Timestamp::now) }
    }

    /// The same with another clock: for tests.
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sends until it is asked to stop; attempts that are under way then end first, which takes 15 seconds at most. A
    /// store in trouble is waited for.
    pub async fn run(self, stop: Stopping) {
        loop {
            let next = match self.turn(&stop).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(error = error_chain(&error), "webhooks wait for the store");
                    None
                }
            };
            let until = |next: Timestamp| Duration::try_from(next.duration_since(self.now())).unwrap_or_default();
            let pause = next.map_or(POLL, until).min(POLL);
            tokio::select! {
                () = stop.clone().asked() => return,
                () = self.webhooks.woken() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Sends all that is due now, and gives the time (UTC) of the first attempt that has to be repeated; other processes may
    /// know earlier ones. For hosts with a loop of their own.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read or written. What could not be noted is sent again.
    pub async fn turn(&self, stop: &Stopping) -> Result<Option<Timestamp>, StoreError> {
        let mut under_way = JoinSet::new();
        let (mut soonest, mut failure) = (None, None);
        loop {
            let free = AT_ONCE - under_way.len();
            if free > 0 && failure.is_none() && !stop.is_asked() {
                match self.take(free).await {
                    Ok(due) => due.into_iter().for_each(|delivery| {
                        let dispatcher = self.clone();
                        under_way.spawn(async move { dispatcher.send(delivery).await });
                    }),
                    Err(error) => failure = Some(error),
                }
            }
            match under_way.join_next().await {
                Some(Ok(Ok(next))) => soonest = soonest.into_iter().chain(next).min(),
                Some(Ok(Err(error))) => failure = Some(error),
                Some(Err(error)) => tracing::error!(%error, "an attempt to deliver broke off"),
                None => break,
            }
        }
        failure.map_or(Ok(soonest), Err)
    }

    async fn take(&self, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let subscriptions = self.subscriptions.get_or_try_init(|| self.subscribe()).await?;
        let now = self.now();
        let until = now.saturating_add(HOLD).unwrap_or(Timestamp::MAX);
        Outbox::take(&*self.books, now, until, subscriptions, limit).await
    }

    async fn subscribe(&self) -> Result<Vec<Subscription>, StoreError> {
        let mut all = Vec::new();
        for name in self.webhooks.receivers.keys() {
            all.push(Subscription::new(name, self.books.subscribe(name, self.now()).await?));
        }
        Ok(all)
    }

    /// One attempt, and the note of it; when the next one is due.
    async fn send(&self, delivery: Delivery) -> Result<Option<Timestamp>, StoreError> {
        let run = match self.store.get_run(delivery.run).await {
            Ok(run) => run,
            // Its deliveries are gone with it.
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let delivered = self.webhooks.attempt(&delivery, &run, self.now()).await;
        let sent = self.note(&delivery, delivered);
        self.books.sent(&delivery.id, &sent).await?;
        Ok(sent.next)
    }

    fn note(&self, delivery: &Delivery, delivered: Delivered) -> Sent {
        let Delivered { attempted, status, next, failure, .. } = delivered;
        let Some(failure) = failure else { return Sent::taken(attempted, status.unwrap_or_default()) };
        let pause = match next {
            Next::Retry { not_before } => {
                let pause = retry_delay(delivery.id.as_str(), delivery.attempts.saturating_add(1));
                pause.map(|pause| pause.max(not_before.unwrap_or_default()))
            }
            Next::Done | Next::Disable | Next::GiveUp => None,
        };
        let next = pause.and_then(|pause| self.now().checked_add(pause).ok());
        let (id, run) = (delivery.id.as_str(), delivery.run);
        tracing::warn!(id, %run, failure, next = next.map(|next| next.to_string()), "a webhook was not taken");
        Sent::refused(attempted, status, failure, next)
    }

    /// Now, in whole microseconds as databases keep it.
    fn now(&self) -> Timestamp {
        let now = (self.clock)();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").field("webhooks", &self.webhooks).finish_non_exhaustive()
    }
}
