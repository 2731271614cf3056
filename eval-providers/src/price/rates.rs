//! What the tokens of one model cost.

use std::collections::BTreeMap;

use eval_core::{Money, Usage};
use serde_json::value::RawValue;

use super::decimal::Atto;

/// What the tokens of one model cost.
///
/// The names of the fields are those of LiteLLM's table. A tier (`…_above_200k_tokens`) holds for the whole call as soon
/// as its prompt is longer. Where cached, written or reasoning tokens have no price of their own they cost what the
/// others of prompt or answer do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPrice {
    rates: Rates,
    /// Other rates for longer prompts: from how many tokens on, lowest first.
    tiers: Vec<(u64, Rates)>,
    /// As they stand in the table, sorted by name.
    fields: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rates {
    prompt: Atto,
    answer: Atto,
    cached: Option<Atto>,
    written: Option<Atto>,
    reasoning: Option<Atto>,
}

const PROMPT: &str = "input_cost_per_token";
const ANSWER: &str = "output_cost_per_token";
const CACHED: &str = "cache_read_input_token_cost";
const WRITTEN: &str = "cache_creation_input_token_cost";
const REASONING: &str = "output_cost_per_reasoning_token";

impl ModelPrice {
    /// The price of an entry; `None` when it prices no tokens of prompt and answer. An error says which field is none.
    pub(super) fn parse(entry: &BTreeMap<String, &RawValue>) -> Result<Option<Self>, String> {
        let mut fields = BTreeMap::new();
        for (name, value) in entry {
            let known =
                [PROMPT, ANSWER, CACHED, WRITTEN, REASONING].contains(&tier(name).map_or(&**name, |(base, _)| base));
            if known && value.get() != "null" {
                fields.insert(name.clone(), value.get().to_owned());
            }
        }
        let read = |name: &str| match fields.get(name) {
            None => Ok(None),
            Some(text) => Atto::parse(text).map(Some).ok_or_else(|| format!("`{name}` is {text}: no price of a token")),
        };
        let (Some(prompt), Some(answer)) = (read(PROMPT)?, read(ANSWER)?) else { return Ok(None) };
        let rates =
            Rates { prompt, answer, cached: read(CACHED)?, written: read(WRITTEN)?, reasoning: read(REASONING)? };
        let mut tiers = BTreeMap::new();
        for name in fields.keys() {
            let Some((base, above)) = tier(name) else { continue };
            let price = read(name)?;
            let rates = tiers.entry(above).or_insert(rates);
            match base {
                PROMPT => rates.prompt = price.unwrap_or(rates.prompt),
                ANSWER => rates.answer = price.unwrap_or(rates.answer),
                CACHED => rates.cached = price,
                WRITTEN => rates.written = price,
                _ => rates.reasoning = price,
            }
        }
        let tiers = tiers.into_iter().collect();
        Ok(Some(Self { rates, tiers, fields }))
    }

    /// What a call costs that used these tokens, in nano-dollars: exact, and rounded once. `None` when prompt or answer is
    /// unknown, or the parts do not fit into the whole.
    ///
    /// ```
    /// use eval_core::{Money, Usage};
    /// use eval_providers::PriceTable;
    /// let prices = PriceTable::parse(r#"{"m": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05}}"#)?;
    /// let price = prices.get("m").unwrap();
    /// assert_eq!(price.cost(&Usage::new(1_000, 100)), Some(Money::from_nanos(3_500_000)));
    /// assert_eq!(price.cost(&Usage::default()), None);
    /// # Ok::<(), eval_providers::PriceError>(())
    /// ```
    pub fn cost(&self, usage: &Usage) -> Option<Money> {
        let (prompt, answer) = (usage.prompt_tokens?, usage.completion_tokens?);
        let rates = self.tiers.iter().rev().find(|(above, _)| prompt > *above).map_or(&self.rates, |(_, rates)| rates);
        let [cached, written, reasoning] =
            [usage.cached_tokens, usage.cache_write_tokens, usage.reasoning_tokens].map(Option::unwrap_or_default);
        let fresh = prompt.checked_sub(cached)?.checked_sub(written)?;
        let parts = [
            (fresh, rates.prompt),
            (cached, rates.cached.unwrap_or(rates.prompt)),
            (written, rates.written.unwrap_or(rates.prompt)),
            (answer.checked_sub(reasoning)?, rates.answer),
            (reasoning, rates.reasoning.unwrap_or(rates.answer)),
        ];
        parts.into_iter().try_fold(Atto::ZERO, |sum, (tokens, price)| sum.plus(price.times(tokens)?))?.money()
    }

    /// The most that a call can cost that uses at most these tokens: nothing comes from a cache, and all of the prompt is
    /// written to one where that is dearer.
    pub(crate) fn at_most(&self, prompt: u64, answer: u64) -> Option<Money> {
        let all = std::iter::once(&self.rates).chain(self.tiers.iter().map(|(_, rates)| rates));
        let cost = |rates: &Rates| {
            let each = rates.prompt.max(rates.written.unwrap_or(Atto::ZERO));
            let said = rates.answer.max(rates.reasoning.unwrap_or(Atto::ZERO));
            each.times(prompt)?.plus(said.times(answer)?)?.money()
        };
        let reached = 1 + self.tiers.iter().filter(|(above, _)| prompt > *above).count();
        all.take(reached).map(cost).try_fold(Money::ZERO, |most, cost| Some(most.max(cost?)))
    }

    /// Dollars for a million tokens of the prompt, as a decimal number.
    pub fn prompt_per_million(&self) -> String {
        self.rates.prompt.per_million()
    }

    /// Dollars for a million tokens of the answer, as a decimal number.
    pub fn answer_per_million(&self) -> String {
        self.rates.answer.per_million()
    }

    /// The same for tokens that come from the provider's prompt cache; `None` where they have no price of their own.
    pub fn cached_per_million(&self) -> Option<String> {
        self.rates.cached.map(Atto::per_million)
    }

    /// The fields of the table by their names, as they stand there.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether it is free: some tables say so of models whose price they do not know.
    pub fn is_free(&self) -> bool {
        self.rates.prompt == Atto::ZERO && self.rates.answer == Atto::ZERO && self.tiers.is_empty()
    }
}

/// The field that a tier changes, and from how many tokens on: `input_cost_per_token_above_200k_tokens`.
fn tier(name: &str) -> Option<(&str, u64)> {
    let (base, above) = name.split_once("_above_")?;
    let thousands: u64 = above.strip_suffix("k_tokens")?.parse().ok()?;
    Some((base, thousands.checked_mul(1000)?))
}
