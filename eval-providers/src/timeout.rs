//! A deadline for one attempt.

use std::time::Duration;

use eval_core::{Completion, Layer, Provider, ProviderError, ProviderErrorKind, Request, Timing, async_trait};
use tokio::time::Instant;

use crate::awake::within;
use crate::elapsed::ms_since;

/// Gives every attempt a deadline: the innermost layer, so that neither waiting for a permit nor a pause between
/// attempts counts.
///
/// An attempt that is late is dropped and fails with [`ProviderErrorKind::Timeout`], which is transient. Time in which
/// this process stood still does not count.
///
/// ```
/// use std::time::Duration;
/// use eval_core::{Provider, ProviderExt, Request, Scripted};
/// use eval_providers::TimeoutLayer;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let provider = Scripted::always("in time").layer(TimeoutLayer::new(Duration::from_secs(60)));
/// assert_eq!(provider.complete(&Request::new("any", vec![])).await.unwrap().text, "in time");
/// # });
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TimeoutLayer {
    deadline: Duration,
}

impl TimeoutLayer {
    /// A deadline for each attempt.
    pub fn new(deadline: Duration) -> Self {
        Self { deadline }
    }
}

impl<P: Provider> Layer<P> for TimeoutLayer {
    type Provider = Timeout<P>;

    fn layer(&self, inner: P) -> Timeout<P> {
        Timeout { deadline: self.deadline, inner }
    }
}

/// A provider whose attempts have a deadline: see [`TimeoutLayer`].
#[derive(Debug)]
pub struct Timeout<P> {
    deadline: Duration,
    inner: P,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Timeout<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let start = Instant::now();
        let attempt = within(self.deadline, self.inner.complete(request));
        attempt.await.unwrap_or_else(|| Err(self.late(start)))
    }
}

impl<P> Timeout<P> {
    fn late(&self, start: Instant) -> ProviderError {
        let message = format!("no answer within {:?}", self.deadline);
        ProviderError::new(ProviderErrorKind::Timeout, message).with_timing(Timing::service(ms_since(start)))
    }
}
