//! A table of prices.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, LazyLock};

use eval_core::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::name::candidates;
use super::rates::ModelPrice;

/// A table that cannot be read: which entry, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceError(String);

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PriceError {}

/// Prices of models, as of a day.
///
/// It is JSON of the form of LiteLLM's `model_prices_and_context_window.json`, so that this file can be read as it is:
/// an object of models, each with dollars a token. Entries that price no tokens of prompt and answer are left out. An
/// entry `_table` says from when and where the table is:
///
/// ```json
/// {"_table": {"date": "2026-11-25", "source": "our contract"},
///  "gpt-4o": {"input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceTable {
    head: Head,
    /// By name in lower case.
    models: HashMap<String, ModelPrice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Head {
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

/// The entry that says where the table is from.
const HEAD: &str = "_table";
/// The entry in which LiteLLM explains its fields, in prose.
const PROSE: &str = "sample_spec";

/// Parsed once, when the first price is looked for.
static BUILT_IN: LazyLock<Arc<PriceTable>> = LazyLock::new(|| {
    let empty = PriceTable { head: Head::default(), models: HashMap::new() };
    // A test reads it, so that this cannot fail in earnest.
    Arc::new(PriceTable::parse(include_str!("../../data/prices.json")).unwrap_or(empty))
});

impl PriceTable {
    /// The table that comes with this crate: a dated subset of LiteLLM's (`data/prices.json`).
    pub fn built_in() -> Arc<Self> {
        BUILT_IN.clone()
    }

    /// Reads a table.
    ///
    /// # Errors
    /// [`PriceError`] when it is no JSON of this form, a price is none (negative, a text, more than $1,000 a token), or
    /// no model has one.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        let refuse = |error: serde_json::Error| PriceError(format!("it is no table of prices: {error}"));
        let entries: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(refuse)?;
        let (mut head, mut models) = (Head::default(), HashMap::new());
        for (name, entry) in &entries {
            let wrong = |why: String| PriceError(format!("`{name}`: {why}"));
            match name.as_str() {
                HEAD => head = serde_json::from_str(entry.get()).map_err(|error| wrong(error.to_string()))?,
                PROSE => {}
                _ => {
                    let fields: BTreeMap<String, &RawValue> =
                        serde_json::from_str(entry.get()).map_err(|error| wrong(error.to_string()))?;
                    let price = ModelPrice::parse(&fields).map_err(wrong)?;
                    models.extend(price.map(|price| (name.to_lowercase(), price)));
                }
            }
        }
        if models.is_empty() {
            return Err(PriceError("no model in it has prices of tokens for prompt and answer".into()));
        }
        Ok(Self { head, models })
    }

    /// The same table, from then and there.
    pub fn from(mut self, date: Option<Date>, source: impl Into<String>) -> Self {
        self.head = Head { date, source: Some(source.into()) };
        self
    }

    /// The same table without models that are said to cost nothing: of a table that somebody else wrote, that mostly means
    /// that nobody knows.
    pub fn without_free(mut self) -> Self {
        self.models.retain(|_, price| !price.is_free());
        self
    }

    /// The price of a model: by its name, else without its date (`-2024-08-06`), without the prefix of who is asked
    /// (`openai/`), or with the prefix of its vendor (`xai/`). Case does not count.
    pub fn get(&self, model: &str) -> Option<&ModelPrice> {
        self.entry(model).map(|(_, price)| price)
    }

    /// The same with the name under which it stands in the table.
    pub fn entry(&self, model: &str) -> Option<(&str, &ModelPrice)> {
        let found = candidates(model).into_iter().find_map(|name| self.models.get_key_value(&name));
        found.map(|(name, price)| (name.as_str(), price))
    }

    /// The day as of which the prices are.
    pub fn date(&self) -> Option<Date> {
        self.head.date
    }

    /// Where they are from, for a person.
    pub fn source(&self) -> Option<&str> {
        self.head.source.as_deref()
    }

    /// All models with their prices, sorted by name.
    pub fn models(&self) -> Vec<(&str, &ModelPrice)> {
        let mut all: Vec<_> = self.models.iter().map(|(name, price)| (name.as_str(), price)).collect();
        all.sort_by_key(|(name, _)| *name);
        all
    }

    /// The table as a file, a line a model.
    pub fn to_json(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let head = serde_json::to_string(&self.head).unwrap_or_else(|_| "{}".into());
        let mut text = format!("{{\n\"{HEAD}\": {head}");
        for (name, price) in self.models() {
            let fields: Vec<_> = price.fields().map(|(field, value)| format!("{}: {value}", quoted(field))).collect();
            text += &format!(",\n{}: {{{}}}", quoted(name), fields.join(", "));
        }
        text + "\n}\n"
    }
}
