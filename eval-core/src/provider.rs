//! Something that completes requests.

mod layer;
mod message;
mod rates;
mod scripted;
mod stored;

use std::sync::Arc;

use async_trait::async_trait;

pub use layer::{Layer, ProviderExt};
pub use message::{Completion, FinishReason, Message, Params, Recall, Request, Role, Served, Timing, Usage};
pub use rates::{Rate, Rates};
pub use scripted::Scripted;
pub use stored::StoredAnswers;

use crate::ProviderError;

/// Something that completes requests: an endpoint, a proxy, your own code.
///
/// One call of [`complete`](Provider::complete) is one attempt. Retrying, limiting, pricing and caching are
/// [layers](Layer) around a provider, and are providers themselves.
///
/// ```
/// use eval_core::{Completion, Provider, ProviderError, Request, async_trait};
///
/// #[derive(Debug)]
/// struct Shout;
///
/// #[async_trait]
/// impl Provider for Shout {
///     fn name(&self) -> &str { "shout" }
///     async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
///         Ok(Completion::new(request.last().to_uppercase()).origin(request.origin.clone()))
///     }
/// }
/// ```
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// A short name for messages and records, for instance `litellm` or `openai`.
    fn name(&self) -> &str;

    /// Makes one attempt.
    ///
    /// # Errors
    /// A [`ProviderError`] whose kind says what a caller can do: try again, give up this sample, stop the run.
    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider + ?Sized> Provider for Arc<P> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        (**self).complete(request).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider + ?Sized> Provider for Box<P> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        (**self).complete(request).await
    }
}
