//! What is asked and what comes back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Money, Origin, Pricing, Rates};

/// Who speaks in a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions that stand above the conversation.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, as plain text.
    pub content: String,
}

impl Message {
    /// A turn of the one who asks.
    pub fn user(content: impl Into<String>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    /// Instructions above the conversation.
    pub fn system(content: impl Into<String>) -> Self {
        Self { role: Role::System, content: content.into() }
    }

    /// A turn of the model.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// Sampling parameters, passed to the provider by name (`temperature`, `seed`, `max_completion_tokens`, …).
///
/// A parameter that is not set is not sent: reasoning models refuse some, and proxies drop them in silence. Cheap to
/// clone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Params(Arc<BTreeMap<String, Value>>);

impl Params {
    /// No parameters: the provider's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same parameters with one more, replacing one of the same name.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        Arc::make_mut(&mut self.0).insert(name.into(), value.into());
        self
    }

    /// The value of a parameter, if it is set.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All parameters, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether no parameter is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One call to make: rendered messages, a model, parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Request {
    /// The model asked for, by the name that the endpoint knows.
    pub model: String,
    /// The conversation, oldest turn first.
    pub messages: Vec<Message>,
    /// Sampling parameters.
    pub params: Params,
    /// What the call is for. `None` outside a run, for instance in a connection test.
    pub origin: Option<Origin>,
}

impl Request {
    /// A request without parameters and without an origin.
    pub fn new(model: impl Into<String>, messages: Vec<Message>) -> Self {
        Self { model: model.into(), messages, params: Params::default(), origin: None }
    }

    /// The same request with these parameters.
    pub fn params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    /// The same request, made for this sample of a run.
    pub fn origin(mut self, origin: Option<Origin>) -> Self {
        self.origin = origin;
        self
    }

    /// The text of the last turn, or an empty text when there is none.
    pub fn last(&self) -> &str {
        self.messages.last().map_or("", |message| &message.content)
    }
}

/// Why a model stopped writing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FinishReason {
    /// It was done.
    Stop,
    /// It ran into its token limit: the answer is cut.
    Length,
    /// A content filter stopped it.
    ContentFilter,
    /// It wants to call a tool.
    ToolCalls,
    /// Another reason, in the provider's words.
    Other(String),
    /// The provider did not say.
    #[default]
    Unknown,
}

impl FinishReason {
    /// Whether the provider says that the model did not want to answer, or was not let to.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::ContentFilter => true,
            Self::Other(reason) => reason == "refusal",
            _ => false,
        }
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
            Self::ToolCalls => "tool_calls",
            Self::Other(reason) => reason,
            Self::Unknown => "unknown",
        })
    }
}

impl From<&str> for FinishReason {
    fn from(reason: &str) -> Self {
        match reason {
            "stop" => Self::Stop,
            "length" => Self::Length,
            "content_filter" => Self::ContentFilter,
            "tool_calls" => Self::ToolCalls,
            "unknown" => Self::Unknown,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Tokens of one call. What the provider did not report, or reported as nonsense, is `None`, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub prompt_tokens: Option<u64>,
    /// Tokens written by the model, reasoning included.
    pub completion_tokens: Option<u64>,
    /// Tokens of the prompt that came from the provider's prompt cache.
    pub cached_tokens: Option<u64>,
    /// Tokens of the prompt that were written to the provider's prompt cache, where that has a price of its own.
    pub cache_write_tokens: Option<u64>,
    /// Tokens that the model spent on reasoning.
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// Usage with the two counts that every provider reports.
    pub fn new(prompt_tokens: u64, completion_tokens: u64) -> Self {
        Self { prompt_tokens: Some(prompt_tokens), completion_tokens: Some(completion_tokens), ..Self::default() }
    }

    /// Prompt and completion together, `None` unless both are known.
    pub fn total(&self) -> Option<u64> {
        self.prompt_tokens?.checked_add(self.completion_tokens?)
    }
}

/// Where on our side an answer came from that no model was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Recall {
    /// The response cache: the same request was answered before.
    Cache,
    /// A cassette that was recorded before.
    Cassette,
    /// Another run, whose answers are judged again.
    Run,
}

impl Recall {
    /// The name used in records: `cache`, `cassette` or `run`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Cassette => "cassette",
            Self::Run => "run",
        }
    }

    /// The source of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cache, Self::Cassette, Self::Run].into_iter().find(|recall| recall.name() == name)
    }
}

/// What really answered: asked and served differ more often than one thinks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Served {
    /// The model named in the response. Proxies overwrite it with the alias that was asked for.
    pub model: Option<String>,
    /// The model behind the alias, where a proxy tells it.
    pub raw_model: Option<String>,
    /// The provider whose headers came along, for instance `anthropic`.
    pub family: Option<String>,
    /// The deployment that answered (LiteLLM: `x-litellm-model-id`).
    pub model_id: Option<String>,
    /// The provider's fingerprint of weights and settings (`system_fingerprint`).
    pub fingerprint: Option<String>,
    /// Fallbacks that were tried: more than 0 means that another model answered.
    pub fallbacks: Option<u32>,
    /// Retries hidden inside a proxy: they distort latency.
    pub retries: Option<u32>,
    /// Whether the answer came out of a proxy's cache instead of the model.
    pub cache_hit: Option<bool>,
    /// Where it came from when nobody was asked, because it was stored on our side.
    pub recalled: Option<Recall>,
    /// The proxy's id of the call.
    pub call_id: Option<String>,
    /// The upstream provider's id of the request.
    pub request_id: Option<String>,
    /// The proxy and its version, for instance `litellm/1.106.2`.
    pub proxy: Option<String>,
}

/// Where the time of a call went. All in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Timing {
    /// Waiting for a turn: for a permit, for a rate, for an endpoint that asked to wait or is in trouble.
    pub queued_ms: f64,
    /// Lost to failed attempts and to the pauses between them.
    pub backing_off_ms: f64,
    /// The answering attempt itself: what *latency* means everywhere. `None` if nobody measured it.
    pub service_ms: Option<f64>,
}

impl Timing {
    /// A call that took this long and waited for nothing, in milliseconds.
    pub fn service(ms: f64) -> Self {
        Self { service_ms: Some(ms), ..Self::default() }
    }
}

/// What the model said, with all that is known about the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Completion {
    /// The answer.
    pub text: String,
    /// Why the model stopped.
    pub finish: FinishReason,
    /// Tokens, as far as they are known.
    pub usage: Usage,
    /// What really answered.
    pub served: Served,
    /// What the call cost, in nano-dollars; `None` when the price is unknown.
    pub cost: Option<Money>,
    /// Where the cost is known from; `None` when it is unknown, and where nobody said.
    pub pricing: Option<Pricing>,
    /// What the call would have cost, had its answer not been [recalled](Served::recalled), in nano-dollars.
    pub would_have_cost: Option<Money>,
    /// Where the time went.
    pub timing: Timing,
    /// What the call was for: copied from the request, so that a judge's own calls can carry it on.
    pub origin: Option<Origin>,
    /// What the endpoint says it takes, for layers that limit. Not stored.
    #[serde(skip)]
    pub rates: Option<Box<Rates>>,
    /// The service tier that the endpoint says it answered in, for instance `flex`: it decides the price. Not stored.
    #[serde(skip)]
    pub tier: Option<String>,
}

impl Completion {
    /// An answer of which nothing but the text is known.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            finish: FinishReason::Stop,
            usage: Usage::default(),
            served: Served::default(),
            cost: None,
            pricing: None,
            would_have_cost: None,
            timing: Timing::default(),
            origin: None,
            rates: None,
            tier: None,
        }
    }

    /// The same answer with this usage.
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// The same answer with this cost, in nano-dollars.
    pub fn cost(mut self, cost: Option<Money>) -> Self {
        self.cost = cost;
        self
    }

    /// The same answer with where its cost is known from.
    pub fn pricing(mut self, pricing: Option<Pricing>) -> Self {
        self.pricing = pricing;
        self
    }

    /// The same answer with what it would have cost, in nano-dollars.
    pub fn would_have_cost(mut self, cost: Option<Money>) -> Self {
        self.would_have_cost = cost;
        self
    }

    /// The same answer with this timing.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// The same answer with this finish reason.
    pub fn finish(mut self, finish: FinishReason) -> Self {
        self.finish = finish;
        self
    }

    /// The same answer with this served identity.
    pub fn served(mut self, served: Served) -> Self {
        self.served = served;
        self
    }

    /// The same answer, made for this origin.
    pub fn origin(mut self, origin: Option<Origin>) -> Self {
        self.origin = origin;
        self
    }

    /// The same answer with what the endpoint says it takes.
    pub fn rates(mut self, rates: Option<Box<Rates>>) -> Self {
        self.rates = rates;
        self
    }
}
