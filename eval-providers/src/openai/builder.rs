//! Settings of an endpoint.

use std::fmt;
use std::time::Duration;

use eval_core::{ProviderError, ProviderErrorKind};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::endpoint::Endpoint;
use super::http::Http;
use super::redact::Redactor;
use super::{OpenAi, Profile};
use crate::litellm;

/// Settings of an [`OpenAi`] client.
#[derive(Clone)]
#[must_use]
pub struct OpenAiBuilder {
    base_url: String,
    api_key: Option<SecretString>,
    profile: Profile,
    tags: Vec<String>,
    timeout: Duration,
    connect_timeout: Duration,
    max_body_bytes: usize,
}

impl OpenAiBuilder {
    pub(crate) fn new(base_url: String) -> Self {
        Self {
            base_url,
            api_key: None,
            profile: Profile::default(),
            tags: Vec::new(),
            timeout: Duration::from_secs(120),
            connect_timeout: Duration::from_secs(10),
            max_body_bytes: 10 << 20,
        }
    }

    /// The key, sent as a bearer token. White space around it is dropped; an empty key is none. Default: none.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// What kind of endpoint it is. Default: [`Profile::OpenAi`].
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// One more tag for a LiteLLM proxy's records; a plain endpoint is not told. Default: only `evals` and
    /// `run:<id>`.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// The deadline of one call: connecting, headers and the whole body. Default: 120 s.
    pub fn timeout(mut self, deadline: Duration) -> Self {
        self.timeout = deadline;
        self
    }

    /// The deadline of connecting alone. Default: 10 s.
    pub fn connect_timeout(mut self, deadline: Duration) -> Self {
        self.connect_timeout = deadline;
        self
    }

    /// The longest body that is read, in bytes after decompression. Default: 10 MiB.
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ProviderErrorKind::Config`] when the base URL is no address or holds a secret, when the key or a tag
    /// holds characters that no header can carry, or when TLS cannot be set up.
    pub fn build(self) -> Result<OpenAi, ProviderError> {
        let endpoint = Endpoint::parse(&self.base_url)?;
        let key = self.api_key.as_ref().and_then(trimmed);
        let headers = self.headers(key.as_ref())?;
        if let Some(tag) = self.tags.iter().find(|tag| !litellm::is_tag(tag)) {
            return Err(config(format!("the tag {tag:?} holds a comma or a character that no header can carry")));
        }
        let http = Http::new(endpoint.host(), self.timeout, self.connect_timeout, self.max_body_bytes)?;
        let (profile, tags) = (self.profile, self.tags);
        Ok(OpenAi { endpoint, profile, headers, tags, http, redactor: Redactor::new(key) })
    }

    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, ProviderError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(key) = key {
            headers.insert(AUTHORIZATION, bearer(key)?);
        }
        if self.profile == Profile::LiteLlm {
            litellm::add_fixed_headers(&mut headers, self.timeout);
        }
        Ok(headers)
    }
}

impl fmt::Debug for OpenAiBuilder {
    /// Without the base URL, which is not yet checked for secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiBuilder").field("profile", &self.profile).finish_non_exhaustive()
    }
}

fn trimmed(key: &SecretString) -> Option<SecretString> {
    let key = key.expose_secret().trim();
    (!key.is_empty()).then(|| key.into())
}

fn bearer(key: &SecretString) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
        .map_err(|_| config("the key holds a character that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn config(message: impl Into<String>) -> ProviderError {
    ProviderError::new(ProviderErrorKind::Config, message)
}
