//! What the headers of an answer tell.

use eval_core::{Money, Served};
use reqwest::header::HeaderMap;

/// What really answered, as far as the headers tell.
pub(super) fn served(headers: &HeaderMap) -> Served {
    let mut served = Served::default();
    served.model_id = text(headers, "x-litellm-model-id");
    served.fallbacks = number(headers, "x-litellm-attempted-fallbacks");
    served.retries = number(headers, "x-litellm-attempted-retries");
    served.call_id = text(headers, "x-litellm-call-id");
    let ids = ["llm_provider-x-request-id", "x-request-id", "request-id"];
    served.request_id = ids.into_iter().find_map(|name| text(headers, name));
    served.family = family(headers).map(str::to_owned);
    served.proxy = text(headers, "x-litellm-version").map(|version| format!("litellm/{version}"));
    // LiteLLM names the key of its cache only when the answer came out of it.
    let cached = headers.contains_key("x-litellm-cache-key");
    served.cache_hit = (cached || served.proxy.is_some()).then_some(cached);
    served
}

/// How the names of a provider's own headers begin. A host stands before the makers whose models it serves.
const FAMILIES: [(&str, &[&str]); 9] = [
    ("azure", &["x-ms-", "azureml-", "apim-"]),
    ("bedrock", &["x-amzn-bedrock-"]),
    ("google", &["x-goog-", "x-vertex-"]),
    ("groq", &["x-groq-"]),
    ("together", &["x-together-"]),
    ("openai", &["openai-"]),
    ("anthropic", &["anthropic-"]),
    ("mistral", &["mistral-"]),
    ("deepseek", &["x-ds-"]),
];

/// The provider whose headers these are, its own or those that LiteLLM passes on with the prefix `llm_provider-`; `None`
/// when none of them is telling.
fn family(headers: &HeaderMap) -> Option<&'static str> {
    let place =
        |name: &str| FAMILIES.iter().position(|(_, all)| all.iter().any(|beginning| name.starts_with(beginning)));
    let first = headers.keys().filter_map(|name| place(bare(name.as_str()))).min()?;
    Some(FAMILIES[first].0)
}

/// The name of a header as the provider sent it.
fn bare(name: &str) -> &str {
    name.strip_prefix("llm_provider-").unwrap_or(name)
}

/// The cost that a proxy reports, in dollars as text; absent when it knows no price.
pub(super) fn cost(headers: &HeaderMap) -> Option<Money> {
    Money::from_usd(headers.get("x-litellm-response-cost")?.to_str().ok()?.trim().parse().ok()?)
}

fn text(headers: &HeaderMap, name: &'static str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(headers: &HeaderMap, name: &'static str) -> Option<u32> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_is_read_from_the_names_of_headers() {
        for (names, expected) in [
            (&["content-type", "openai-processing-ms"][..], Some("openai")),
            (&["llm_provider-anthropic-ratelimit-requests-limit", "x-request-id"], Some("anthropic")),
            (&["openai-version", "x-ms-region"], Some("azure")),
            (&["x-litellm-version", "x-request-id", "date"], None),
            (&[], None),
        ] {
            let headers = names.iter().map(|name| (name.parse().unwrap(), "1".parse().unwrap())).collect();
            assert_eq!(family(&headers), expected, "{names:?}");
        }
    }
}
