//! Nothing is called that nobody allows.

mod allowances;
mod estimate;

use std::sync::Arc;

use eval_core::{
    Allowance, AttemptEnd, AttemptOutcome, Completion, Grant, Layer, Money, Provider, ProviderError,
    ProviderErrorKind as Kind, Refusal, Request, Scope, Spending, Usage, async_trait,
};
use tokio::time::Instant;

pub use allowances::Allowances;

use crate::elapsed::ms_since;
use crate::price::Prices;
use estimate::Estimator;

/// Asks for leave before each attempt, and settles what it took after it: with known prices nothing is spent above a cap,
/// however many calls are in flight.
///
/// What a call may take at most is estimated from its length (a token is at least a byte), from `max_completion_tokens`,
/// `max_tokens` or `max_output_tokens`, and from the model's price; an endpoint's own cost, once it reported one, counts
/// where it is higher. Without such a parameter an answer is taken to have at most 4,096 tokens or twice as many as the
/// longest so far: then a longer one can pass a cap by what it is longer. Of a model whose price nobody knows, at most
/// the calls in flight pass a cap on money.
///
/// A call that is refused is not made: it fails as [`Capped`](Kind::Capped), which ends the run. Where it has to wait for
/// others to settle, that is queueing (`timing.queued_ms`). Requests without an [origin](Request::origin) belong to no
/// run and are passed on.
///
/// Belongs around [`LedgerLayer`](crate::LedgerLayer), so that what is refused is no attempt, and inside of
/// [`LimitLayer`](crate::LimitLayer) and [`RetryLayer`](crate::RetryLayer): a retry costs too.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::{Cap, Caps, Origin, Provider, ProviderErrorKind, ProviderExt, Request, RunId, Scripted};
/// use eval_providers::{Allowances, BudgetLayer, Prices};
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let mut caps = Caps::default();
/// caps.run = Cap::new(None, Some(1), None);
/// let budget = BudgetLayer::new(Arc::new(Allowances::new(caps)), Prices::built_in());
/// let provider = Scripted::always("4").layer(budget);
///
/// let request = Request::new("gpt-4o", vec![]).origin(Some(Origin::answer(RunId::new(), "a".into(), 1)));
/// assert!(provider.complete(&request).await.is_ok());
/// assert_eq!(provider.complete(&request).await.unwrap_err().kind, ProviderErrorKind::Capped);
/// # });
/// ```
#[derive(Clone)]
pub struct BudgetLayer {
    allowance: Arc<dyn Allowance>,
    prices: Prices,
}

impl BudgetLayer {
    /// Tokens that are reserved for an answer which no parameter bounds, until one was longer than half of that.
    pub const ANSWER: u64 = estimate::ANSWER;

    /// Asks this allowance, and estimates by these prices.
    pub fn new(allowance: Arc<dyn Allowance>, prices: Prices) -> Self {
        Self { allowance, prices }
    }
}

impl std::fmt::Debug for BudgetLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BudgetLayer").finish_non_exhaustive()
    }
}

impl<P: Provider> Layer<P> for BudgetLayer {
    type Provider = Budget<P>;

    fn layer(&self, inner: P) -> Budget<P> {
        Budget { allowance: self.allowance.clone(), estimator: Estimator::new(self.prices.clone()), inner }
    }
}

/// A provider whose calls are capped: see [`BudgetLayer`].
pub struct Budget<P> {
    allowance: Arc<dyn Allowance>,
    estimator: Estimator,
    inner: P,
}

impl<P: std::fmt::Debug> std::fmt::Debug for Budget<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Budget<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let Some(origin) = &request.origin else { return self.inner.complete(request).await };
        let scope = Scope::call(origin, &request.model);
        let start = Instant::now();
        let grant = self.allowance.reserve(&scope, self.estimator.of(request)).await.map_err(refused)?;
        let queued = ms_since(start);
        let open = Open { allowance: &*self.allowance, grant: Some(grant) };
        let mut result = self.inner.complete(request).await;
        open.settle(match &result {
            Ok(answer) => Spending::of(&AttemptEnd::answered(answer)),
            Err(error) => spent(error),
        });
        match &mut result {
            Ok(answer) => {
                self.estimator.learn(request, answer);
                answer.timing.queued_ms += queued;
            }
            Err(error) => error.timing.queued_ms += queued,
        }
        result
    }
}

fn refused(refusal: Refusal) -> ProviderError {
    match refusal {
        Refusal::Capped(why) => {
            let mut error = ProviderError::new(Kind::Capped, why);
            // It was not made.
            error.cost = Some(Money::ZERO);
            error
        }
        unreadable => {
            ProviderError::new(Kind::Unrecorded, "what was spent so far is not known, so the call was not made")
                .with_source(unreadable)
        }
    }
}

/// What a failed call took: nothing where the endpoint turned it away, unknown where an answer may have been on its way.
fn spent(error: &ProviderError) -> Spending {
    let known = error.cost.is_some() || error.usage != Usage::default();
    match error.kind {
        Kind::Unrecorded | Kind::Capped => Spending::default(),
        _ if error.unsent => Spending::default(),
        _ if known => Spending::of(&AttemptEnd::failed(error)),
        Kind::Timeout | Kind::Network | Kind::Malformed | Kind::Filtered | Kind::Panicked => {
            Spending::of(&AttemptEnd::failed(error))
        }
        _ => Spending::FREE,
    }
}

/// A call in flight. Dropped before its end, it may have been paid for.
struct Open<'a> {
    allowance: &'a dyn Allowance,
    grant: Option<Grant>,
}

impl Open<'_> {
    fn settle(mut self, actual: Spending) {
        if let Some(grant) = self.grant.take() {
            self.allowance.settle(grant, actual);
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(grant) = self.grant.take() {
            self.allowance.settle(grant, Spending::of(&AttemptEnd::new(AttemptOutcome::Abandoned)));
        }
    }
}
