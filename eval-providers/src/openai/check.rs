//! Whether an endpoint is there, what it is, and which models it has. None of it is paid for.

use std::time::Duration;

use eval_core::{ProviderError, ProviderErrorKind};
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;

use super::endpoint::Endpoint;
use super::http::{Deadlines, Http, Received, request};
use super::{OpenAi, Profile, answer, error};

/// The deadline of a look at an endpoint.
const LOOK: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct List {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

impl OpenAi {
    /// The names of the models that the endpoint offers to this key: `GET /v1/models`. A LiteLLM proxy is also
    /// asked for the wildcards (`openai/*`) by which it takes names that it does not list: see [`offers`].
    ///
    /// # Errors
    /// As [`complete`](eval_core::Provider::complete): a wrong key is
    /// [`ProviderErrorKind::Auth`]; an endpoint that has no such list is [`ProviderErrorKind::Config`] or
    /// [`ProviderErrorKind::Malformed`].
    pub async fn models(&self) -> Result<Vec<String>, ProviderError> {
        let mut url = self.endpoint.models.clone();
        if self.profile == Profile::LiteLlm {
            url.set_query(Some("return_wildcard_routes=true"));
        }
        let received = self.http.exchange(request(Method::GET, &url, self.headers.clone(), Vec::new())).await?;
        if !received.status.is_success() {
            return Err(error::refused(&received, &self.redactor));
        }
        let list: List = serde_json::from_slice(&received.body)
            .map_err(|error| answer::malformed(&received, &self.redactor, &error.to_string()))?;
        Ok(list.data.into_iter().map(|model| model.id).collect())
    }

    /// Whether the endpoint is there and ready. The key is not sent.
    ///
    /// A LiteLLM proxy is asked for `/health/readiness`. A plain endpoint has nothing of the kind: there, any
    /// answer to `GET /v1/models` will do, a refusal included.
    ///
    /// # Errors
    /// [`ProviderErrorKind::Network`] or [`ProviderErrorKind::Timeout`] when nobody answers,
    /// [`ProviderErrorKind::Unavailable`] when the endpoint is in trouble.
    pub async fn readiness(&self) -> Result<(), ProviderError> {
        let url = match self.profile {
            Profile::LiteLlm => &self.endpoint.readiness,
            Profile::OpenAi => &self.endpoint.models,
        };
        let received = get(&self.http, url).await?;
        let refused = self.profile == Profile::LiteLlm && !received.status.is_success();
        if refused || received.status.is_server_error() {
            return Err(error::refused(&received, &self.redactor));
        }
        Ok(())
    }
}

impl Profile {
    /// Finds out what kind of endpoint a base URL is, from what `/health/readiness` answers. No key is sent.
    ///
    /// # Errors
    /// [`ProviderErrorKind::Config`] when the base URL is no address, [`ProviderErrorKind::Network`] or
    /// [`ProviderErrorKind::Timeout`] (after 10 s) when nobody answers.
    pub async fn detect(base_url: &str) -> Result<Self, ProviderError> {
        let endpoint = Endpoint::parse(base_url)?;
        let http = Http::new(endpoint.host(), Deadlines::of(LOOK), 1 << 20)?;
        match get(&http, &endpoint.readiness).await {
            Ok(received) if is_litellm(&received) => Ok(Self::LiteLlm),
            Ok(_) => Ok(Self::OpenAi),
            // Somebody answers, if not as a LiteLLM proxy would.
            Err(error) if error.kind == ProviderErrorKind::Malformed => Ok(Self::OpenAi),
            Err(error) => Err(error),
        }
    }
}

async fn get(http: &Http, url: &Url) -> Result<Received, ProviderError> {
    http.exchange(request(Method::GET, url, HeaderMap::new(), Vec::new())).await
}

/// A ready proxy answers `{"status": …, "db": …}`; one whose database is gone says `Service Unhealthy`.
fn is_litellm(received: &Received) -> bool {
    if received.headers.contains_key("x-litellm-version") {
        return true;
    }
    let Ok(body) = serde_json::from_slice::<Value>(&received.body) else {
        return false;
    };
    let unhealthy = body["detail"].as_str().is_some_and(|detail| detail.starts_with("Service Unhealthy"));
    body["status"].is_string() && (body.get("db").is_some() || body.get("litellm_version").is_some()) || unhealthy
}

/// Whether a list of models has one of this name. An entry may hold wildcards: `up-*` offers all names that
/// begin with `up-`.
///
/// ```
/// use eval_providers::offers;
/// let models = ["gpt-4o".to_owned(), "up-*".to_owned()];
/// assert!(offers(&models, "gpt-4o") && offers(&models, "up-echo"));
/// assert!(!offers(&models, "gpt-4"));
/// ```
pub fn offers(models: &[String], name: &str) -> bool {
    models.iter().any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(head) else {
        return false;
    };
    let Some((middle, tail)) = rest.rsplit_once('*') else {
        return left.ends_with(rest);
    };
    for part in middle.split('*') {
        let Some(at) = left.find(part) else {
            return false;
        };
        left = &left[at + part.len()..];
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_anywhere() {
        for (pattern, name, expected) in [
            ("gpt", "gpt", true),
            ("gpt", "gpt-4", false),
            ("*", "", true),
            ("up-*", "up-", true),
            ("up-*", "u", false),
            ("*-mini", "gpt-mini", true),
            ("aba*aba", "aba", false),
            ("aba*aba", "abaaba", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a*b*bc", "abc", false),
            ("*/*", "openai/gpt", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
