//! An endpoint that is away for a while.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eval_core::{
    Completion, Layer, Provider, ProviderError, ProviderErrorKind, Request, Timing, Waiting, Waits, async_trait,
};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::elapsed::ms;
use crate::random::Random;

/// Waits while nobody can be connected to: the network, the endpoint or a proxy is down.
///
/// Calls for which no connection can be made ([`ProviderError::unsent`]) have cost nothing and say nothing about the model,
/// so they do not count as attempts. All calls wait, and one after the other tries, with pauses that grow to 5 s, until one
/// comes through. An endpoint that stays away for longer than a run waits ends it: calls then fail as
/// [`Outage`](ProviderErrorKind::Outage), and the run can be resumed.
///
/// Put it inside the limit, which then learns nothing wrong from an endpoint that is not there; a call that waits keeps its
/// permit, for which nobody else would have a use. The wait stands in `timing.backing_off_ms`.
///
/// ```
/// use std::time::Duration;
/// use eval_core::{Completion, Provider, ProviderError, ProviderErrorKind, ProviderExt, Request, Scripted};
/// use eval_providers::OutageLayer;
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let refused = || Err(ProviderError::new(ProviderErrorKind::Network, "connection refused").with_unsent());
/// let restarted = Scripted::sequence([refused(), refused(), Ok(Completion::new("here I am"))]);
/// let provider = restarted.layer(OutageLayer::new(Duration::from_secs(600)));
/// assert_eq!(provider.complete(&Request::new("any", vec![])).await.unwrap().text, "here I am");
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct OutageLayer {
    longest: Duration,
    waits: Waits,
    seed: Option<u64>,
}

impl OutageLayer {
    /// Waits at most so long for an endpoint that is away.
    pub fn new(longest: Duration) -> Self {
        Self { longest, waits: Waits::new(), seed: None }
    }

    /// Where the wait is told, so that a run begins nothing new meanwhile. Default: nobody is told.
    pub fn waits(mut self, waits: Waits) -> Self {
        self.waits = waits;
        self
    }

    /// The seed of the jitter of the pauses, so that a test can be repeated. Default: a random one.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

impl<P: Provider> Layer<P> for OutageLayer {
    type Provider = Outage<P>;

    fn layer(&self, inner: P) -> Outage<P> {
        let seed = self.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
        Outage {
            longest: self.longest,
            waits: self.waits.clone(),
            away: Mutex::new(None),
            jitter: Mutex::new(Random::seeded(seed)),
            turn: tokio::sync::Mutex::new(()),
            inner,
        }
    }
}

/// How often a connection is tried.
const PAUSES: Backoff = Backoff { base: Duration::from_millis(250), cap: Duration::from_secs(5) };

/// A provider that waits for its endpoint: see [`OutageLayer`].
#[derive(Debug)]
pub struct Outage<P> {
    longest: Duration,
    waits: Waits,
    away: Mutex<Option<Away>>,
    jitter: Mutex<Random>,
    /// Whoever has it may try while the endpoint is away.
    turn: tokio::sync::Mutex<()>,
    inner: P,
}

/// An endpoint that nobody can connect to.
#[derive(Debug, Clone)]
struct Away {
    since: Instant,
    tries: u32,
    /// When the next one may try.
    next: Instant,
    /// Why the last one could not.
    why: String,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Outage<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let start = Instant::now();
        let mut waiting = None;
        loop {
            let turn = self.turn(&mut waiting).await;
            let before = if waiting.is_some() { ms(start.elapsed()) } else { 0.0 };
            match self.inner.complete(request).await {
                Err(error) if error.unsent => {
                    if self.lost(&error, turn.is_some()) {
                        return Err(self.given_up(error, before));
                    }
                    self.tell(&mut waiting);
                }
                Err(mut error) => {
                    self.found();
                    add(&mut error.timing, before);
                    return Err(error);
                }
                Ok(mut completion) => {
                    self.found();
                    add(&mut completion.timing, before);
                    return Ok(completion);
                }
            }
        }
    }
}

impl<P> Outage<P> {
    /// Waits until this call may be made; with a turn when it has to find out whether the endpoint is back.
    async fn turn<'a>(&'a self, waiting: &mut Option<Waiting>) -> Option<tokio::sync::MutexGuard<'a, ()>> {
        if self.away().is_none() {
            return None;
        }
        self.tell(waiting);
        let turn = self.turn.lock().await;
        let away = self.away().clone()?;
        tokio::time::sleep_until(away.next.min(away.since + self.longest)).await;
        Some(turn)
    }

    fn tell(&self, waiting: &mut Option<Waiting>) {
        if waiting.is_none() {
            let why = self.away().as_ref().map(|away| away.why.clone()).unwrap_or_default();
            *waiting = Some(self.waits.begin(why));
        }
    }

    /// Notes that nobody is there; says whether that has been so for too long. Calls that were under way when it began count
    /// as one try.
    fn lost(&self, error: &ProviderError, had_turn: bool) -> bool {
        let now = Instant::now();
        let mut away = self.away();
        let first = away.is_none();
        let away = away.get_or_insert_with(|| Away { since: now, tries: 0, next: now, why: String::new() });
        if first || had_turn {
            away.tries = away.tries.saturating_add(1);
            let pause = PAUSES.pause(away.tries, &mut self.jitter.lock().unwrap_or_else(PoisonError::into_inner));
            away.next = now + pause;
            away.why.clone_from(&error.message);
        }
        now.duration_since(away.since) >= self.longest
    }

    fn found(&self) {
        *self.away() = None;
    }

    fn away(&self) -> MutexGuard<'_, Option<Away>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn given_up(&self, mut error: ProviderError, before: f64) -> ProviderError {
        error.kind = ProviderErrorKind::Outage;
        error.message = format!("{}, and nobody could for {:?}", error.message, self.longest);
        add(&mut error.timing, before);
        error
    }
}

fn add(timing: &mut Timing, before: f64) {
    timing.backing_off_ms += before;
}
