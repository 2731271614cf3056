//! One who watches a run.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use eval_core::{Reports, RunId, StoreError};
use futures_util::Stream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::hub::{Found, Live};
use super::snapshot;
use crate::jobs::{Desk, closed};

/// How often something is sent, so that nobody in between takes the stream for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often the store is asked for a run that does not go on in this process.
const POLL: Duration = Duration::from_secs(2);
/// What is sent when there is nothing to send.
const COMMENT: Bytes = Bytes::from_static(b": nothing new\n\n");

/// Follows a run through this process and the store.
pub(super) struct Watcher {
    run: RunId,
    store: Arc<dyn Reports>,
    desk: Arc<Desk>,
    closing: watch::Receiver<bool>,
    place: Place,
    /// The last snapshot that was sent.
    last: Bytes,
    /// When something was last sent.
    sent: Instant,
}

/// Where the watcher stands.
enum Place {
    /// Before anything was sent, having seen this event before.
    Start(Option<u64>),
    /// At this event of a run that goes on here.
    Live(Arc<Live>, u64),
    /// At a run that does not go on here.
    Stored,
    /// Behind the end.
    Over,
}

impl Watcher {
    pub(super) fn new(run: RunId, store: Arc<dyn Reports>, desk: Arc<Desk>, seen: Option<u64>) -> Self {
        let closing = desk.closing();
        Self { run, store, desk, closing, place: Place::Start(seen), last: Bytes::new(), sent: Instant::now() }
    }

    /// What is sent, until the run has ended or the process is about to.
    pub(super) fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        futures_util::stream::unfold(self, async |mut watcher: Self| {
            let sent = watcher.next().await?;
            watcher.sent = Instant::now();
            Some((Ok(sent), watcher))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let found = match &self.place {
                Place::Start(seen) => self.begin(*seen).await,
                Place::Live(live, at) => {
                    let (live, at) = (live.clone(), *at);
                    self.follow(live, at).await
                }
                Place::Stored => self.poll().await,
                Place::Over => return None,
            };
            if found.is_some() {
                return found;
            }
        }
    }

    async fn begin(&mut self, seen: Option<u64>) -> Option<Bytes> {
        let Some(live) = self.desk.hub.live(self.run) else {
            self.place = Place::Stored;
            return self.stored().await;
        };
        match live.place(seen) {
            Some(at) => {
                self.place = Place::Live(live, at);
                None
            }
            None => self.catch_up(live).await,
        }
    }

    /// The next event of a run that goes on here.
    async fn follow(&mut self, live: Arc<Live>, at: u64) -> Option<Bytes> {
        // Heard from here on, so that what comes while the place is read is not missed.
        let mut news = live.news();
        match live.read(at) {
            Found::Event(event) => {
                self.place = Place::Live(live, at + 1);
                Some(event)
            }
            Found::Gone => self.catch_up(live).await,
            Found::Left if self.desk.hub.live(self.run).is_some() => {
                self.place = Place::Start(None);
                None
            }
            Found::Left => {
                self.place = Place::Stored;
                self.stored().await
            }
            Found::End => {
                self.place = Place::Over;
                None
            }
            Found::Nothing => tokio::select! {
                () = closed(&mut self.closing) => {
                    self.place = Place::Over;
                    None
                }
                _ = news.changed() => None,
                () = tokio::time::sleep_until(self.sent + HEARTBEAT) => Some(COMMENT),
            },
        }
    }

    /// A snapshot in place of events that are kept no longer. It is read after the place is taken, and what was told is
    /// stored, so nothing falls in between.
    async fn catch_up(&mut self, live: Arc<Live>) -> Option<Bytes> {
        let (next, progress) = live.now();
        match snapshot::take(&*self.store, self.run).await {
            Ok(taken) => {
                self.place = Place::Live(live, next);
                Some(taken.event(next.checked_sub(1), progress))
            }
            Err(error) => self.trouble(&error).await,
        }
    }

    /// Waits for a run that does not go on here.
    async fn poll(&mut self) -> Option<Bytes> {
        tokio::select! {
            () = closed(&mut self.closing) => {
                self.place = Place::Over;
                return None;
            }
            () = tokio::time::sleep(POLL) => {}
        }
        if self.desk.hub.live(self.run).is_some() {
            self.place = Place::Start(None);
            return None;
        }
        self.stored().await
    }

    /// A snapshot of the run, where it differs from the last.
    async fn stored(&mut self) -> Option<Bytes> {
        match snapshot::take(&*self.store, self.run).await {
            Ok(taken) => {
                if taken.is_over() {
                    self.place = Place::Over;
                }
                let event = taken.event(None, None);
                let is_new = event != self.last;
                self.last = event.clone();
                if is_new { Some(event) } else { self.comment() }
            }
            Err(error) => self.trouble(&error).await,
        }
    }

    /// The store cannot be read: it is asked again, unless the run is gone.
    async fn trouble(&mut self, error: &StoreError) -> Option<Bytes> {
        if matches!(error, StoreError::NotFound(_)) {
            self.place = Place::Over;
            return None;
        }
        tracing::warn!(%error, run = %self.run, "a run that is watched cannot be read for now");
        tokio::time::sleep(POLL).await;
        self.comment()
    }

    fn comment(&self) -> Option<Bytes> {
        (self.sent.elapsed() >= HEARTBEAT).then_some(COMMENT)
    }
}
