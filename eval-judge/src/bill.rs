//! What the calls of one verdict used and cost together.

use eval_core::{Completion, Money, Pricing, ProviderError, Usage, Verdict};

/// A sum in which one unknown makes the whole unknown. Without any call it is nothing, and costs nothing.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    usage: Option<Usage>,
    cost: Option<Money>,
    /// Of all calls, where they agree; the outer `None` before the first.
    pricing: Option<Option<Pricing>>,
    latency_ms: Option<f64>,
}

impl Bill {
    pub(crate) fn new() -> Self {
        Self { usage: None, cost: Some(Money::ZERO), pricing: None, latency_ms: Some(0.0) }
    }

    pub(crate) fn completion(&mut self, completion: &Completion) {
        self.add(completion.usage, completion.cost, completion.pricing, completion.timing.service_ms);
    }

    pub(crate) fn failure(&mut self, error: &ProviderError) {
        self.add(error.usage, error.cost, error.pricing, error.timing.service_ms);
    }

    /// A rule that made no call leaves the usage of those that did as it is.
    pub(crate) fn verdict(&mut self, verdict: &Verdict) {
        if verdict.usage != Usage::default() || verdict.cost != Some(Money::ZERO) {
            self.add(verdict.usage, verdict.cost, verdict.pricing, verdict.latency_ms);
        }
    }

    /// What another bill holds.
    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(usage) = other.usage {
            self.add(usage, other.cost, other.pricing(), other.latency_ms);
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
        let mut verdict = verdict.usage(self.usage()).cost(self.cost).pricing(self.pricing());
        verdict.latency_ms = self.usage.and(self.latency_ms);
        verdict
    }

    /// Where the whole cost is known from; `None` when the calls do not agree.
    pub(crate) fn pricing(&self) -> Option<Pricing> {
        self.cost.and(self.pricing.flatten())
    }

    fn add(&mut self, usage: Usage, cost: Option<Money>, pricing: Option<Pricing>, latency_ms: Option<f64>) {
        self.pricing = Some(match self.pricing {
            Some(before) if before != pricing => None,
            _ => pricing,
        });
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
    usage.cache_write_tokens = sum(one.cache_write_tokens, other.cache_write_tokens);
    usage.reasoning_tokens = sum(one.reasoning_tokens, other.reasoning_tokens);
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_known_from_where_all_calls_have_it() {
        let call = |pricing| Completion::new("").cost(Some(Money::from_nanos(7))).pricing(pricing);
        let table = Some(Pricing::new(eval_core::PriceSource::Table, None));
        let mut bill = Bill::new();
        assert_eq!(bill.pricing(), None);
        bill.completion(&call(table));
        bill.completion(&call(table));
        assert_eq!(bill.of(Verdict::unscored("x", "y")).pricing, table);
        bill.completion(&call(Some(Pricing::REPORTED)));
        bill.completion(&call(table));
        assert_eq!(bill.pricing(), None);
    }

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
