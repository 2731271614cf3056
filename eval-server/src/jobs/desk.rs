//! What routes and workers of one process share.

use tokio::sync::{Mutex, MutexGuard, watch};

use crate::events::Hub;

/// How many jobs may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// That wait, of everybody. Default 1,000.
    pub(crate) queued: usize,
    /// That wait or run, of one caller. Default 100.
    pub(crate) of_caller: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { queued: 1_000, of_caller: 100 }
    }
}

/// Where routes leave word for workers, and workers for routes. All of it is a hint: what counts is in the store.
#[derive(Debug)]
pub(crate) struct Desk {
    /// Rings when a job was queued or changed here.
    bell: watch::Sender<()>,
    /// Whether the process is about to end.
    closing: watch::Sender<bool>,
    /// Callers are counted and let in one at a time.
    door: Mutex<()>,
    /// The runs that go on in this process.
    pub(crate) hub: Hub,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            bell: watch::Sender::new(()),
            closing: watch::Sender::new(false),
            door: Mutex::new(()),
            hub: Hub::default(),
        }
    }

    /// Something has changed in the queue.
    pub(crate) fn ring(&self) {
        self.bell.send_replace(());
    }

    /// Hears the bell.
    pub(crate) fn bell(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    /// The process is about to end.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Hears that the process is about to end.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Lets one caller in.
    pub(crate) async fn door(&self) -> MutexGuard<'_, ()> {
        self.door.lock().await
    }
}

/// Ready when the process is about to end.
pub(crate) async fn closed(closing: &mut watch::Receiver<bool>) {
    if closing.wait_for(|closing| *closing).await.is_err() {
        std::future::pending::<()>().await;
    }
}
