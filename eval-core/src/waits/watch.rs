//! The changes of what is waited for, as a run tells them.

use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout_at};

use super::{Holding, State, Wait};

/// Calls that are held for less are not worth telling.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// Sees when somebody begins to wait and when nobody does any more.
#[derive(Debug)]
pub(crate) struct Watch {
    receiver: Receiver<State>,
    told: Told,
    /// Whether somebody waited for whom the run asks nothing new, when it was last looked.
    pub(crate) pauses: bool,
}

/// What was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Pause,
    /// Calls that are held, and until when.
    Held(Instant),
}

impl Watch {
    pub(super) fn new(receiver: Receiver<State>) -> Self {
        Self { receiver, told: Told::Nothing, pauses: false }
    }

    /// Ready at the next change, with what is waited for now. Calls that are held for longer than was told are told
    /// again when that time is over.
    pub(crate) async fn changed(&mut self) -> Option<Wait> {
        loop {
            let next = {
                let state = self.receiver.borrow_and_update();
                let told = self.told.after(&state);
                if told != self.told {
                    (self.told, self.pauses) = (told, told == Told::Pause);
                    return state.now(worth_telling);
                }
                self.told.next(&state)
            };
            let changed = self.receiver.changed();
            let gone = match next {
                Some(moment) => timeout_at(moment, changed).await.is_ok_and(|changed| changed.is_err()),
                None => changed.await.is_err(),
            };
            if gone {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Told {
    /// What is to be told now.
    fn after(self, state: &State) -> Self {
        let now = Instant::now();
        if state.count > 0 {
            return Self::Pause;
        }
        let longest = state.held.iter().filter(|held| worth_telling(held)).map(|held| held.until).max();
        match (self, longest) {
            (Self::Held(told), Some(_)) if told > now => self,
            (_, Some(until)) => Self::Held(until),
            // It is looked at again in this moment, and may be held anew in the next.
            (Self::Held(told), None) if now < told + TELL_AFTER && !state.held.is_empty() => self,
            (_, None) => Self::Nothing,
        }
    }

    /// When that may be something else without anybody saying so.
    fn next(self, state: &State) -> Option<Instant> {
        let begun = state.held.iter().map(|held| held.since + TELL_AFTER);
        let over = match self {
            Self::Held(until) => [Some(until), Some(until + TELL_AFTER)],
            _ => [None, None],
        };
        begun.chain(over.into_iter().flatten()).filter(|moment| *moment > Instant::now()).min()
    }
}

fn worth_telling(held: &Holding) -> bool {
    let now = Instant::now();
    held.until > now && held.since + TELL_AFTER <= now
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::super::Waits;
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_is_told_once_and_pauses_nothing() {
        let (waits, count, begun) = (Waits::new(), Arc::new(AtomicU64::new(1)), Instant::now());
        let mut watch = waits.watch();
        let brief = waits.hold("a moment", begun + seconds(1), count.clone());
        drop(brief);
        let held = waits.hold("429", begun + seconds(8), count.clone());
        count.store(6, std::sync::atomic::Ordering::Relaxed);
        let told = watch.changed().await.expect("somebody waits");
        assert_eq!((told.reason.as_str(), told.count, told.pauses), ("429", 6, false));
        assert_eq!((begun.elapsed(), watch.pauses), (TELL_AFTER, false), "only what lasts is told");

        // Longer than was told: told again when that is over.
        let longer = waits.hold("429", begun + seconds(20), count.clone());
        drop(held);
        assert!(watch.changed().await.is_some());
        assert_eq!(begun.elapsed(), seconds(8));
        drop(longer);
        assert_eq!(watch.changed().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_in_trouble_is_told_before_what_is_held() {
        let (waits, count) = (Waits::new(), Arc::new(AtomicU64::new(1)));
        let mut watch = waits.watch();
        let _held = waits.hold("429", Instant::now() + seconds(60), count);
        let waiting = waits.begin("the database is locked");
        assert_eq!(watch.changed().await.expect("somebody waits").reason, "the database is locked");
        assert!(watch.pauses);
        drop(waiting);
        tokio::time::sleep(seconds(2)).await;
        assert_eq!(watch.changed().await.expect("somebody waits").reason, "429");
        assert!(!watch.pauses);
    }
}
