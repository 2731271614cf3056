//! What must not stand in a file.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// What a secret is replaced by.
const MASK: &str = "[redacted]";

/// How long a key is at least that cannot be a word, in bytes: `none` and `ollama` are keys too, and no secrets.
const SECRET: usize = 12;

/// Whether a parameter of this name carries a secret: proxies take keys and headers in the body.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["api_key", "_token"].iter().any(|end| name.ends_with(end))
        || ["secret", "password", "credential", "authorization", "headers"].iter().any(|part| name.contains(part))
}

/// Masks one key wherever it stands.
#[derive(Clone, Default)]
pub(super) struct Scrub {
    key: Option<SecretString>,
}

impl Scrub {
    pub(super) fn new(key: &SecretString) -> Self {
        let key = key.expose_secret().trim();
        Self { key: (key.len() >= SECRET).then(|| key.into()) }
    }

    pub(super) fn text(&self, text: &mut String) {
        let Some(key) = self.key.as_ref().map(ExposeSecret::expose_secret) else { return };
        if text.contains(key) {
            *text = text.replace(key, MASK);
        }
    }
}

impl fmt::Debug for Scrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrub")
    }
}
