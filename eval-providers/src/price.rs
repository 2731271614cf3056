//! What calls cost that nobody said the cost of.

mod decimal;
mod name;
mod rates;
mod table;

use std::sync::Arc;

use eval_core::{
    Completion, Date, Layer, Money, PriceSource, Pricing, Provider, ProviderError, ProviderErrorKind, Request, Served,
    Usage, async_trait,
};

pub use rates::ModelPrice;
pub use table::{PriceError, PriceTable};

/// Price tables in the order in which they are believed: the user's own, then the one that comes with this crate.
/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    tables: Vec<(PriceSource, Arc<PriceTable>)>,
}

impl Prices {
    /// No table: what the endpoint does not report is unknown.
    pub fn none() -> Self {
        Self::default()
    }

    /// The [table of this crate](PriceTable::built_in).
    pub fn built_in() -> Self {
        Self { tables: vec![(PriceSource::Table, PriceTable::built_in())] }
    }

    /// The same, with a table of the user's that is believed first.
    pub fn file(mut self, table: PriceTable) -> Self {
        self.tables.insert(0, (PriceSource::File, Arc::new(table)));
        self
    }

    /// Only the tables of this day or of days before it; those without a date are left out.
    pub fn as_of(mut self, day: Date) -> Self {
        self.tables.retain(|(_, table)| table.date().is_some_and(|date| date <= day));
        self
    }

    /// The tables, and whose they are.
    pub fn tables(&self) -> impl Iterator<Item = (PriceSource, &PriceTable)> {
        self.tables.iter().map(|(source, table)| (*source, &**table))
    }

    /// The price of a call, and where it is known from; `None` when no table has it.
    ///
    /// The user's file is asked for the model that was asked first: whoever writes an alias into it knows what it costs.
    /// The other table is asked for what answered (the model behind the alias, the model that the response names), and for
    /// what was asked only where the model behind it is not known to be another.
    pub fn of(&self, asked: &str, served: &Served) -> Option<(&ModelPrice, Pricing)> {
        let (raw, named) = (served.raw_model.as_deref(), served.model.as_deref());
        self.tables.iter().find_map(|(source, table)| {
            let names = match (source, raw) {
                (PriceSource::File, _) => [Some(asked), raw, named],
                (_, Some(_)) => [raw, None, None],
                (_, None) => [named, Some(asked), None],
            };
            let price = names.into_iter().flatten().find_map(|name| table.get(name))?;
            Some((price, Pricing::new(*source, table.date())))
        })
    }

    /// What a call cost, and where that is known from; `None` when no table has its price or its tokens are unknown.
    pub fn cost(&self, asked: &str, served: &Served, usage: &Usage) -> Option<(Money, Pricing)> {
        let (price, pricing) = self.of(asked, served)?;
        Some((price.cost(usage)?, pricing))
    }
}

/// Prices the calls whose endpoint does not say what they cost, failed ones too where their tokens are known.
///
/// What the endpoint reports is believed first, then the user's file, then the table of this crate. What none of them
/// knows stays `None`: unpriced, never free. A call that asked for or was answered in another `service_tier` than the
/// usual one is not priced by a table, because it has another price.
///
/// Belongs around [`TimeoutLayer`](crate::TimeoutLayer) and inside of [`LedgerLayer`](crate::LedgerLayer), so that each
/// attempt is written down with its cost.
///
/// ```
/// use eval_core::{Completion, Money, PriceSource, Provider, ProviderExt, Request, Scripted, Usage};
/// use eval_providers::{PriceLayer, Prices};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let endpoint = Scripted::fallible("endpoint", |_| Ok(Completion::new("4").usage(Usage::new(1_000, 100))));
/// let provider = endpoint.layer(PriceLayer::new(Prices::built_in()));
/// let answer = provider.complete(&Request::new("gpt-4o", vec![])).await.unwrap();
/// assert_eq!(answer.pricing.unwrap().source, PriceSource::Table);
/// assert!(answer.cost.unwrap() > Money::ZERO);
/// let unknown = provider.complete(&Request::new("our-own-model", vec![])).await.unwrap();
/// assert_eq!(unknown.cost, None);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct PriceLayer {
    prices: Prices,
}

impl PriceLayer {
    /// Prices by these tables.
    pub fn new(prices: Prices) -> Self {
        Self { prices }
    }
}

impl<P: Provider> Layer<P> for PriceLayer {
    type Provider = Priced<P>;

    fn layer(&self, inner: P) -> Priced<P> {
        Priced { prices: self.prices.clone(), inner }
    }
}

/// A provider whose calls have a price: see [`PriceLayer`].
#[derive(Debug)]
pub struct Priced<P> {
    prices: Prices,
    inner: P,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Priced<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let mut result = self.inner.complete(request).await;
        if !is_usual(request) {
            return result;
        }
        match &mut result {
            Ok(answer) if answer.cost.is_none() && answer.tier.as_deref().is_none_or(is_usual_tier) => {
                let found = self.prices.cost(&request.model, &answer.served, &answer.usage);
                (answer.cost, answer.pricing) = found.unzip();
            }
            Err(error) if error.cost.is_none() => {
                let found = self.prices.cost(&request.model, &Served::default(), &error.usage);
                (error.cost, error.pricing) = found.unzip();
                if error.cost.is_none() && is_turned_away(error) {
                    error.cost = Some(Money::ZERO);
                }
            }
            _ => {}
        }
        result
    }
}

/// Whether the usual prices hold for a call.
fn is_usual(request: &Request) -> bool {
    let tier = request.params.get("service_tier").and_then(|tier| tier.as_str());
    tier.is_none_or(is_usual_tier)
}

/// Whether the endpoint did no work for a call: nobody is paid for that.
fn is_turned_away(error: &ProviderError) -> bool {
    let is_refused =
        matches!(error.kind, ProviderErrorKind::Auth | ProviderErrorKind::UnknownModel | ProviderErrorKind::Quota);
    is_refused && error.usage == Usage::default()
}

fn is_usual_tier(tier: &str) -> bool {
    matches!(tier, "auto" | "default" | "standard" | "standard_only")
}
