//! Why a request was not completed.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{BoxError, Money, Pricing, Rates, Timing, Usage};

/// What happened to a request, and with it what a caller can do.
///
/// | kind | worth another attempt | ends the run |
/// |---|---|---|
/// | `RateLimited`, `Timeout`, `Network`, `Unavailable`, `Malformed` | yes | no |
/// | `ContextWindow`, `Filtered`, `Rejected`, `Panicked` | no | no |
/// | `Auth`, `UnknownModel`, `Quota`, `Config`, `Outage`, `Unrecorded`, `Capped` | no | yes |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProviderErrorKind {
    /// Too many requests (429).
    RateLimited,
    /// No answer within the deadline.
    Timeout,
    /// The connection failed or broke.
    Network,
    /// The endpoint is in trouble (5xx).
    Unavailable,
    /// An answer came, but it cannot be understood (`null`, HTML, cut JSON, too large).
    Malformed,
    /// The prompt is too long for the model.
    ContextWindow,
    /// A content filter refused the prompt or the answer.
    Filtered,
    /// The endpoint refused this request (other 4xx).
    Rejected,
    /// The provider's own code panicked.
    Panicked,
    /// The key is missing, wrong or has no right to this model.
    Auth,
    /// The endpoint does not know the model.
    UnknownModel,
    /// The budget of the key or the account is spent.
    Quota,
    /// The provider is set up wrongly.
    Config,
    /// The endpoint was in trouble, or refused every call, for longer than anybody waits for it.
    Outage,
    /// The call could not be written down, so it was not made: the store is in trouble.
    Unrecorded,
    /// A cap of the user's on money, calls or tokens would have been passed, so the call was not made. Ends the run as
    /// [capped](crate::RunStatus::Capped).
    Capped,
}

impl ProviderErrorKind {
    /// The name used in records and files, for instance `rate_limited`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed",
            Self::ContextWindow => "context_window",
            Self::Filtered => "filtered",
            Self::Rejected => "rejected",
            Self::Panicked => "panicked",
            Self::Auth => "auth",
            Self::UnknownModel => "unknown_model",
            Self::Quota => "quota",
            Self::Config => "config",
            Self::Outage => "outage",
            Self::Unrecorded => "unrecorded",
            Self::Capped => "capped",
        }
    }

    /// The kind of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::RateLimited,
        Self::Timeout,
        Self::Network,
        Self::Unavailable,
        Self::Malformed,
        Self::ContextWindow,
        Self::Filtered,
        Self::Rejected,
        Self::Panicked,
        Self::Auth,
        Self::UnknownModel,
        Self::Quota,
        Self::Config,
        Self::Outage,
        Self::Unrecorded,
        Self::Capped,
    ];

    /// Whether another attempt may succeed.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::RateLimited | Self::Timeout | Self::Network | Self::Unavailable | Self::Malformed)
    }

    /// Whether every further request of the run would fail as well.
    pub const fn is_fatal(self) -> bool {
        matches!(
            self,
            Self::Auth
                | Self::UnknownModel
                | Self::Quota
                | Self::Config
                | Self::Outage
                | Self::Unrecorded
                | Self::Capped
        )
    }
}

impl fmt::Display for ProviderErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request was not completed.
///
/// The backend decides the [kind](ProviderErrorKind); layers only ask [`is_transient`](Self::is_transient) and
/// [`retry_after`](Self::retry_after). A failed call keeps what it cost. The message holds no key and at most a
/// short, redacted snippet of what came back.
///
/// ```
/// use eval_core::{ProviderError, ProviderErrorKind};
/// let error = ProviderError::new(ProviderErrorKind::RateLimited, "429 from the proxy");
/// assert!(error.is_transient() && !error.is_fatal());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderError {
    /// What happened.
    pub kind: ProviderErrorKind,
    /// Details for a person, in lower case and without a full stop.
    pub message: String,
    /// How long the endpoint asks callers to wait.
    pub retry_after: Option<Duration>,
    /// Whether a limit inside already keeps its calls from the endpoint until that takes them again. Then another attempt
    /// needs no pause of its own.
    pub held: bool,
    /// What the endpoint says it takes, for layers that limit.
    pub rates: Option<Box<Rates>>,
    /// Whether nobody was asked: no connection could be made, so that nothing was sent and nothing can be paid for.
    /// Default: `false`, which says nothing.
    pub unsent: bool,
    /// Tokens that the failed call used, as far as they are known.
    pub usage: Usage,
    /// What the failed call cost; `None` when unknown.
    pub cost: Option<Money>,
    /// Where the cost is known from; `None` when it is unknown.
    pub pricing: Option<Pricing>,
    /// Where the time went.
    pub timing: Timing,
    source: Option<BoxError>,
}

impl ProviderError {
    /// An error of this kind.
    pub fn new(kind: ProviderErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry_after: None,
            held: false,
            rates: None,
            unsent: false,
            usage: Usage::default(),
            cost: None,
            pricing: None,
            timing: Timing::default(),
            source: None,
        }
    }

    /// The same error, with the time that the endpoint asks callers to wait.
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// The same error, with what the endpoint says it takes.
    pub fn with_rates(mut self, rates: Option<Box<Rates>>) -> Self {
        self.rates = rates;
        self
    }

    /// The same error, of a call for which no connection could be made.
    pub fn with_unsent(mut self) -> Self {
        self.unsent = true;
        self
    }

    /// The same error, with its cause.
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error, with where the time went.
    pub fn with_timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Whether another attempt may succeed.
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }

    /// Whether every further request of the run would fail as well.
    pub fn is_fatal(&self) -> bool {
        self.kind.is_fatal()
    }

    /// How long the endpoint asks callers to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for ProviderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_serde_and_lead_back() {
        for kind in ProviderErrorKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(ProviderErrorKind::from_name(kind.name()), Some(kind));
            assert!(!(kind.is_transient() && kind.is_fatal()), "{kind}");
        }
    }
}
