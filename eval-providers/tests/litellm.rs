//! Against a real LiteLLM proxy, with the models of the project's test configuration.
//!
//! Runs only where `EVAL_TEST_LITELLM_URL` (and `EVAL_TEST_LITELLM_KEY`) is set, and says so where it is not. One
//! test after the other and a few calls each: the proxy is slow.
#![cfg(feature = "openai")]

#[path = "support/proxy.rs"]
mod proxy;

use std::time::Duration;

use eval_core::{
    Completion, FinishReason, Flag, Money, Params, Provider as _, ProviderErrorKind as Kind, RunId, ServedSummary,
    Usage,
};
use eval_providers::{LiteLlm, OpenAi, Profile, offers};
use proxy::{Proxy, request};

#[tokio::test]
async fn identity_usage_and_cost_of_an_answer() {
    let Some(proxy) = Proxy::from_env("identity_usage_and_cost_of_an_answer") else { return };
    let asked = request("mock-good");
    let answer = proxy.builder().build().unwrap().complete(&asked).await.unwrap();
    assert_eq!(answer.text, "Paris is the capital of France.");
    assert_eq!(answer.finish, FinishReason::Stop);
    // The configuration prices a prompt token at 1000 nano-dollars and a completion token at 2000.
    let (prompt, completion) = (answer.usage.prompt_tokens.unwrap(), answer.usage.completion_tokens.unwrap());
    assert_eq!(answer.cost, Some(Money::from_nanos((prompt * 1_000 + completion * 2_000) as i64)));
    let served = answer.served;
    assert_eq!(served.model_id.as_deref(), Some("mock-good-1"));
    assert_eq!((served.fallbacks, served.retries, served.cache_hit), (Some(0), Some(0), Some(false)));
    assert!(served.proxy.unwrap().starts_with("litellm/1."));
    let run = asked.origin.unwrap().run;
    assert_eq!(served.call_id, Some(format!("{run}-q-1-1-answer")));
}

#[tokio::test]
async fn errors_are_told_apart() {
    let Some(proxy) = Proxy::from_env("errors_are_told_apart") else { return };
    for (model, expected) in [
        ("mock-429", Kind::RateLimited),
        ("mock-500", Kind::Unavailable),
        ("mock-ctx", Kind::ContextWindow),
        ("mock-filter", Kind::Filtered),
        ("mock-timeout", Kind::Timeout),
        ("nope", Kind::UnknownModel),
        ("up-status-400", Kind::Rejected),
        ("up-status-401", Kind::Auth),
        ("up-status-403", Kind::Auth),
        ("up-status-404", Kind::UnknownModel),
        ("up-status-413", Kind::Rejected),
        // The proxy turns this one into 200 with the body `null`.
        ("up-status-422", Kind::Malformed),
        ("up-status-502", Kind::Unavailable),
        ("up-status-529", Kind::Unavailable),
        ("up-html", Kind::Unavailable),
        ("up-truncated", Kind::Unavailable),
        ("up-reset", Kind::Unavailable),
        ("up-no-choices", Kind::Malformed),
        ("up-filter", Kind::Filtered),
    ] {
        let error = proxy.ask(model).await.unwrap_err();
        assert_eq!(error.kind, expected, "{model}: {error}");
        assert!(error.message.chars().count() < 500 && error.timing.service_ms.is_some(), "{model}: {error}");
        assert!(proxy.key.is_empty() || !format!("{error:?}").contains(&proxy.key), "{model}");
    }
}

#[tokio::test]
async fn the_provider_s_time_to_wait_passes_the_proxy() {
    let Some(proxy) = Proxy::from_env("the_provider_s_time_to_wait_passes_the_proxy") else { return };
    let error = proxy.ask("up-status-429").await.unwrap_err();
    assert_eq!((error.kind, error.retry_after()), (Kind::RateLimited, Some(Duration::from_secs(2))));
}

#[tokio::test]
async fn wrong_and_missing_keys_end_a_run() {
    let Some(proxy) = Proxy::from_env("wrong_and_missing_keys_end_a_run") else { return };
    for builder in [LiteLlm::builder(&proxy.url), LiteLlm::builder(&proxy.url).api_key("sk-wrong-canary")] {
        let client = builder.build().unwrap();
        for error in [client.complete(&request("mock-good")).await.unwrap_err(), client.models().await.unwrap_err()] {
            assert_eq!(error.kind, Kind::Auth, "{error}");
            assert!(!format!("{error:?}").contains("canary"));
        }
    }
}

#[tokio::test]
async fn odd_answers_are_read() {
    let Some(proxy) = Proxy::from_env("odd_answers_are_read") else { return };
    let priced = |answer: &Completion| answer.cost.is_some();
    let plain = proxy.ask("up-fixed").await.unwrap();
    assert_eq!((plain.text.as_str(), plain.usage.total(), priced(&plain)), ("Paris.", Some(18), false));
    assert_eq!(plain.served.fingerprint.as_deref(), Some("fp_stub1"));
    assert_eq!(plain.served.request_id.as_deref(), Some("req_stub"));

    for model in ["up-usage-neg", "up-usage-missing", "up-usage-huge"] {
        assert_eq!(proxy.ask(model).await.unwrap().usage, Usage::default(), "{model}");
    }
    assert_eq!(proxy.ask("up-null-content").await.unwrap().text, "");
    assert_eq!(proxy.ask("up-length").await.unwrap().finish, FinishReason::Length);
}

#[tokio::test]
async fn the_proxy_neither_caches_nor_falls_back() {
    let Some(proxy) = Proxy::from_env("the_proxy_neither_caches_nor_falls_back") else { return };
    let client = proxy.builder().build().unwrap();
    let asked = request("up-fixed");
    for _ in 0..2 {
        assert_eq!(client.complete(&asked).await.unwrap().served.cache_hit, Some(false));
    }
    assert_eq!(proxy.ask("up-fallback").await.unwrap_err().kind, Kind::Unavailable);

    // A plain client does not ask for that, and so shows what would happen.
    let plain = OpenAi::builder(&proxy.url).api_key(proxy.key.as_str()).build().unwrap();
    let fallen = plain.complete(&request("up-fallback")).await.unwrap();
    assert_eq!(fallen.served.fallbacks, Some(1));
    plain.complete(&asked).await.unwrap();
    assert_eq!(plain.complete(&asked).await.unwrap().served.cache_hit, Some(true));
}

/// A plain client, which does not ask the proxy to leave it, shows what happens.
#[tokio::test]
async fn f28_what_the_proxy_does_by_itself_is_flagged() {
    let Some(proxy) = Proxy::from_env("f28_what_the_proxy_does_by_itself_is_flagged") else { return };
    let plain = OpenAi::builder(&proxy.url).api_key(proxy.key.as_str()).build().unwrap();
    let flaky = format!("up-flaky-1-500-{}", RunId::new());
    for (model, first, second) in [
        ("up-fixed", vec![], Flag::CacheHit),
        ("up-fallback", vec![Flag::Fallback, Flag::OtherModel], Flag::CacheHit),
        (flaky.as_str(), vec![Flag::HiddenRetries], Flag::CacheHit),
    ] {
        let asked = request(model).params(Params::new().with("num_retries", 2));
        let served = plain.complete(&asked).await.unwrap().served;
        assert_eq!(Flag::of(model, &served), first, "{model}: {served:?}");
        let served = plain.complete(&asked).await.unwrap().served;
        assert!(Flag::of(model, &served).contains(&second), "{model}: {served:?}");
    }

    let mut summary = ServedSummary::default();
    for _ in 0..24 {
        summary.add("up-pair", &proxy.ask("up-pair").await.unwrap().served, 1);
    }
    assert_eq!((summary.backends(), summary.answers), (Some(2), 24));
    assert!((1..=12).contains(&summary.flags[&Flag::MixedBackends]), "{summary:?}");
    assert!(summary.words()[0].starts_with("2 backends answered in this run: pair-"), "{:?}", summary.words());
}

#[tokio::test]
async fn our_cap_and_our_deadline_hold() {
    let Some(proxy) = Proxy::from_env("our_cap_and_our_deadline_hold") else { return };
    let error = proxy.ask("up-huge-20").await.unwrap_err();
    assert_eq!(error.kind, Kind::Malformed, "{error}");
    assert!(error.message.contains("larger than 10485760 bytes"), "{error}");

    let hasty = proxy.builder().timeout(Duration::from_millis(300)).build().unwrap();
    assert_eq!(hasty.complete(&request("up-hang-5")).await.unwrap_err().kind, Kind::Timeout);
}

#[tokio::test]
async fn it_is_found_and_lists_its_models() {
    let Some(proxy) = Proxy::from_env("it_is_found_and_lists_its_models") else { return };
    assert_eq!(Profile::detect(&proxy.url).await.unwrap(), Profile::LiteLlm);
    let client = proxy.builder().build().unwrap();
    client.readiness().await.unwrap();
    let models = client.models().await.unwrap();
    assert!(offers(&models, "mock-good") && offers(&models, "up-status-429"), "{models:?}");
    assert!(!offers(&models, "gpt-4o"), "{models:?}");
}
