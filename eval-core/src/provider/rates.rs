//! What an endpoint says about how much it takes.

use std::time::Duration;

/// How many requests and tokens an endpoint takes, as it says with an answer or with a refusal. It goes from the backend
/// to the layers that limit, and is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Rates {
    /// Requests.
    pub requests: Rate,
    /// Tokens.
    pub tokens: Rate,
}

impl Rates {
    /// The rates of requests and of tokens; `None` when nothing is known of either.
    pub fn known(requests: Rate, tokens: Rate) -> Option<Box<Self>> {
        let rates = Self { requests, tokens };
        (rates != Self::default()).then(|| Box::new(rates))
    }
}

/// What is known of one rate. What the endpoint did not say, or cannot mean, is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Rate {
    /// How many it takes in a period, which most endpoints mean to be a minute.
    pub limit: Option<u64>,
    /// How many of them are left.
    pub remaining: Option<u64>,
    /// How long until all of them are there again.
    pub reset: Option<Duration>,
}

impl Rate {
    /// A rate.
    pub fn new(limit: Option<u64>, remaining: Option<u64>, reset: Option<Duration>) -> Self {
        Self { limit, remaining, reset }
    }
}
