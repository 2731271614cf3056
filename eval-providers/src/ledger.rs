//! Every paid call, written down before it is made.

use std::sync::Arc;

use eval_core::{
    Attempt, AttemptEnd, AttemptLog, AttemptOutcome, Completion, Layer, Provider, ProviderError, ProviderErrorKind,
    Purpose, Request, async_trait,
};

/// Writes each attempt down before it is made, and again when it has ended. One that nobody waits for any more, as when
/// a deadline passes or a run is stopped at once, is written down as abandoned. An answer is written down with its text:
/// it is paid for, and whoever goes on with the run need not ask for it again.
///
/// A call that cannot be written down is not made: it fails as [`Unrecorded`](ProviderErrorKind::Unrecorded). Requests
/// without an [origin](Request::origin) belong to no run and are passed on.
///
/// Belongs close to the endpoint, inside of [`LimitLayer`](crate::LimitLayer) and [`RetryLayer`](crate::RetryLayer): a
/// retry is an attempt of its own, and what waits for its turn is none yet.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::{AttemptLog, DatasetRef, InMemory, Origin, Provider, ProviderExt, Request, Run, Scripted, Store};
/// use eval_providers::LedgerLayer;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = Arc::new(InMemory::new());
/// let run = Run::new("any", DatasetRef::new("sums", "f00d", 1), 1);
/// store.put_run(&run).await?;
/// let provider = Scripted::always("4").layer(LedgerLayer::new(store.clone()));
///
/// let request = Request::new("any", vec![]).origin(Some(Origin::answer(run.id, "a".into(), 1)));
/// provider.complete(&request).await.unwrap();
/// assert_eq!(store.attempts(run.id, None, 10).await?.len(), 1);
/// # Ok::<(), eval_core::StoreError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct LedgerLayer {
    log: Arc<dyn AttemptLog>,
}

impl LedgerLayer {
    /// Writes into this log.
    pub fn new(log: Arc<dyn AttemptLog>) -> Self {
        Self { log }
    }
}

impl std::fmt::Debug for LedgerLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerLayer").finish_non_exhaustive()
    }
}

impl<P: Provider> Layer<P> for LedgerLayer {
    type Provider = Ledger<P>;

    fn layer(&self, inner: P) -> Ledger<P> {
        Ledger { log: self.log.clone(), inner }
    }
}

/// A provider whose attempts are written down: see [`LedgerLayer`].
pub struct Ledger<P> {
    log: Arc<dyn AttemptLog>,
    inner: P,
}

impl<P: std::fmt::Debug> std::fmt::Debug for Ledger<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Ledger<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let Some(origin) = &request.origin else { return self.inner.complete(request).await };
        let attempt = Attempt::new(origin.clone(), &request.model);
        self.log.begin(&attempt).await.map_err(|error| {
            ProviderError::new(ProviderErrorKind::Unrecorded, "the call could not be written down, so it was not made")
                .with_source(error)
        })?;
        let open = Open { log: &*self.log, attempt: Some(attempt) };
        let result = self.inner.complete(request).await;
        open.end(match (&result, origin.purpose) {
            (Ok(answer), Purpose::Answer) => AttemptEnd::answered(answer).text(&answer.text),
            (Ok(verdict), Purpose::Judge) => AttemptEnd::answered(verdict),
            (Err(error), _) => AttemptEnd::failed(error),
        });
        result
    }
}

/// An attempt in flight. Dropped before its end, it was abandoned.
struct Open<'a> {
    log: &'a dyn AttemptLog,
    attempt: Option<Attempt>,
}

impl Open<'_> {
    fn end(mut self, end: AttemptEnd) {
        if let Some(attempt) = self.attempt.take() {
            self.log.end(attempt.ended(end));
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            self.log.end(attempt.ended(AttemptEnd::new(AttemptOutcome::Abandoned)));
        }
    }
}
