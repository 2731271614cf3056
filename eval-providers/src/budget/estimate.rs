//! What a call may take at most, before it is made.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use eval_core::{Amount, Completion, Money, Request, Served};

use crate::price::Prices;

/// Tokens of an answer where no parameter bounds it and none was longer yet.
pub(super) const ANSWER: u64 = 4_096;
/// Tokens that the form of a message takes beside its text, and those of a whole request.
const FORM: u64 = 16;
/// The parameters that bound an answer.
const BOUNDS: [&str; 3] = ["max_completion_tokens", "max_tokens", "max_output_tokens"];

/// Estimates from above. A token is at least a byte of the prompt, so that its length bounds it; the answer is bounded by
/// the request's own parameter, else by [`ANSWER`] and by twice the longest so far.
#[derive(Debug)]
pub(super) struct Estimator {
    prices: Prices,
    seen: Mutex<HashMap<String, Seen>>,
}

/// The most that a call of a model took so far.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    answer: u64,
    cost: Option<Money>,
}

impl Estimator {
    pub(super) fn new(prices: Prices) -> Self {
        Self { prices, seen: Mutex::default() }
    }

    pub(super) fn of(&self, request: &Request) -> Amount {
        let seen = self.seen(&request.model);
        let text: u64 = request.messages.iter().map(|message| message.content.len() as u64 + FORM).sum();
        let prompt = text + FORM;
        let bound = BOUNDS.iter().find_map(|name| request.params.get(name)?.as_u64());
        let answer = bound.unwrap_or_else(|| ANSWER.max(seen.answer.saturating_mul(2)));
        let by_table = self.prices.of(&request.model, &Served::default());
        let by_table = by_table.and_then(|(price, _)| price.at_most(prompt, answer));
        // An endpoint that reports what it takes may have other prices.
        Amount::new(prompt.checked_add(answer), by_table.max(seen.cost))
    }

    /// Takes note of what a call took.
    pub(super) fn learn(&self, request: &Request, answer: &Completion) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let most = seen.entry(request.model.clone()).or_default();
        most.answer = most.answer.max(answer.usage.completion_tokens.unwrap_or_default());
        most.cost = most.cost.max(answer.cost);
    }

    fn seen(&self, model: &str) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied().unwrap_or_default()
    }
}
