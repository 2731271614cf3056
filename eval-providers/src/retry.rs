//! Another attempt after a transient error.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eval_core::{Completion, Layer, Money, Provider, ProviderError, ProviderErrorKind, Request, Timing, async_trait};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::elapsed::ms;
use crate::random::Random;

/// Refusals that a limit waits out, for each attempt that is allowed.
const HELD: u32 = 10;

/// Makes another attempt after a [transient](ProviderError::is_transient) error.
///
/// The pause is exponential with full jitter; when the endpoint names a time, the pause is that time and the
/// jittered pause on top, so that the callers it sent away do not all return at once. An endpoint that asks for
/// more than [`max_retry_after`](RetryLayer::max_retry_after) is given up at once. A refusal that an
/// [`AdaptiveLayer`](crate::AdaptiveLayer) inside [waits out](ProviderError::held) needs no pause here: the attempt goes
/// back into its queue, and does not count until there were ten times as many as the attempts allowed. A
/// [malformed](ProviderErrorKind::Malformed) answer, which was paid for, is asked for once more only.
///
/// `timing.backing_off_ms` holds all time before the last attempt; the cost of failed attempts, as far as it
/// is known, is added to the result's.
///
/// The outermost of the three layers: what `.layer` adds last sees a request first.
///
/// ```
/// use std::time::Duration;
/// use eval_core::{Completion, Provider, ProviderError, ProviderErrorKind, ProviderExt, Request, Scripted};
/// use eval_providers::{LimitLayer, RetryLayer, TimeoutLayer};
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let moody = Scripted::sequence([
///     Err(ProviderError::new(ProviderErrorKind::Unavailable, "503")),
///     Ok(Completion::new("here you are")),
/// ]);
/// let provider = moody
///     .layer(TimeoutLayer::new(Duration::from_secs(60))) // one attempt
///     .layer(LimitLayer::new(8))                         // no permit is held during a pause
///     .layer(RetryLayer::new(3));
/// assert_eq!(provider.complete(&Request::new("any", vec![])).await.unwrap().text, "here you are");
/// # });
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RetryLayer {
    max_attempts: u32,
    backoff: Backoff,
    max_retry_after: Duration,
    seed: Option<u64>,
}

impl RetryLayer {
    /// At most so many attempts, the first one included. 0 is taken as 1.
    pub fn new(max_attempts: u32) -> Self {
        Self {
            max_attempts: max_attempts.max(1),
            backoff: Backoff::default(),
            max_retry_after: Duration::from_secs(60),
            seed: None,
        }
    }

    /// The longest pause after the first failure; it doubles with each further one. Default: 500 ms.
    pub fn base(mut self, base: Duration) -> Self {
        self.backoff.base = base;
        self
    }

    /// The longest pause of all. Default: 30 s.
    pub fn cap(mut self, cap: Duration) -> Self {
        self.backoff.cap = cap;
        self
    }

    /// The longest time that an endpoint may ask to wait; past it the request fails at once. Default: 60 s.
    pub fn max_retry_after(mut self, longest: Duration) -> Self {
        self.max_retry_after = longest;
        self
    }

    /// The seed of the jitter, so that a test can be repeated. Default: a random one.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

impl<P: Provider> Layer<P> for RetryLayer {
    type Provider = Retry<P>;

    fn layer(&self, inner: P) -> Retry<P> {
        let seed = self.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
        Retry { settings: *self, jitter: Mutex::new(Random::seeded(seed)), inner }
    }
}

/// A provider that tries again: see [`RetryLayer`].
#[derive(Debug)]
pub struct Retry<P> {
    settings: RetryLayer,
    jitter: Mutex<Random>,
    inner: P,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Retry<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let start = Instant::now();
        let mut past = Past::default();
        loop {
            let before = ms(start.elapsed());
            let error = match self.inner.complete(request).await {
                Ok(completion) => return Ok(past.added_to_completion(completion, before)),
                Err(error) => error,
            };
            past.failures += 1;
            past.held += u32::from(error.held);
            let Some(pause) = self.pause(&error, &past) else {
                return Err(past.added_to_error(error, before));
            };
            past.note(&error);
            tracing::debug!(%error, ?pause, attempt = past.failures, "trying again");
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    }
}

impl<P> Retry<P> {
    /// How long to wait before the next attempt; `None` to give up.
    fn pause(&self, error: &ProviderError, past: &Past) -> Option<Duration> {
        if error.held {
            let most = self.settings.max_attempts.saturating_mul(HELD);
            return (error.is_transient() && past.held < most).then_some(Duration::ZERO);
        }
        let asked = error.retry_after().unwrap_or_default();
        let counted = past.failures - past.held;
        let again = error.is_transient()
            && counted < self.settings.max_attempts
            && asked <= self.settings.max_retry_after
            && !(error.kind == ProviderErrorKind::Malformed && past.malformed);
        again.then(|| asked.saturating_add(self.settings.backoff.pause(counted, &mut self.random())))
    }

    fn random(&self) -> impl std::ops::DerefMut<Target = Random> {
        self.jitter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the failed attempts of one request leave behind.
#[derive(Default)]
struct Past {
    failures: u32,
    /// Those of them that were refusals which a limit waits out.
    held: u32,
    malformed: bool,
    cost: Option<Money>,
}

impl Past {
    fn note(&mut self, error: &ProviderError) {
        self.malformed |= error.kind == ProviderErrorKind::Malformed;
        self.cost = self.with_past_cost(error.cost).or(self.cost);
    }

    /// The cost of the last attempt and, when that is known, what is known of the attempts before.
    fn with_past_cost(&self, last: Option<Money>) -> Option<Money> {
        last.map(|last| last + self.cost.unwrap_or_default())
    }

    fn added_to_completion(&self, mut completion: Completion, before: f64) -> Completion {
        completion.cost = self.with_past_cost(completion.cost);
        add_pause(&mut completion.timing, self.failures, before);
        completion
    }

    fn added_to_error(&self, mut error: ProviderError, before: f64) -> ProviderError {
        error.cost = self.with_past_cost(error.cost).or(self.cost);
        add_pause(&mut error.timing, self.failures - 1, before);
        if self.failures > 1 {
            error.message = format!("{} (after {} attempts)", error.message, self.failures);
        }
        error
    }
}

/// Without an earlier failure nothing was lost, and the clock's few microseconds are no pause.
fn add_pause(timing: &mut Timing, earlier_failures: u32, before: f64) {
    if earlier_failures > 0 {
        timing.backing_off_ms += before;
    }
}
