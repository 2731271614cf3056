//! A rate, counted as a bucket that fills.

use std::time::Duration;

use eval_core::Rate;
use tokio::time::Instant;

/// Longer than anything that is waited for.
const FAR: f64 = 1e6;

/// A bucket that fills at a rate, and out of which calls are charged.
///
/// Written here and not taken from the crate governor, which counts well where a rate is fixed: it cannot give back what a
/// failed call did not use, cannot go into debt for a call that used more than was estimated, is not told what is left by
/// the endpoint's headers, cannot change its rate without forgetting what was spent, and reads a clock of its own. A limit
/// that learns needs each of these.
#[derive(Debug)]
pub(super) struct Budget {
    /// What comes in a second.
    rate: f64,
    /// What is there; below 0 it is a debt.
    level: f64,
    /// So much is kept at most.
    most: f64,
    at: Instant,
    /// All that was ever charged.
    spent: f64,
    /// The charge after which the endpoint last said what is left.
    told: f64,
}

impl Budget {
    /// So much a minute, evenly: a second's worth may go at once, and one call always.
    pub(super) fn per_minute(amount: u64) -> Self {
        let rate = (amount as f64 / 60.0).max(1.0 / 60.0);
        Self { rate, level: rate.max(1.0), most: rate.max(1.0), at: Instant::now(), spent: 0.0, told: 0.0 }
    }

    /// What the endpoint says it takes; `None` unless it names a limit that can be meant.
    pub(super) fn told(rate: &Rate) -> Option<Self> {
        let limit = rate.limit.filter(|limit| *limit > 0)?;
        let budget = Self::per_minute(limit);
        Some(Self { level: 0.0, most: 1.0, told: f64::NEG_INFINITY, ..budget })
    }

    /// A rate a second of which nothing is there yet, and which keeps no more than the delay of a timer.
    pub(super) fn empty(rate: f64) -> Self {
        let most = 1.0 + rate * 0.005;
        Self { rate, level: 0.0, most, at: Instant::now(), spent: 0.0, told: 0.0 }
    }

    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// How much later than it is due a call is made, so that it is not before its time where the endpoint counts: a
    /// hundredth of the time between two calls, where that is long enough for it to matter.
    pub(super) fn margin(&self) -> Duration {
        let between = 1.0 / self.rate;
        if between < 0.1 { Duration::ZERO } else { Duration::from_secs_f64((between / 100.0).min(0.005)) }
    }

    /// All that was ever charged: handed back to [`hear`](Self::hear) with the answer to a call.
    pub(super) fn spent(&self) -> f64 {
        self.spent
    }

    pub(super) fn set_rate(&mut self, rate: f64) {
        self.fill(Instant::now());
        self.rate = rate;
        self.most = 1.0 + rate * 0.005;
    }

    /// When so much may be charged, `None` for now. More than is ever kept is waited for no longer than that.
    pub(super) fn ready(&mut self, now: Instant, amount: f64) -> Option<Instant> {
        self.fill(now);
        let missing = amount.min(self.most) - self.level;
        (missing > 1e-9).then(|| now + Duration::from_secs_f64((missing / self.rate).min(FAR)))
    }

    /// Charges an amount; a negative one gives back.
    pub(super) fn charge(&mut self, amount: f64) {
        self.level = self.level.min(self.most + amount.min(0.0)) - amount;
        self.spent += amount;
    }

    /// What the endpoint says is left, in the answer to a call that was begun then and charged as the last of `spent`.
    /// What was charged after that call is not in it yet.
    pub(super) fn hear(&mut self, rate: &Rate, begun: Instant, spent: f64) {
        if let Some(limit) = rate.limit.filter(|limit| *limit > 0) {
            self.rate = limit as f64 / 60.0;
        }
        let (Some(left), true) = (rate.remaining, spent >= self.told) else { return };
        let left = left.min(rate.limit.unwrap_or(u64::MAX)) as f64;
        let now = Instant::now();
        self.told = spent;
        // So much was there at once, so it may be there again.
        self.most = self.most.max(left + 1.0);
        self.fill(now);
        // At most what has come since then too; and surely what was left then, less what went.
        let (come, gone) = (self.rate * (now - begun).as_secs_f64(), self.spent - spent);
        self.level = self.level.max(left - gone).min(left + come - gone).min(self.most);
    }

    fn fill(&mut self, now: Instant) {
        let come = self.rate * now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + come).min(self.most);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn seconds(wait: Option<Instant>) -> f64 {
        wait.map_or(0.0, |until| (until - Instant::now()).as_secs_f64())
    }

    #[tokio::test(start_paused = true)]
    async fn fills_evenly_and_keeps_a_second_s_worth() {
        let mut budget = Budget::per_minute(600);
        advance(Duration::from_secs(100)).await;
        (0..10).for_each(|_| {
            assert_eq!(budget.ready(Instant::now(), 1.0), None);
            budget.charge(1.0);
        });
        assert!((seconds(budget.ready(Instant::now(), 1.0)) - 0.1).abs() < 1e-6);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_larger_than_the_bucket_goes_when_it_is_full_and_leaves_a_debt() {
        let mut budget = Budget::per_minute(6_000);
        assert_eq!(budget.ready(Instant::now(), 5_000.0), None);
        budget.charge(5_000.0);
        let wait = seconds(budget.ready(Instant::now(), 1.0));
        assert!((wait - 49.01).abs() < 1e-6, "{wait}");
        budget.charge(-4_900.0);
        assert!(seconds(budget.ready(Instant::now(), 1.0)) < 0.02, "what was not used is given back");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_is_what_the_endpoint_says_less_what_went_since() {
        let rate = |remaining| Rate::new(Some(60), Some(remaining), None);
        let mut budget = Budget::told(&rate(10)).expect("it has a limit");
        budget.charge(1.0);
        let (begun, first) = (Instant::now(), budget.spent());
        budget.charge(1.0);
        let second = budget.spent();
        advance(Duration::from_secs(2)).await;
        budget.hear(&rate(8), begun, second);
        budget.hear(&rate(9), begun, first); // An older answer that comes later tells nothing new.
        // 8 were left after both, and its own count of the two that have come since is kept.
        budget.charge(8.0);
        assert!((seconds(budget.ready(Instant::now(), 1.0)) - 1.0).abs() < 1e-6);
        budget.hear(&rate(0), Instant::now(), budget.spent());
        assert!((seconds(budget.ready(Instant::now(), 1.0)) - 1.0).abs() < 1e-6);
    }

    #[tokio::test(start_paused = true)]
    async fn nonsense_makes_no_budget_and_no_wait_for_ever() {
        assert!(Budget::told(&Rate::new(Some(0), Some(5), None)).is_none());
        assert!(Budget::told(&Rate::default()).is_none());
        let mut budget = Budget::told(&Rate::new(Some(u64::MAX), Some(u64::MAX), None)).expect("it has a limit");
        budget.hear(&Rate::new(Some(u64::MAX), Some(u64::MAX), None), Instant::now(), 0.0);
        assert_eq!(budget.ready(Instant::now(), 1.0), None);
        budget.charge(1e300);
        assert!(seconds(budget.ready(Instant::now(), 1.0)) <= FAR);
    }
}
