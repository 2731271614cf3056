//! A provider whose answers stand in a store.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Completion, Evaluation, EvaluationQuery, Money, Origin, Outcome, Provider, ProviderError, ProviderErrorKind,
    Recall, Request, RunId, Store, StoreError,
};

/// The answers of a stored run: who asks for a question gets what was answered then. So answers are judged again
/// without asking a model.
///
/// What a request says is not looked at, only its [origin](Request::origin): question and epoch. An answer is as it was
/// (text, tokens, who served it, how long it took), but nobody is paid for it: its cost is 0, with what it
/// [would have cost](Completion::would_have_cost). A question that failed fails again with the same kind; one that ended
/// its run (a refused key, a spent quota) is [rejected](ProviderErrorKind::Rejected), because it need not end this one.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::{
///     Completion, DatasetRef, Evaluation, InMemory, Origin, Outcome, Provider, Request, Run, Sample, Score, Store,
///     StoredAnswers, Timestamp,
/// };
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (store, run) = (Arc::new(InMemory::new()), Run::new("gpt-4o", DatasetRef::new("sums", "f00d", 1), 1));
/// let answered = Evaluation::new(Sample::new("a", "1 + 1").into(), 1, Outcome::Scored { score: Score::ONE }, Timestamp::UNIX_EPOCH);
/// store.put_run(&run).await?;
/// store.put_evaluations(run.id, &[answered.completion(Completion::new("2"))]).await?;
///
/// let again = Run::new("gpt-4o", run.dataset.clone(), 1);
/// let request = Request::new("gpt-4o", vec![]).origin(Some(Origin::answer(again.id, "a".into(), 1)));
/// assert_eq!(StoredAnswers::new(store, run.id).complete(&request).await.unwrap().text, "2");
/// # Ok::<(), eval_core::StoreError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct StoredAnswers {
    store: Arc<dyn Store>,
    run: RunId,
}

impl StoredAnswers {
    /// The [name](Provider::name) of this provider.
    pub const NAME: &str = "stored answers";

    /// The answers of this run.
    pub fn new(store: Arc<dyn Store>, run: RunId) -> Self {
        Self { store, run }
    }

    async fn find(&self, wanted: &Origin) -> Result<Option<Evaluation>, StoreError> {
        let after = Some((wanted.sample.clone(), wanted.epoch.saturating_sub(1)));
        let query = EvaluationQuery { after, limit: 1, ..EvaluationQuery::default() };
        let found = self.store.evaluations(self.run, &query).await?.into_iter().next();
        Ok(found.filter(|found| found.sample.id == wanted.sample && found.epoch == wanted.epoch))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Provider for StoredAnswers {
    fn name(&self) -> &str {
        Self::NAME
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let refuse = |kind, why: String| Err(ProviderError::new(kind, why));
        let Some(origin) = &request.origin else {
            return refuse(ProviderErrorKind::Config, "stored answers are found by question, and none is named".into());
        };
        let found = self.find(origin).await.map_err(|error| {
            ProviderError::new(ProviderErrorKind::Unrecorded, "the stored answer cannot be read").with_source(error)
        })?;
        match found {
            Some(Evaluation { completion: Some(answer), cost, .. }) => Ok(again(answer, cost, origin)),
            Some(Evaluation { outcome: Outcome::Failed { kind, message }, timing, .. }) => {
                let (kind, message) = match kind.is_fatal() {
                    true => (ProviderErrorKind::Rejected, format!("{kind}: {message}")),
                    false => (kind, message),
                };
                let mut error = ProviderError::new(kind, message).with_timing(timing);
                error.cost = Some(Money::ZERO);
                Err(error)
            }
            _ => {
                let run = self.run.short();
                refuse(ProviderErrorKind::Rejected, format!("run {run} has no answer to this question in this epoch"))
            }
        }
    }
}

/// The answer as it was, for nothing.
fn again(mut answer: Completion, cost: Option<Money>, origin: &Origin) -> Completion {
    (answer.would_have_cost, answer.cost) = (answer.would_have_cost.or(cost), Some(Money::ZERO));
    answer.pricing = None;
    answer.served.recalled = Some(Recall::Run);
    answer.origin(Some(origin.clone()))
}

impl fmt::Debug for StoredAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAnswers").field("run", &self.run).finish_non_exhaustive()
    }
}
