//! An endpoint that admits by a token bucket, and a crowd that asks it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use eval_core::{
    Completion, Provider, ProviderError, ProviderErrorKind, Rate, Rates, Request, Timing, Usage, async_trait,
};
use tokio::time::{Instant, sleep};

/// How long a refusal takes.
const REFUSAL: Duration = Duration::from_millis(20);

/// What an endpoint says of its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// Limit and what is left with everything, and how long to wait with a refusal.
    Headers,
    /// How long to wait with a refusal, in whole seconds, as HTTP has it.
    RetryAfter,
    /// Nothing.
    Nothing,
}

/// Admits by a token bucket, counts what it admits and refuses.
pub(crate) struct Bucket {
    says: Says,
    per_minute: f64,
    most: f64,
    takes: Duration,
    /// What a call takes out of the bucket: 1 where it counts requests, else tokens.
    price: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    level: f64,
    at: Option<Instant>,
    /// When it was asked, and whether it admitted that.
    calls: Vec<(Instant, bool)>,
}

impl Bucket {
    /// So much a minute, of which it keeps `most`, and so long for an answer.
    pub(crate) fn new(says: Says, per_minute: f64, most: f64, takes: Duration) -> Arc<Self> {
        let state = State { level: most, ..State::default() };
        Arc::new(Self { says, per_minute, most, takes, price: 1, state: Mutex::new(state) })
    }

    /// The same in tokens, of which a call uses so many. It says what is left.
    pub(crate) fn of_tokens(per_minute: f64, price: u32, takes: Duration) -> Arc<Self> {
        let state = Mutex::new(State { level: per_minute, ..State::default() });
        Arc::new(Self { says: Says::Headers, per_minute, most: per_minute, takes, price, state })
    }

    /// Admits a call or not, with what is left.
    fn admit(&self) -> (bool, f64) {
        let (now, mut state) = (Instant::now(), self.state.lock().expect("nobody panics"));
        let since = state.at.map_or(0.0, |at| (now - at).as_secs_f64());
        state.level = (state.level + since * self.per_minute / 60.0).min(self.most);
        state.at = Some(now);
        let price = f64::from(self.price);
        let admitted = state.level >= price;
        state.level -= if admitted { price } else { 0.0 };
        state.calls.push((now, admitted));
        (admitted, state.level)
    }

    fn rates(&self, level: f64) -> Option<Box<Rates>> {
        let rate = Rate::new(Some(self.per_minute as u64), Some(level as u64), None);
        let (requests, tokens) = if self.price == 1 { (rate, Rate::default()) } else { (Rate::default(), rate) };
        (self.says == Says::Headers).then(|| Rates::known(requests, tokens)).flatten()
    }

    /// Calls admitted and refused from one second after the beginning to another.
    pub(crate) fn between(&self, begun: Instant, from: u64, to: u64) -> (usize, usize) {
        let span = begun + Duration::from_secs(from)..begun + Duration::from_secs(to);
        let state = self.state.lock().expect("nobody panics");
        let calls = state.calls.iter().filter(|(at, _)| span.contains(at));
        let admitted = calls.clone().filter(|(_, admitted)| *admitted).count();
        (admitted, calls.count() - admitted)
    }
}

#[async_trait]
impl Provider for Bucket {
    fn name(&self) -> &str {
        "bucket"
    }

    async fn complete(&self, _: &Request) -> Result<Completion, ProviderError> {
        let (admitted, level) = self.admit();
        if admitted {
            sleep(self.takes).await;
            let timing = Timing::service(self.takes.as_secs_f64() * 1e3);
            let usage = Usage::new(0, self.price.into());
            return Ok(Completion::new("ok").usage(usage).timing(timing).rates(self.rates(level)));
        }
        let wait = (f64::from(self.price) - level) * 60.0 / self.per_minute;
        sleep(REFUSAL).await;
        let wait = (self.says != Says::Nothing).then(|| Duration::from_secs_f64(wait.ceil()));
        let error = ProviderError::new(ProviderErrorKind::RateLimited, "429: slow down");
        Err(error.with_retry_after(wait).with_rates(self.rates(level)))
    }
}

/// So many callers, each of whom asks again and again, for so many seconds.
pub(crate) async fn crowd(provider: Arc<dyn Provider>, callers: usize, seconds: u64) {
    let end = Instant::now() + Duration::from_secs(seconds);
    let calls: Vec<_> = (0..callers)
        .map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move {
                let request = Request::new("m", vec![]);
                while Instant::now() < end {
                    let _ = tokio::time::timeout_at(end, provider.complete(&request)).await;
                }
            })
        })
        .collect();
    for call in calls {
        call.await.expect("nobody panics");
    }
}
