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
    served.proxy = text(headers, "x-litellm-version").map(|version| format!("litellm/{version}"));
    // LiteLLM names the key of its cache only when the answer came out of it.
    let cached = headers.contains_key("x-litellm-cache-key");
    served.cache_hit = (cached || served.proxy.is_some()).then_some(cached);
    served
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
