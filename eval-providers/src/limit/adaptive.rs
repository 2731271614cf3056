//! As many calls at once, and as fast, as an endpoint takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eval_core::{Completion, Layer, Provider, ProviderError, Request, Waits, async_trait};
use tokio::time::Instant;

use super::lane::Lane;
use super::settings::Settings;
use crate::elapsed::ms_since;

/// Finds out how much an endpoint takes, for each model on a lane of its own: made by
/// [`LimitLayer::adaptive`](crate::LimitLayer::adaptive).
///
/// - **At once.** The calls in flight double with each round of answers until the first refusal (429), and then grow by
///   one; a refusal halves them, once for all calls of a burst; other trouble pauses growth for a round.
/// - **In a minute.** Requests and tokens are paced to what [you allow](Self::per_minute) and to what the endpoint's headers
///   say ([`Rates`](eval_core::Rates)). One that says only `Retry-After` is paced to what it admitted between two refusals.
/// - **Not before.** A time that the endpoint names holds the whole lane, and so does a refusal that names none, longer each
///   time. The error says so ([`ProviderError::held`]), and [`RetryLayer`](crate::RetryLayer) adds no pause of its own.
/// - **Not at all.** After a refusal for good (a wrong key, an unknown model, a spent quota) whoever waits fails with it at
///   once, and one call a minute finds out whether it still holds. After ten failures in a row (5xx, no connection) of
///   at least three requests the endpoint is let alone for a second, then one call finds out, and twice as long, up to half
///   a minute, each time that it fails; those who wait go on waiting. When nothing succeeded for as long as the [patience](Self::patience), or the
///   endpoint asks to wait longer than that, they fail with [`Outage`](eval_core::ProviderErrorKind::Outage), which ends a
///   run; it can be resumed.
///
/// All waiting is `timing.queued_ms`, of completions and of errors, and is told to [`Waits`].
///
/// Clones share their lanes. So whoever puts one layer around two providers of the same endpoint, for answers and for a
/// judge, has one limit for both.
#[derive(Debug, Clone)]
pub struct AdaptiveLayer {
    settings: Settings,
    waits: Waits,
    lanes: Lanes,
}

type Lanes = Arc<Mutex<HashMap<String, Arc<Lane>>>>;

impl AdaptiveLayer {
    /// How long an endpoint is waited for, unless said otherwise.
    pub const DEFAULT_PATIENCE: Duration = Settings::PATIENCE;

    pub(super) fn new(floor: usize, ceiling: usize) -> Self {
        Self { settings: Settings::new(floor, ceiling), waits: Waits::new(), lanes: Lanes::default() }
    }

    /// The calls at once in the beginning. Default: 8, or the bound that is nearest to it.
    pub fn start(mut self, calls: usize) -> Self {
        self.settings.start = calls.clamp(self.settings.floor, self.settings.ceiling);
        self
    }

    /// At most so many requests a minute for each model. Default: as many as the endpoint takes. 0 is taken as 1.
    pub fn per_minute(mut self, requests: u64) -> Self {
        self.settings.requests = Some(requests.max(1));
        self
    }

    /// At most so many tokens a minute for each model, of prompts and answers together. A call is charged what it is
    /// expected to use, and the difference when that is known. Default: as many as the endpoint takes. 0 is taken as 1.
    pub fn tokens_per_minute(mut self, tokens: u64) -> Self {
        self.settings.tokens = Some(tokens.max(1));
        self
    }

    /// How long an endpoint that refuses or is in trouble is waited for. Default: 10 minutes.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// Where it says that calls wait. Default: nowhere.
    pub fn waits(mut self, waits: Waits) -> Self {
        self.waits = waits;
        self
    }

    /// The seed of the jitter, so that a test can be repeated. Default: a random one.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    fn lane(&self, model: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(model) {
            return lane.clone();
        }
        let lane = Arc::new(Lane::new(model, self.settings, self.waits.clone()));
        lanes.insert(model.to_owned(), lane.clone());
        lane
    }
}

impl<P: Provider> Layer<P> for AdaptiveLayer {
    type Provider = Adaptive<P>;

    fn layer(&self, inner: P) -> Adaptive<P> {
        Adaptive { limits: self.clone(), inner }
    }
}

/// A provider that is asked as much as it takes: see [`AdaptiveLayer`].
#[derive(Debug)]
pub struct Adaptive<P> {
    limits: AdaptiveLayer,
    inner: P,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Adaptive<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let start = Instant::now();
        let lane = self.limits.lane(&request.model);
        let entry = lane.enter(request).await;
        let queued = ms_since(start);
        let mut result = match entry {
            Ok(entry) => {
                let mut result = self.inner.complete(request).await;
                entry.settle(request, &mut result);
                result
            }
            Err(error) => Err(error),
        };
        match &mut result {
            Ok(completion) => completion.timing.queued_ms += queued,
            Err(error) => error.timing.queued_ms += queued,
        }
        result
    }
}
