//! The table `[caps]` of the configuration file.

use eval_core::{Cap, Caps, Money};
use serde::Deserialize;

/// What may be spent: dollars, calls and tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapTable {
    cost: Option<Usd>,
    calls: Option<u64>,
    tokens: Option<u64>,
    model_cost: Option<Usd>,
    model_calls: Option<u64>,
    model_tokens: Option<u64>,
    judge_cost: Option<Usd>,
    judge_calls: Option<u64>,
    judge_tokens: Option<u64>,
    cost_per_day: Option<Usd>,
    calls_per_day: Option<u64>,
    tokens_per_day: Option<u64>,
}

/// Dollars, more than nothing.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
struct Usd(Money);

impl TryFrom<f64> for Usd {
    type Error = &'static str;

    fn try_from(usd: f64) -> Result<Self, Self::Error> {
        Money::from_usd(usd).filter(|money| *money > Money::ZERO).map(Self).ok_or("expected dollars, more than 0")
    }
}

impl From<CapTable> for Caps {
    fn from(table: CapTable) -> Self {
        let money = |usd: Option<Usd>| usd.map(|Usd(money)| money);
        let mut caps = Self::default();
        caps.run = Cap::new(money(table.cost), table.calls, table.tokens);
        caps.model = Cap::new(money(table.model_cost), table.model_calls, table.model_tokens);
        caps.judge = Cap::new(money(table.judge_cost), table.judge_calls, table.judge_tokens);
        caps.day = Cap::new(money(table.cost_per_day), table.calls_per_day, table.tokens_per_day);
        caps
    }
}
