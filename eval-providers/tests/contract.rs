//! What our client relies on in a LiteLLM proxy, fact by fact. A proxy that changed is named by the facts that changed.
#![cfg(feature = "openai")]

#[path = "support/proxy.rs"]
mod proxy;

use std::time::Duration;

use eval_chaos::Chaos;
use eval_core::{Completion, Provider as _, ProviderError, ProviderErrorKind as Kind, Request, Usage};
use eval_providers::LiteLlm;
use proxy::{Proxy, request};

type Told = Result<Completion, ProviderError>;

/// One fact: its words, the model that is asked, and whether it holds in what comes back.
type Fact = (&'static str, &'static str, fn(&Request, &Told) -> bool);

#[rustfmt::skip]
const FACTS: &[Fact] = &[
    ("an answer has text, tokens and a cost", "mock-good", |_, told| {
        told.as_ref().is_ok_and(|answer| answer.text.starts_with("Paris") && answer.cost.is_some() && answer.usage.total() == Some(30))
    }),
    ("x-litellm-model-id names the deployment", "mock-good", |_, told| served(told, |served| served.model_id.as_deref() == Some("mock-good-1"))),
    ("x-litellm-version names the proxy", "mock-good", |_, told| served(told, |served| served.proxy.is_some())),
    ("retries and fallbacks are told, and are none", "mock-good", |_, told| served(told, |served| (served.retries, served.fallbacks) == (Some(0), Some(0)))),
    ("our x-litellm-call-id is kept", "mock-good", |asked, told| {
        let run = asked.origin.as_ref().map(|origin| origin.run.to_string());
        served(told, |served| served.call_id.as_ref().zip(run.as_ref()).is_some_and(|(id, run)| id.starts_with(run)))
    }),
    ("without a price there is no cost header", "up-fixed", |_, told| told.as_ref().is_ok_and(|answer| answer.cost.is_none())),
    ("the provider's fingerprint passes", "up-fp-77", |_, told| served(told, |served| served.fingerprint.as_deref() == Some("fp_77"))),
    ("the provider's id of the request passes", "up-fixed", |_, told| served(told, |served| served.request_id.as_deref() == Some("req_stub"))),
    ("missing usage becomes zeros, which mean unknown", "up-usage-missing", |_, told| told.as_ref().is_ok_and(|answer| answer.usage == Usage::default())),
    ("a rate limit is told as one", "mock-429", |_, told| failed(told, Kind::RateLimited)),
    ("the provider's time to wait passes", "up-status-429", |_, told| told.as_ref().is_err_and(|error| error.retry_after() == Some(Duration::from_secs(2)))),
    ("a prompt that is too long is told as one", "mock-ctx", |_, told| failed(told, Kind::ContextWindow)),
    ("a filter is told as one", "mock-filter", |_, told| failed(told, Kind::Filtered)),
    ("an upstream in trouble is told as one", "up-status-502", |_, told| failed(told, Kind::Unavailable)),
    ("an upstream 422 is 200 with the body null", "up-status-422", |_, told| failed(told, Kind::Malformed)),
    ("without fallbacks the error itself comes", "up-fallback", |_, told| failed(told, Kind::Unavailable)),
    ("an unknown model is told as one", "nope", |_, told| failed(told, Kind::UnknownModel)),
];

fn failed(told: &Told, kind: Kind) -> bool {
    told.as_ref().is_err_and(|error| error.kind == kind)
}

fn served(told: &Told, holds: impl Fn(&eval_core::Served) -> bool) -> bool {
    told.as_ref().is_ok_and(|answer| holds(&answer.served))
}

/// The facts that do not hold, with what came instead.
async fn changed(proxy: &Proxy) -> Vec<String> {
    let mut changed = Vec::new();
    for (fact, model, holds) in FACTS {
        let asked = request(model);
        let told = proxy.builder().build().expect("a client").complete(&asked).await;
        if !holds(&asked, &told) {
            let got: String = format!("{told:?}").chars().take(300).collect();
            changed.push(format!("{fact}: {got}"));
        }
    }
    let wrong = LiteLlm::builder(&proxy.url).api_key("sk-wrong").build().expect("a client");
    if !failed(&wrong.complete(&request("mock-good")).await, Kind::Auth) {
        changed.push("a wrong key is told as one".to_owned());
    }
    changed
}

#[tokio::test]
async fn f58_every_fact_holds_for_the_proxy_of_the_tests() {
    let Some(proxy) = Proxy::from_env("f58_every_fact_holds_for_the_proxy_of_the_tests") else { return };
    let changed = changed(&proxy).await;
    assert!(changed.is_empty(), "the proxy has changed:\n{}", changed.join("\n"));
    assert!(proxy.ask("mock-good").await.is_ok());
}

/// An endpoint of which nothing is as it was, but that it does not know what it does not have.
#[tokio::test]
async fn f58_a_proxy_that_changed_is_named_by_each_fact() {
    let chaos = Chaos::start().await.expect("a port");
    let proxy = Proxy { url: chaos.url(), key: "sk-any".into() };
    let changed = changed(&proxy).await;
    for (fact, ..) in FACTS {
        let named = changed.iter().any(|change| change.starts_with(fact));
        assert_eq!(named, *fact != "an unknown model is told as one", "{fact}");
    }
    assert!(changed.contains(&"a wrong key is told as one".to_owned()));
}
