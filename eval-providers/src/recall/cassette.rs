//! The files of a cassette: one for each request, with what came of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use eval_core::{
    Completion, FinishReason, Message, Money, Params, Pricing, ProviderError, ProviderErrorKind, Purpose, Recall,
    Request, Served, Usage, short_hash,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canonical;
use super::scrub::Scrub;

/// What the files are, and the version of their form.
const SCHEMA: &str = "eval-cassette/1";

/// How much of a name goes into the name of a file, in characters.
const NAMED: usize = 60;

/// A request and what came of it, as often as it was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tape {
    schema: String,
    /// The name of the provider that was asked.
    pub(super) provider: String,
    pub(super) request: Asked,
    pub(super) outcomes: Vec<Outcome>,
}

/// What tells a request from others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) purpose: Option<Purpose>,
    pub(super) sample: Option<String>,
    pub(super) epoch: u32,
    pub(super) model: String,
    #[serde(default)]
    pub(super) params: Params,
    pub(super) messages: Vec<Message>,
}

/// How a request ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Outcome {
    Answer(Box<Answer>),
    Error(Failure),
}

/// What is kept of an answer: neither times nor the ids of the call, which are other ones each time.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    text: String,
    finish: FinishReason,
    #[serde(default)]
    usage: Usage,
    #[serde(default)]
    served: Served,
    cost: Option<Money>,
    pricing: Option<Pricing>,
}

/// What is kept of a failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    kind: ProviderErrorKind,
    message: String,
    #[serde(default)]
    usage: Usage,
}

impl Tape {
    pub(super) fn new(provider: &str, request: Asked) -> Self {
        Self { schema: SCHEMA.to_owned(), provider: provider.to_owned(), request, outcomes: Vec::new() }
    }

    /// One more outcome. An error after which the request is made again is none: what counts is how it ended.
    pub(super) fn push(&mut self, outcome: Outcome) {
        if self.outcomes.last().is_some_and(Outcome::is_passing) {
            self.outcomes.pop();
        }
        self.outcomes.push(outcome);
    }

    /// The tape of a file.
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(file)?;
        let tape: Self = serde_json::from_str(&text)?;
        match tape.schema.as_str() {
            SCHEMA if tape.outcomes.is_empty() => Err(io::Error::other("it has no outcome")),
            SCHEMA => Ok(tape),
            other => Err(io::Error::other(format!("its schema is `{other}`, expected `{SCHEMA}`"))),
        }
    }

    /// Puts the tape into a file, all of it or nothing. The same tape always gives the same bytes.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(&canonical::sorted(without_nulls(serde_json::to_value(self)?)))?;
        text.push('\n');
        let unfinished = file.with_extension("unfinished");
        fs::create_dir_all(file.parent().unwrap_or(file))?;
        fs::write(&unfinished, text)?;
        fs::rename(&unfinished, file)
    }
}

impl Asked {
    pub(super) fn of(request: &Request, scrub: &Scrub) -> Self {
        let origin = request.origin.as_ref();
        let mut messages = request.messages.clone();
        messages.iter_mut().for_each(|message| scrub.text(&mut message.content));
        Self {
            purpose: origin.map(|origin| origin.purpose),
            sample: origin.map(|origin| origin.sample.as_str().to_owned()),
            epoch: canonical::epoch(request),
            model: request.model.clone(),
            params: canonical::params(&request.params),
            messages,
        }
    }

    /// The same for the same request, whoever makes it and in whatever run.
    pub(super) fn key(&self) -> String {
        let [messages, params] = canonical::texts(&self.messages, &self.params);
        let (purpose, epoch) = (self.purpose(), self.epoch.to_string());
        let sample = self.sample.as_deref().unwrap_or_default();
        short_hash([SCHEMA, purpose, sample, &epoch, &self.model, &messages, &params])
    }

    /// `answer`, `judge`, or `call` outside a run.
    pub(super) fn purpose(&self) -> &'static str {
        match self.purpose {
            Some(Purpose::Answer) => "answer",
            Some(Purpose::Judge) => "judge",
            None => "call",
        }
    }

    /// Where it stands below the folder of the cassette: by names that a person finds, and by the key.
    pub(super) fn file(&self, folder: &Path) -> PathBuf {
        let key = self.key();
        let sample = self.sample.as_deref().map_or_else(|| "none".to_owned(), plain);
        let name = format!("{sample}.{}.{}.{}.json", self.epoch, self.purpose(), &key[..8]);
        folder.join(plain(&self.model)).join(name)
    }
}

impl Outcome {
    pub(super) fn of(result: &Result<Completion, ProviderError>, scrub: &Scrub) -> Self {
        match result {
            Ok(completion) => {
                let mut served = completion.served.clone();
                (served.call_id, served.request_id) = (None, None);
                Self::Answer(Box::new(Answer {
                    text: completion.text.clone(),
                    finish: completion.finish.clone(),
                    usage: completion.usage,
                    served,
                    cost: completion.cost,
                    pricing: completion.pricing,
                }))
            }
            Err(error) => {
                let mut message = error.message.clone();
                scrub.text(&mut message);
                Self::Error(Failure { kind: error.kind, message, usage: error.usage })
            }
        }
    }

    /// An error after which a request is made again: by a retry, or when the run goes on.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Error(failure) if failure.kind.is_transient() || failure.kind.is_fatal())
    }

    pub(super) fn is_rejected(&self) -> bool {
        matches!(self, Self::Error(failure) if failure.kind == ProviderErrorKind::Rejected)
    }

    /// The same again for this request. Nobody is paid.
    pub(super) fn replayed(&self, request: &Request) -> Result<Completion, ProviderError> {
        match self {
            Self::Answer(answer) => {
                let mut served = answer.served.clone();
                served.recalled = Some(Recall::Cassette);
                let completion = Completion::new(&answer.text).finish(answer.finish.clone()).usage(answer.usage);
                let completion = completion.served(served).cost(Some(Money::ZERO)).would_have_cost(answer.cost);
                Ok(completion.origin(request.origin.clone()))
            }
            Self::Error(failure) => {
                let mut error = ProviderError::new(failure.kind, &failure.message);
                (error.usage, error.cost) = (failure.usage, Some(Money::ZERO));
                Err(error)
            }
        }
    }
}

/// What is unknown need not be written.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(without_nulls).collect(),
        Value::Object(fields) => {
            let known = fields.into_iter().filter(|(_, value)| !value.is_null());
            known.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        plain => plain,
    }
}

/// A name as far as it can stand in the name of a file.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' };
    name.chars().take(NAMED).map(plain).collect()
}
