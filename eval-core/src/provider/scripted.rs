//! A provider that answers from a closure or a list.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::{Completion, Provider, ProviderError, ProviderErrorKind, Request};

type Answer = dyn Fn(&Request) -> Result<Completion, ProviderError> + Send + Sync;

/// A provider that answers from your own function or from a list: for examples, tests and benchmarks, and the
/// shortest way to evaluate a function of your own.
///
/// ```
/// use eval_core::{Provider, Request, Message, Scripted};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let echo = Scripted::new("echo", |request| request.last().to_owned());
/// let answer = echo.complete(&Request::new("any", vec![Message::user("hi")])).await.unwrap();
/// assert_eq!(answer.text, "hi");
/// # });
/// ```
pub struct Scripted {
    name: String,
    answer: Box<Answer>,
}

impl Scripted {
    /// Answers with what a function makes of the request.
    pub fn new(name: impl Into<String>, answer: impl Fn(&Request) -> String + Send + Sync + 'static) -> Self {
        Self::fallible(name, move |request| Ok(Completion::new(answer(request))))
    }

    /// Answers with a completion of your own, or fails.
    pub fn fallible(
        name: impl Into<String>,
        answer: impl Fn(&Request) -> Result<Completion, ProviderError> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), answer: Box::new(answer) }
    }

    /// Answers every request with the same text.
    pub fn always(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new("scripted", move |_| text.clone())
    }

    /// Gives these results one after the other; then each further request fails for good.
    pub fn sequence(results: impl IntoIterator<Item = Result<Completion, ProviderError>>) -> Self {
        let results = Mutex::new(VecDeque::from_iter(results));
        Self::fallible("scripted", move |_| {
            let next = results.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            next.unwrap_or_else(|| {
                Err(ProviderError::new(ProviderErrorKind::Rejected, "the script has no answer left"))
            })
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Provider for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        (self.answer)(request).map(|completion| completion.origin(request.origin.clone()))
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").field("name", &self.name).finish_non_exhaustive()
    }
}
