//! What the calls of one verdict used and cost together.

use eval_core::{Completion, Money, ProviderError, Usage, Verdict};

/// A sum in which one unknown makes the whole unknown. Without any call it is nothing, and costs nothing.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    usage: Option<Usage>,
    cost: Option<Money>,
    latency_ms: Option<f64>,
}

impl Bill {
    pub(crate) fn new() -> Self {
        Self { usage: None, cost: Some(Money::ZERO), latency_ms: Some(0.0) }
    }

    pub(crate) fn completion(&mut self, completion: &Completion) {
        self.add(completion.usage, completion.cost, completion.timing.service_ms);
    }

    pub(crate) fn failure(&mut self, error: &ProviderError) {
        self.add(error.usage, error.cost, error.timing.service_ms);
    }

    /// A rule that made no call leaves the usage of those that did as it is.
    pub(crate) fn verdict(&mut self, verdict: &Verdict) {
        if verdict.usage != Usage::default() || verdict.cost != Some(Money::ZERO) {
            self.add(verdict.usage, verdict.cost, verdict.latency_ms);
        }
    }

    /// What another bill holds.
    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(usage) = other.usage {
            self.add(usage, other.cost, other.latency_ms);
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        self.usage.unwrap_or_default()
    }

    pub(crate) fn cost(&self) -> Option<Money> {
        self.cost
    }

    /// The verdict with this bill.
    pub(crate) fn of(&self, verdict: Verdict) -> Verdict {
        let mut verdict = verdict.usage(self.usage()).cost(self.cost);
        verdict.latency_ms = self.usage.and(self.latency_ms);
        verdict
    }

    fn add(&mut self, usage: Usage, cost: Option<Money>, latency_ms: Option<f64>) {
        self.usage = Some(self.usage.map_or(usage, |sum| both(&sum, &usage)));
        self.cost = self.cost.zip(cost).map(|(sum, cost)| sum + cost);
        self.latency_ms = self.latency_ms.zip(latency_ms).map(|(sum, ms)| sum + ms);
    }
}

fn both(one: &Usage, other: &Usage) -> Usage {
    let sum = |one: Option<u64>, other: Option<u64>| one?.checked_add(other?);
    let mut usage = Usage::default();
    usage.prompt_tokens = sum(one.prompt_tokens, other.prompt_tokens);
    usage.completion_tokens = sum(one.completion_tokens, other.completion_tokens);
    usage.cached_tokens = sum(one.cached_tokens, other.cached_tokens);
    usage.reasoning_tokens = sum(one.reasoning_tokens, other.reasoning_tokens);
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unknown_makes_the_sum_unknown() {
        let mut bill = Bill::new();
        assert_eq!(bill.of(Verdict::unscored("x", "y")).latency_ms, None);
        let known = Completion::new("").usage(Usage::new(5, 2)).cost(Some(Money::from_nanos(7)));
        bill.completion(&known);
        bill.completion(&known);
        assert_eq!((bill.usage(), bill.cost()), (Usage::new(10, 4), Some(Money::from_nanos(14))));
        bill.completion(&Completion::new(""));
        assert_eq!((bill.usage(), bill.cost()), (Usage::default(), None));
    }
}
