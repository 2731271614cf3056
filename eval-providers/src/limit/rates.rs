//! The rates that somebody names.

use eval_core::Rate;
use tokio::time::Instant;

use super::budget::Budget;

/// What the user allows and what the endpoint says it takes, of requests or of tokens. Both hold.
#[derive(Debug)]
pub(super) struct Budgets {
    user: Option<Budget>,
    endpoint: Option<Budget>,
}

impl Budgets {
    pub(super) fn new(per_minute: Option<u64>) -> Self {
        Self { user: per_minute.map(Budget::per_minute), endpoint: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.user.is_none() && self.endpoint.is_none()
    }

    /// The slower rate in a second.
    pub(super) fn rate(&self) -> Option<f64> {
        [&self.user, &self.endpoint].into_iter().flatten().map(Budget::rate).min_by(f64::total_cmp)
    }

    /// When so much may be charged, `None` for now.
    pub(super) fn ready(&mut self, now: Instant, amount: f64) -> Option<Instant> {
        let user = self.user.as_mut().and_then(|budget| budget.ready(now, amount));
        let endpoint = self.endpoint.as_mut().and_then(|budget| Some(budget.ready(now, amount)? + budget.margin()));
        user.max(endpoint)
    }

    /// Charges a call, and gives what [`hear`](Self::hear) wants to know of it.
    pub(super) fn charge(&mut self, amount: f64) -> f64 {
        self.both().for_each(|budget| budget.charge(amount));
        self.endpoint.as_ref().map_or(f64::NEG_INFINITY, Budget::spent)
    }

    /// Charges what a call used beyond its estimate. Only to the user's: the endpoint says by itself what is left.
    pub(super) fn correct(&mut self, amount: f64) {
        if let Some(budget) = &mut self.user {
            budget.charge(amount);
        }
    }

    /// What the endpoint said with the answer to a call.
    pub(super) fn hear(&mut self, rate: &Rate, begun: Instant, spent: f64) {
        match &mut self.endpoint {
            Some(budget) => budget.hear(rate, begun, spent),
            None => {
                self.endpoint = Budget::told(rate);
                if let Some(budget) = &mut self.endpoint {
                    budget.hear(rate, begun, 0.0);
                }
            }
        }
    }

    fn both(&mut self) -> impl Iterator<Item = &mut Budget> {
        [self.user.as_mut(), self.endpoint.as_mut()].into_iter().flatten()
    }
}
