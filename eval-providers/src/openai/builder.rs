//! Settings of an endpoint.

use std::fmt;
use std::time::Duration;

use eval_core::{ProviderError, ProviderErrorKind};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::endpoint::Endpoint;
use super::http::{Deadlines, Http};
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
    first_byte_timeout: Option<Duration>,
    idle_timeout: Duration,
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
            first_byte_timeout: None,
            idle_timeout: Duration::from_secs(30),
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

    /// The deadline of the head of the answer, connecting included. A model that thinks for a minute sends nothing
    /// before. Default: that of the whole call.
    pub fn first_byte_timeout(mut self, deadline: Duration) -> Self {
        self.first_byte_timeout = Some(deadline);
        self
    }

    /// The longest time between two pieces of the body: an answer that is not streamed is there as a whole when it
    /// begins. Default: 30 s.
    pub fn idle_timeout(mut self, deadline: Duration) -> Self {
        self.idle_timeout = deadline;
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
        let http = Http::new(endpoint.host(), self.deadlines(), self.max_body_bytes)?;
        let (profile, tags) = (self.profile, self.tags);
        Ok(OpenAi { endpoint, profile, headers, tags, http, redactor: Redactor::new(key) })
    }

    fn deadlines(&self) -> Deadlines {
        Deadlines {
            connect: self.connect_timeout,
            first_byte: self.first_byte_timeout.unwrap_or(self.timeout),
            idle: self.idle_timeout,
            total: self.timeout,
        }
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
