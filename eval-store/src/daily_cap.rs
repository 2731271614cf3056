//! A cap of each day, kept by what a database knows.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eval_core::{
    Allowance, Amount, AttemptLog, Cap, Grant, Refusal, Reserved, Scope, Spending, StoreError, Timestamp, async_trait,
};
use tokio::sync::Notify;
use tokio::time::Instant;

/// What all calls of a day (UTC) may take together, of every run and every process that writes its attempts to one
/// database (`LedgerLayer` of eval-providers).
///
/// What was spent is read from the log at most once a second, and always before a call is refused; what this process
/// has in flight is reserved. Of another process, calls in flight are seen when they have ended, so that it may pass the
/// cap by as many as it has in flight. A call whose cost nobody knows counts as none.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::{Allowance, Amount, Cap, InMemory, Scope};
/// use eval_store::DailyCap;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let cap = DailyCap::new(Arc::new(InMemory::new()), Cap::new(None, Some(1), None));
/// let grant = cap.reserve(&Scope::all(), Amount::default()).await.unwrap();
/// cap.settle(grant, Default::default());
/// # });
/// ```
pub struct DailyCap {
    log: Arc<dyn AttemptLog>,
    cap: Cap,
    state: Mutex<State>,
    /// Only one reads at a time.
    reading: tokio::sync::Mutex<()>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// When it was last read, and of which day.
    read: Option<(Instant, Timestamp)>,
    /// How long that may be taken for true.
    fresh: Duration,
    /// What the log said then.
    spent: Spending,
    /// What was settled here since; while it is read anew, until that began and after it.
    before: Spending,
    since: Spending,
    reserved: Reserved,
}

/// What was read is taken for true so long at least ...
const FRESH: Duration = Duration::from_secs(1);
/// ... and so many times as long as it took to read it.
const FRESH_TIMES: u32 = 50;

impl DailyCap {
    /// Caps what this log is told.
    pub fn new(log: Arc<dyn AttemptLog>, cap: Cap) -> Self {
        Self { log, cap, state: Mutex::default(), reading: tokio::sync::Mutex::default(), freed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what was spent since midnight, unless somebody did after `moment`.
    async fn read_after(&self, moment: Instant) -> Result<(), StoreError> {
        let _one = self.reading.lock().await;
        let day = midnight(Timestamp::now());
        let begun = Instant::now();
        {
            let mut state = self.lock();
            if state.read.is_some_and(|(read, of)| read >= moment && of == day) {
                return Ok(());
            }
            // What is settled from here on may or may not be in what the log says: it counts until the next time. What was
            // settled before is in it, and counts here until it is read.
            let since = std::mem::take(&mut state.since);
            state.before += since;
        }
        let spent = self.log.spent(day, &Scope::all()).await?;
        let mut state = self.lock();
        (state.spent, state.before, state.read) = (spent, Spending::default(), Some((begun, day)));
        state.fresh = FRESH.max(begun.elapsed() * FRESH_TIMES);
        Ok(())
    }

    fn is_fresh(&self) -> bool {
        let state = self.lock();
        state.read.is_some_and(|(read, of)| read.elapsed() <= state.fresh && of == midnight(Timestamp::now()))
    }

    /// Reserves, or says what is in the way, and whether it is in the way also when nothing is in flight.
    fn try_reserve(&self, amount: Amount) -> Result<(), (String, bool)> {
        let mut state = self.lock();
        let mut spent = state.spent;
        spent += state.before;
        spent += state.since;
        let refused = |reserved: &Reserved| self.cap.refuses("of the day (UTC)", &spent, reserved, amount);
        match refused(&state.reserved) {
            None => {
                state.reserved.add(amount);
                Ok(())
            }
            Some(why) => Err((why, refused(&Reserved::NONE).is_some())),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Allowance for DailyCap {
    async fn reserve(&self, scope: &Scope, amount: Amount) -> Result<Grant, Refusal> {
        let asked = Instant::now();
        if !self.is_fresh() {
            self.read_after(asked).await.map_err(Refusal::Unreadable)?;
        }
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            match self.try_reserve(amount) {
                Ok(()) => return Ok(Grant::new(scope.clone(), amount)),
                Err((_, false)) => freed.await,
                Err((why, true)) => {
                    let read = self.lock().read.map(|(read, _)| read);
                    if read.is_some_and(|read| read >= asked) {
                        return Err(Refusal::Capped(why));
                    }
                    self.read_after(asked).await.map_err(Refusal::Unreadable)?;
                }
            }
        }
    }

    fn settle(&self, grant: Grant, actual: Spending) {
        let mut state = self.lock();
        state.reserved.remove(grant.amount);
        state.since += actual.or_reserved(grant.amount);
        drop(state);
        self.freed.notify_waiters();
    }
}

impl fmt::Debug for DailyCap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DailyCap").field("cap", &self.cap).finish_non_exhaustive()
    }
}

/// The beginning of the day of a time (UTC).
fn midnight(time: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400;
    Timestamp::from_second(time.as_second().div_euclid(DAY) * DAY).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        for (time, begin) in [
            ("2026-11-25T00:00:00Z", "2026-11-25T00:00:00Z"),
            ("2026-11-25T23:59:59.999Z", "2026-11-25T00:00:00Z"),
            ("1969-12-31T23:00:00Z", "1969-12-31T00:00:00Z"),
        ] {
            assert_eq!(midnight(time.parse().unwrap()), begin.parse().unwrap());
        }
    }
}
