//! How many calls are in flight at once.

mod adaptive;
mod budget;
mod circuit;
mod gate;
mod lane;
mod learned;
mod rates;
mod settings;
mod tokens;
mod window;

use eval_core::{Completion, Layer, Provider, ProviderError, Request, async_trait};
use tokio::sync::Semaphore;
use tokio::time::Instant;

pub use adaptive::{Adaptive, AdaptiveLayer};

use crate::elapsed::ms_since;

/// Lets at most so many calls through at once; the others wait their turn, first come first served.
///
/// The wait is added to `timing.queued_ms`, of completions and of errors. Each provider that the layer is put
/// around has permits of its own. Put it inside a [`RetryLayer`](crate::RetryLayer): then a permit is held
/// during an attempt and never during the pause between two.
///
/// ```
/// use eval_core::{Provider, ProviderExt, Request, Scripted};
/// use eval_providers::LimitLayer;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let provider = Scripted::always("hi").layer(LimitLayer::new(8));
/// assert!(provider.complete(&Request::new("any", vec![])).await.unwrap().timing.queued_ms < 1e3);
/// # });
/// ```
#[derive(Debug, Clone, Copy)]
pub struct LimitLayer {
    concurrency: usize,
}

impl LimitLayer {
    /// At most `concurrency` calls at once. 0 is taken as 1.
    pub fn new(concurrency: usize) -> Self {
        Self { concurrency: concurrency.clamp(1, Semaphore::MAX_PERMITS) }
    }

    /// As many calls at once as the endpoint takes, between a floor and a ceiling, at the rate that it takes, for each
    /// model by itself. A floor of 0 is taken as 1, a ceiling below the floor as the floor.
    ///
    /// ```
    /// use std::time::Duration;
    /// use eval_core::{Completion, Provider, ProviderError, ProviderErrorKind, ProviderExt, Request, Scripted};
    /// use eval_providers::{LimitLayer, RetryLayer};
    /// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
    /// let refused = ProviderError::new(ProviderErrorKind::RateLimited, "429");
    /// let endpoint = Scripted::sequence([
    ///     Err(refused.with_retry_after(Some(Duration::from_secs(8)))),
    ///     Ok(Completion::new("here you are")),
    /// ]);
    /// let provider = endpoint.layer(LimitLayer::adaptive(1, 64).per_minute(600)).layer(RetryLayer::new(3));
    /// let timing = provider.complete(&Request::new("any", vec![])).await.unwrap().timing;
    /// assert!(timing.queued_ms >= 8_000.0);
    /// # });
    /// ```
    pub fn adaptive(floor: usize, ceiling: usize) -> AdaptiveLayer {
        AdaptiveLayer::new(floor, ceiling)
    }
}

impl<P: Provider> Layer<P> for LimitLayer {
    type Provider = Limit<P>;

    fn layer(&self, inner: P) -> Limit<P> {
        Limit { permits: Semaphore::new(self.concurrency), inner }
    }
}

/// A provider with a bounded number of calls in flight: see [`LimitLayer`].
#[derive(Debug)]
pub struct Limit<P> {
    permits: Semaphore,
    inner: P,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Limit<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let start = Instant::now();
        // It fails only when the semaphore is closed, which nobody does.
        let _permit = self.permits.acquire().await.ok();
        let queued = ms_since(start);
        let mut result = self.inner.complete(request).await;
        match &mut result {
            Ok(completion) => completion.timing.queued_ms += queued,
            Err(error) => error.timing.queued_ms += queued,
        }
        result
    }
}
