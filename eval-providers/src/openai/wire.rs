//! The JSON of `chat/completions`.

mod content;
mod usage;

use eval_core::{ProviderError, ProviderErrorKind, Request};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

pub(super) use content::Content;
pub(super) use usage::usage;

use crate::litellm::Extras;

/// Parameters that this client does not leave to others: the first two are the request's own, the others would
/// bring an answer in another form or pay for answers that nobody reads.
const RESERVED: [&str; 4] = ["model", "messages", "stream", "n"];

/// The body of a call.
pub(super) fn body(request: &Request, extras: Option<&Extras<'_>>) -> Result<Vec<u8>, ProviderError> {
    if let Some((name, _)) = request.params.iter().find(|(name, _)| RESERVED.contains(name)) {
        let message = format!("the parameter `{name}` cannot be set");
        return Err(ProviderError::new(ProviderErrorKind::Config, message));
    }
    serde_json::to_vec(&Body { request, extras }).map_err(|error| {
        ProviderError::new(ProviderErrorKind::Config, "the request cannot be written as JSON").with_source(error)
    })
}

/// A request, written from where it lies.
struct Body<'a> {
    request: &'a Request,
    extras: Option<&'a Extras<'a>>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", &self.request.model)?;
        map.serialize_entry("messages", &self.request.messages)?;
        for (name, value) in self.request.params.iter() {
            map.serialize_entry(name, value)?;
        }
        if let Some(extras) = self.extras {
            extras.serialize_into(&mut map)?;
        }
        map.end()
    }
}

/// What comes back, with everything optional that some endpoint leaves out.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    pub(super) model: Option<String>,
    pub(super) system_fingerprint: Option<String>,
    #[serde(borrow)]
    pub(super) service_tier: Option<&'a RawValue>,
    pub(super) choices: Option<Vec<Choice>>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
}

/// One of the answers; only one was asked for.
#[derive(Deserialize)]
pub(super) struct Choice {
    pub(super) message: Option<Said>,
    pub(super) finish_reason: Option<String>,
}

/// What the model said.
#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    pub(super) content: Content,
    pub(super) refusal: Option<String>,
}
