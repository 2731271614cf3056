//! The runs that go on in this process, and the last things that happened in each.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use eval_core::{Event, EventKind, Progress, Run, RunId};
use tokio::sync::watch;

/// Events of a run that are kept for those who come back or are slow.
const MOST_EVENTS: usize = 1_024;
/// And how much they may hold together, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// The runs that go on in this process. To tell it something never waits for those who watch.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    live: Mutex<HashMap<RunId, Arc<Live>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under a lock can leave something half written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A run begins or goes on here. Only in a new one do the numbers of events mean what they meant to those who watched
    /// before.
    pub(crate) fn open(&self, run: RunId, is_new: bool) {
        if let Some(before) = lock(&self.live).insert(run, Arc::new(Live::new(is_new))) {
            before.close(Found::Left);
        }
    }

    /// Something happened in a run.
    pub(crate) fn push(&self, event: &Event) {
        if let Some(live) = self.live(event.run) {
            live.push(event);
        }
    }

    /// A run goes on here no longer: it waits, or somebody else has it.
    pub(crate) fn leave(&self, run: RunId) {
        self.close(run, Found::Left);
    }

    /// A run has ended.
    pub(crate) fn end(&self, run: RunId) {
        self.close(run, Found::End);
    }

    fn close(&self, run: RunId, found: Found) {
        if let Some(live) = lock(&self.live).remove(&run) {
            live.close(found);
        }
    }

    /// A run that goes on here.
    pub(crate) fn live(&self, run: RunId) -> Option<Arc<Live>> {
        lock(&self.live).get(&run).cloned()
    }
}

/// A run that goes on here: its last events, each serialized once for all who watch.
#[derive(Debug)]
pub(crate) struct Live {
    is_new: bool,
    ring: Mutex<Ring>,
    /// Changes with each event.
    news: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Bytes>,
    bytes: usize,
    /// The number of the next event.
    next: u64,
    progress: Option<Progress>,
    /// What there is behind the last event, once nothing follows it here.
    closed: Option<Found>,
}

/// What there is at a place of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    /// This event, as it is sent.
    Event(Bytes),
    /// Nothing yet.
    Nothing,
    /// The event is kept no longer.
    Gone,
    /// The run goes on here no longer, and has not ended.
    Left,
    /// The run has ended.
    End,
}

impl Live {
    fn new(is_new: bool) -> Self {
        Self { is_new, ring: Mutex::default(), news: watch::Sender::new(()) }
    }

    fn push(&self, event: &Event) {
        let Ok(json) = serde_json::to_string(&shown(event)) else { return };
        let frame = Bytes::from(format!("id: {}\ndata: {json}\n\n", event.seq));
        let mut ring = lock(&self.ring);
        ring.bytes += frame.len();
        ring.events.push_back(frame);
        (ring.next, ring.progress) = (event.seq + 1, Some(event.progress));
        while ring.events.len() > MOST_EVENTS || (ring.bytes > MOST_BYTES && ring.events.len() > 1) {
            let gone = ring.events.pop_front().map_or(0, |frame| frame.len());
            ring.bytes -= gone;
        }
        drop(ring);
        self.news.send_replace(());
    }

    fn close(&self, found: Found) {
        lock(&self.ring).closed = Some(found);
        self.news.send_replace(());
    }

    /// Where to go on for somebody who saw the event of this number last, or none; `None` where that cannot be done
    /// from what is kept.
    pub(crate) fn place(&self, last: Option<u64>) -> Option<u64> {
        let ring = lock(&self.ring);
        let next = last.map_or(0, |last| last.saturating_add(1));
        let known = ring.next - ring.events.len() as u64..=ring.next;
        (known.contains(&next) && (self.is_new || last.is_none())).then_some(next)
    }

    /// What there is at this place.
    pub(crate) fn read(&self, at: u64) -> Found {
        let ring = lock(&self.ring);
        let first = ring.next - ring.events.len() as u64;
        match at.checked_sub(first).map(|index| ring.events.get(usize::try_from(index).unwrap_or(usize::MAX))) {
            None => Found::Gone,
            Some(Some(frame)) => Found::Event(frame.clone()),
            Some(None) => ring.closed.clone().unwrap_or(Found::Nothing),
        }
    }

    /// The number of the next event, and the counts before it.
    pub(crate) fn now(&self) -> (u64, Option<Progress>) {
        let ring = lock(&self.ring);
        (ring.next, ring.progress)
    }

    /// Hears that there is something new.
    pub(crate) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }
}

/// An event as others are shown it.
fn shown(event: &Event) -> Cow<'_, Event> {
    let mut shown = Cow::Borrowed(event);
    if matches!(event.kind, EventKind::RunStarted { .. } | EventKind::RunFinished { .. })
        && let EventKind::RunStarted { run } | EventKind::RunFinished { run } = &mut shown.to_mut().kind
    {
        **run = Run::clone(run).without_folders();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use eval_core::EventKind;

    fn event(run: RunId, seq: u64, text: &str) -> Event {
        let progress = serde_json::from_value(serde_json::json!({
            "planned": 9, "started": seq, "scored": 0, "unscored": 0, "failed": 0, "mean": null, "cost": null
        }));
        Event::new(run, seq, progress.unwrap(), EventKind::SampleStarted { sample: text.into(), epoch: 1 })
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_bytes() {
        let (hub, run) = (Hub::default(), RunId::new());
        hub.open(run, true);
        let live = hub.live(run).unwrap();
        assert_eq!((live.place(None), live.place(Some(0)), live.read(0)), (Some(0), None, Found::Nothing));
        let most = MOST_EVENTS as u64;
        (0..most + 10).for_each(|seq| hub.push(&event(run, seq, "q")));
        assert_eq!((live.read(9), live.place(Some(8)), live.place(None)), (Found::Gone, None, None));
        assert!(matches!(live.read(10), Found::Event(frame) if frame.starts_with(b"id: 10\ndata: {")));
        assert_eq!((live.place(Some(9)), live.place(Some(most + 9))), (Some(10), Some(most + 10)));
        assert_eq!(live.place(Some(most + 10)), None, "that was another life of the run");

        let large = "x".repeat(MOST_BYTES / 3);
        (0..9).for_each(|more| hub.push(&event(run, most + 10 + more, &large)));
        assert!(lock(&live.ring).bytes <= MOST_BYTES);
        hub.push(&event(run, most + 19, &"x".repeat(2 * MOST_BYTES)));
        assert!(matches!(live.read(most + 19), Found::Event(_)), "the last one is kept, whatever its size");
        hub.end(run);
        assert_eq!((live.read(most + 20), hub.live(run).is_none()), (Found::End, true));
    }

    #[test]
    fn numbers_of_an_earlier_life_mean_nothing_to_a_run_that_goes_on() {
        let (hub, run) = (Hub::default(), RunId::new());
        hub.open(run, false);
        let live = hub.live(run).unwrap();
        (0..5).for_each(|seq| hub.push(&event(run, seq, "q")));
        assert_eq!((live.place(Some(2)), live.place(None)), (None, Some(0)));
        hub.open(run, false);
        assert_eq!(live.read(5), Found::Left);
    }
}
