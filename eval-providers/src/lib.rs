#![doc = include_str!("../README.md")]

mod awake;
mod backoff;
mod budget;
mod elapsed;
mod ledger;
mod limit;
mod outage;
mod price;
mod random;
mod retry;
mod simulated;
mod timeout;

#[cfg(feature = "recall")]
mod recall;

#[cfg(feature = "openai")]
mod litellm;
#[cfg(feature = "openai")]
mod openai;

pub use budget::{Allowances, Budget, BudgetLayer};
pub use ledger::{Ledger, LedgerLayer};
pub use limit::{Adaptive, AdaptiveLayer, Limit, LimitLayer};
pub use outage::{Outage, OutageLayer};
pub use price::{ModelPrice, PriceError, PriceLayer, PriceTable, Priced, Prices};
pub use retry::{Retry, RetryLayer};
pub use simulated::{CatalogueEntry, Drift, Simulated, SimulatedBuilder};
pub use timeout::{Timeout, TimeoutLayer};

#[cfg(feature = "recall")]
pub use recall::{Cache, CacheLayer, Cached, Cassette, Record, Recorder, Replay};

#[cfg(feature = "openai")]
pub use litellm::LiteLlm;
#[cfg(feature = "openai")]
pub use openai::{OpenAi, OpenAiBuilder, Profile, offers};
/// A text that is wiped after use and never shown: what a key is given as. Re-exported from [`secrecy`].
#[cfg(any(feature = "openai", feature = "recall"))]
pub use secrecy::SecretString;
