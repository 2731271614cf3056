//! Deadlines of a process that may stand still.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// The pieces in which a deadline is waited for.
const STEP: Duration = Duration::from_secs(1);

/// The result of the work; `None` when it takes longer than this.
///
/// Time in which the process stood still (stopped by a signal, or the machine asleep) does not count: the answer may
/// have come meanwhile, and whoever sent it was not slow. So the deadline is waited for in steps, and a step from which
/// the process comes back far too late is begun anew.
pub(crate) async fn within<T>(deadline: Duration, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), deadline);
    loop {
        let (step, begun) = (left.min(STEP), Instant::now());
        if let Ok(done) = timeout(step, work.as_mut()).await {
            return Some(done);
        }
        if begun.elapsed() < step + STEP {
            left -= step;
        }
        if left.is_zero() {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_is_as_long_as_it_says() {
        for deadline in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(2_500)] {
            let begun = Instant::now();
            assert_eq!(within(deadline, std::future::pending::<()>()).await, None);
            assert_eq!(begun.elapsed(), deadline);
        }
        assert_eq!(within(Duration::ZERO, async { 7 }).await, Some(7), "who is done is not late");
        assert_eq!(within(STEP * 3, sleep(STEP * 2)).await, Some(()));
    }

    #[tokio::test(start_paused = true)]
    async fn f05_a_jump_of_the_clock_is_not_the_model_s() {
        // The process stands still for a minute, and the answer needs two more seconds to be read.
        let late = async {
            sleep(STEP / 2).await;
            advance(STEP * 60).await;
            sleep(STEP * 2).await;
        };
        assert_eq!(within(STEP * 4, late).await, Some(()));
    }
}
