//! The table of connections: who is there, who is at work, who has to go for another.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// All connections.
#[derive(Clone)]
pub(super) struct Connections(Arc<Shared>);

struct Shared {
    most: usize,
    /// Closes all.
    cut: CancellationToken,
    /// Counts what happens, as a clock that never stands still.
    now: AtomicU64,
    places: Mutex<HashMap<u64, Arc<Entry>>>,
}

/// What is known of a connection.
pub(super) struct Entry {
    /// Requests that are being answered.
    busy: AtomicUsize,
    /// When it was taken, or last had answered.
    idle_since: AtomicU64,
    closed: CancellationToken,
    shared: Arc<Shared>,
}

/// The place of a connection, which is free again when this is dropped.
pub(super) struct Place {
    id: u64,
    entry: Arc<Entry>,
}

/// A request that is being answered, until this is dropped.
pub(super) struct Busy(Arc<Entry>);

impl Connections {
    pub(super) fn new(most: usize, cut: CancellationToken) -> Self {
        Self(Arc::new(Shared { most, cut, now: AtomicU64::new(0), places: Mutex::default() }))
    }

    /// A place for one more. When there is none, the connection that has done nothing for longest is closed; there is still
    /// none when all are at work.
    pub(super) fn take(&self) -> Option<Place> {
        let mut places = self.0.places();
        if places.len() >= self.0.most {
            let idle = places.iter().filter(|(_, entry)| entry.busy.load(Ordering::Acquire) == 0);
            let oldest = idle.min_by_key(|(_, entry)| entry.idle_since.load(Ordering::Acquire)).map(|(id, _)| *id)?;
            places.remove(&oldest)?.closed.cancel();
        }
        let id = self.0.tick();
        let (closed, shared) = (self.0.cut.child_token(), self.0.clone());
        let entry = Arc::new(Entry { busy: AtomicUsize::new(0), idle_since: AtomicU64::new(id), closed, shared });
        places.insert(id, entry.clone());
        Some(Place { id, entry })
    }
}

impl Shared {
    fn tick(&self) -> u64 {
        self.now.fetch_add(1, Ordering::AcqRel)
    }

    fn places(&self) -> MutexGuard<'_, HashMap<u64, Arc<Entry>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// A request is being answered.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::AcqRel);
        Busy(self.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.shared.tick(), Ordering::Release);
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Place {
    pub(super) fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Ends when the connection has to go.
    pub(super) async fn closed(&self) {
        self.entry.closed.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.entry.shared.places().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f43_the_one_that_was_idle_for_longest_goes_and_none_that_works() {
        let table = Connections::new(3, CancellationToken::new());
        let places: Vec<Place> = (0..3).map(|_| table.take().expect("a place")).collect();
        let closed = |at: usize| places[at].entry.closed.is_cancelled();
        let working = places[0].entry.begin();
        drop(places[1].entry.begin());
        let fourth = table.take().expect("that of the third, which never asked");
        assert_eq!([closed(0), closed(1), closed(2)], [false, false, true]);
        let fifth = table.take().expect("that of the second");
        assert_eq!([closed(0), closed(1), closed(2)], [false, true, true]);
        let others = [fourth.entry.begin(), fifth.entry.begin()];
        assert!(table.take().is_none(), "all are at work");
        drop((working, others));
        assert!(table.take().is_some());
        assert!(closed(0), "the first to be done");
    }

    #[test]
    fn f43_a_place_is_free_when_its_connection_is_gone() {
        let table = Connections::new(1, CancellationToken::new());
        for _ in 0..10_000 {
            let place = table.take().expect("a place");
            let _busy = place.entry.begin();
        }
        assert!(table.0.places().is_empty());
    }
}
