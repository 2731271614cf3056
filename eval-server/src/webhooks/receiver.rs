//! Who is told.

use secrecy::{ExposeSecret, SecretString};

use super::WebhookSecret;

/// A receiver of webhooks: its URL, which is often a password in itself, and the secrets that sign what it gets.
#[derive(Debug, Clone)]
pub struct Receiver {
    url: SecretString,
    secrets: Vec<WebhookSecret>,
}

impl Receiver {
    /// A receiver with its own secret. Two receivers must not share one, or each could forge webhooks to the other.
    pub fn new(url: impl Into<SecretString>, secret: WebhookSecret) -> Self {
        Self { url: url.into(), secrets: vec![secret] }
    }

    /// The secret before the last rotation, with which webhooks are signed as well until the receiver has the new one.
    pub fn previous(mut self, secret: WebhookSecret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// A receiver with these secrets; `None` without any.
    pub(super) fn signed(url: impl Into<SecretString>, secrets: Vec<WebhookSecret>) -> Option<Self> {
        (!secrets.is_empty()).then(|| Self { url: url.into(), secrets })
    }

    /// The host of the URL, which may be shown.
    pub(crate) fn host(&self) -> Option<String> {
        reqwest::Url::parse(self.url()).ok()?.host_str().map(str::to_owned)
    }

    pub(super) fn url(&self) -> &str {
        self.url.expose_secret()
    }

    pub(super) fn secrets(&self) -> &[WebhookSecret] {
        &self.secrets
    }
}
