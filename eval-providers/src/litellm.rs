//! The profile of a LiteLLM proxy.

use std::time::Duration;

use eval_core::{Origin, Purpose, Request, RunId, short_hash};
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde::ser::SerializeMap;

use crate::openai::{OpenAiBuilder, Profile};

/// A LiteLLM proxy: an [`OpenAi`](crate::OpenAi) endpoint that is also told not to retry, not to answer from its
/// cache and not to fall back on another model, so that what is measured is the model, and each call is one call.
///
/// A name for [`Profile::LiteLlm`], not a client of its own: the builder makes an [`OpenAi`](crate::OpenAi).
///
/// Each call of a run carries `x-litellm-call-id: <run>-<sample>-<epoch>-<answer|judge>`, by which it is found
/// in the proxy's logs, and the tags `evals` and `run:<id>`. The proxy's cost, deployment, fallbacks, cache hit
/// and version come back in [`Completion`](eval_core::Completion). A parameter of the request that has the name
/// of one of the extras (`num_retries`, `cache`, `disable_fallbacks`, `metadata`) takes its place.
///
/// ```
/// use std::time::Duration;
/// use eval_core::ProviderExt;
/// use eval_providers::{LimitLayer, LiteLlm, RetryLayer, TimeoutLayer};
///
/// # fn main() -> Result<(), eval_core::ProviderError> {
/// let provider = LiteLlm::builder("http://localhost:4000")
///     .api_key("sk-…")
///     .build()?
///     .layer(TimeoutLayer::new(Duration::from_secs(60)))
///     .layer(LimitLayer::new(16))
///     .layer(RetryLayer::new(5));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub enum LiteLlm {}

impl LiteLlm {
    /// Settings for the proxy at this base URL, with or without `/v1`.
    pub fn builder(base_url: impl Into<String>) -> OpenAiBuilder {
        OpenAiBuilder::new(base_url.into()).profile(Profile::LiteLlm)
    }
}

/// The tag of every call.
const TAG: &str = "evals";

/// Whether a tag can stand in a list that is separated by commas, in a header.
pub(crate) fn is_tag(tag: &str) -> bool {
    !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
}

/// The headers that are the same for every call.
pub(crate) fn add_fixed_headers(headers: &mut HeaderMap, timeout: Duration) {
    headers.insert("x-litellm-num-retries", HeaderValue::from_static("0"));
    insert(headers, "x-litellm-timeout", &timeout.as_secs_f64().to_string());
}

/// What one call tells the proxy beyond the OpenAI API.
pub(crate) struct Extras<'a> {
    request: &'a Request,
    tags: Vec<&'a str>,
    run_tag: Option<String>,
}

impl<'a> Extras<'a> {
    pub(crate) fn new(request: &'a Request, tags: &'a [String]) -> Self {
        let tags = std::iter::once(TAG).chain(tags.iter().map(String::as_str)).collect();
        Self { request, tags, run_tag: request.origin.as_ref().map(|origin| format!("run:{}", origin.run)) }
    }

    fn tags(&self) -> Vec<&str> {
        self.tags.iter().copied().chain(self.run_tag.as_deref()).collect()
    }

    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        insert(headers, "x-litellm-tags", &self.tags().join(","));
        if let Some(origin) = &self.request.origin {
            insert(headers, "x-litellm-call-id", &call_id(origin));
        }
    }

    /// Writes the fields that no parameter of the request names.
    pub(crate) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.field(map, "num_retries", &0)?;
        self.field(map, "cache", &NO_CACHE)?;
        self.field(map, "disable_fallbacks", &true)?;
        self.field(map, "metadata", &self.metadata())
    }

    fn field<M: SerializeMap>(&self, map: &mut M, name: &str, value: &impl Serialize) -> Result<(), M::Error> {
        match self.request.params.get(name) {
            Some(_) => Ok(()),
            None => map.serialize_entry(name, value),
        }
    }

    fn metadata(&self) -> Metadata<'_> {
        let origin = self.request.origin.as_ref();
        Metadata {
            tags: self.tags(),
            run_id: origin.map(|origin| origin.run),
            sample_id: origin.map(|origin| origin.sample.as_str()),
            epoch: origin.map(|origin| origin.epoch),
            purpose: origin.map(|origin| origin.purpose),
        }
    }
}

#[derive(Serialize)]
struct Cache {
    #[serde(rename = "no-cache")]
    no_cache: bool,
    #[serde(rename = "no-store")]
    no_store: bool,
}

const NO_CACHE: Cache = Cache { no_cache: true, no_store: true };

#[derive(Serialize)]
struct Metadata<'a> {
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<Purpose>,
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn call_id(origin: &Origin) -> String {
    let purpose = match origin.purpose {
        Purpose::Answer => "answer",
        Purpose::Judge => "judge",
    };
    format!("{}-{}-{}-{purpose}", origin.run, header_safe(origin.sample.as_str()), origin.epoch)
}

/// A sample's id as it is where that is short and plain, else its hash: cutting and replacing could make two equal.
fn header_safe(id: &str) -> String {
    let plain = id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if plain { id.to_owned() } else { short_hash([id]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_ids_are_safe_in_headers_and_stay_different() {
        assert_eq!(header_safe("math-01"), "math-01");
        let hashed = ["a b", "a\nb", "ä", &"x".repeat(65)].map(header_safe);
        assert!(hashed.iter().all(|id| id.len() == 32), "{hashed:?}");
        assert_ne!(hashed[0], hashed[1]);
    }

    #[test]
    fn tags_fit_into_a_list_in_a_header() {
        assert!(is_tag("team:search"));
        for tag in ["", "a,b", "a b", "a\r\nx: y", "ä"] {
            assert!(!is_tag(tag), "{tag:?}");
        }
    }
}
