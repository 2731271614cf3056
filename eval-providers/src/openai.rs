//! OpenAI-compatible endpoints over HTTP.

mod answer;
mod builder;
mod check;
mod endpoint;
mod error;
mod headers;
mod http;
mod profile;
mod rates;
mod redact;
mod retry_after;
mod wire;

use std::fmt;

use eval_core::{Completion, Provider, ProviderError, Request, Timestamp, Timing, async_trait};
use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

pub use builder::OpenAiBuilder;
pub use check::offers;
pub use profile::Profile;

use crate::elapsed::ms_since;
use crate::litellm::Extras;
use endpoint::Endpoint;
use http::Http;
use redact::Redactor;

/// An OpenAI-compatible endpoint: OpenAI itself, a LiteLLM proxy (with [`LiteLlm`](crate::LiteLlm)), vLLM,
/// Ollama and the many others that speak `/v1/chat/completions`.
///
/// One call is one HTTP request; retries and limits are layers. Connecting, the head of the answer, each pause in its
/// body and the whole call have a deadline each, and the body is capped in decompressed bytes. Redirects are refused,
/// so that the key never reaches another host. Answers are not streamed.
///
/// An empty answer is an answer: a model that says nothing, refuses, or calls a tool that nobody offered is for
/// a judge to grade, since failed questions leave the mean and would flatter the model. A refusal's text is the
/// completion's text, and its finish reason is `refusal`. Only an empty answer of a content filter fails, as
/// [`Filtered`](eval_core::ProviderErrorKind::Filtered).
///
/// What the endpoint did not report, or reported as nonsense (negative counts, a count above 2^53, a cost that
/// is not a number), is `None`.
///
/// ```no_run
/// use eval_core::{Message, Provider, Request};
/// use eval_providers::OpenAi;
///
/// # async fn ask() -> Result<(), eval_core::ProviderError> {
/// let provider = OpenAi::builder("https://api.openai.com").api_key("sk-…").build()?;
/// let answer = provider.complete(&Request::new("gpt-4o-mini", vec![Message::user("What is 2 + 2?")])).await?;
/// println!("{} ({:?} tokens)", answer.text, answer.usage.total());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OpenAi {
    endpoint: Endpoint,
    profile: Profile,
    /// Sent with every call: built once, cheap to clone.
    headers: HeaderMap,
    tags: Vec<String>,
    http: Http,
    redactor: Redactor,
}

impl OpenAi {
    /// Settings for the endpoint at this base URL, with or without `/v1`.
    pub fn builder(base_url: impl Into<String>) -> OpenAiBuilder {
        OpenAiBuilder::new(base_url.into())
    }

    /// The kind of endpoint that this client takes it for.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    async fn ask(&self, request: &Request) -> Result<Completion, ProviderError> {
        let mut headers = self.headers.clone();
        let extras = self.extras(request);
        if let Some(extras) = &extras {
            extras.add_headers(&mut headers);
        }
        let body = wire::body(request, extras.as_ref())?;
        let http_request = http::request(Method::POST, &self.endpoint.chat, headers, body);
        let mut received = self.http.exchange(http_request).await?;
        self.redactor.hide(&mut received);
        let rates = rates::rates(&received.headers, Timestamp::now());
        let result = match received.status.is_success() {
            true => answer::read(&received, &self.redactor),
            false => Err(error::refused(&received, &self.redactor)),
        };
        match result {
            Ok(completion) => Ok(completion.rates(rates)),
            Err(error) => Err(error.with_rates(rates)),
        }
    }

    fn extras<'a>(&'a self, request: &'a Request) -> Option<Extras<'a>> {
        (self.profile == Profile::LiteLlm).then(|| Extras::new(request, &self.tags))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Provider for OpenAi {
    fn name(&self) -> &str {
        self.profile.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let start = Instant::now();
        let result = self.ask(request).await;
        let timing = Timing::service(ms_since(start));
        match result {
            Ok(completion) => Ok(completion.timing(timing).origin(request.origin.clone())),
            Err(error) => Err(error.with_timing(timing)),
        }
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi")
            .field("url", &self.endpoint.chat.as_str())
            .field("profile", &self.profile)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}
