//! Where an endpoint is.

use eval_core::{ProviderError, ProviderErrorKind};
use reqwest::Url;

/// The addresses of an endpoint, made once.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// `…/v1/chat/completions`
    pub(crate) chat: Url,
    /// `…/v1/models`
    pub(crate) models: Url,
    /// `…/health/readiness`, beside `/v1` and not below it.
    pub(crate) readiness: Url,
}

impl Endpoint {
    /// Reads a base URL. `/v1` is added unless the path names a version already (`/v1`, `/v1beta/openai`).
    pub(crate) fn parse(base_url: &str) -> Result<Self, ProviderError> {
        let base = checked(base_url)?;
        let path = base.path().trim_end_matches('/').to_owned();
        let versioned = if path.split('/').any(is_version) { path.clone() } else { format!("{path}/v1") };
        let root = path.rsplit_once('/').filter(|(_, last)| is_version(last)).map_or(path.as_str(), |(root, _)| root);
        let at = |path: String| {
            let mut url = base.clone();
            url.set_path(&path);
            url
        };
        Ok(Self {
            chat: at(format!("{versioned}/chat/completions")),
            models: at(format!("{versioned}/models")),
            readiness: at(format!("{root}/health/readiness")),
        })
    }

    /// Host and port, for messages.
    pub(crate) fn host(&self) -> String {
        let host = self.chat.host_str().unwrap_or_default();
        self.chat.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// The messages never repeat the URL: it may hold what should not be shown.
fn checked(base_url: &str) -> Result<Url, ProviderError> {
    let refused = |why: &str| Err(ProviderError::new(ProviderErrorKind::Config, format!("the base URL {why}")));
    let Ok(url) = Url::parse(base_url.trim()) else {
        return refused("is not a URL; expected for instance http://localhost:4000");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refused("begins with neither http:// nor https://; expected for instance http://localhost:4000");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("holds a user or a password; give the key apart from it");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("holds a query or a fragment (`?` or `#`)");
    }
    Ok(url)
}

/// Whether a part of a path names a version of an API, as `v1` and `v1beta` do.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_with_and_without_a_version() {
        for (base, chat, readiness) in [
            ("http://h:4000", "http://h:4000/v1/chat/completions", "http://h:4000/health/readiness"),
            ("http://h:4000/", "http://h:4000/v1/chat/completions", "http://h:4000/health/readiness"),
            (" http://h:4000/v1/ ", "http://h:4000/v1/chat/completions", "http://h:4000/health/readiness"),
            ("https://h/proxy", "https://h/proxy/v1/chat/completions", "https://h/proxy/health/readiness"),
            ("https://h/proxy/v1//", "https://h/proxy/v1/chat/completions", "https://h/proxy/health/readiness"),
            (
                "https://h/v1beta/openai",
                "https://h/v1beta/openai/chat/completions",
                "https://h/v1beta/openai/health/readiness",
            ),
            ("https://h/vision", "https://h/vision/v1/chat/completions", "https://h/vision/health/readiness"),
        ] {
            let endpoint = Endpoint::parse(base).unwrap();
            assert_eq!(endpoint.chat.as_str(), chat);
            assert_eq!(endpoint.readiness.as_str(), readiness);
        }
    }

    #[test]
    fn refuses_what_is_no_address_without_repeating_it() {
        for base in [
            "",
            "localhost:4000",
            "ftp://h",
            "http://",
            "http://u:canary@h",
            "http://canary@h",
            "http://h/?k=canary",
            "http://h#canary",
        ] {
            let error = Endpoint::parse(base).unwrap_err();
            assert_eq!(error.kind, ProviderErrorKind::Config, "{base}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
