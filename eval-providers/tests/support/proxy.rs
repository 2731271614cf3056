//! A real LiteLLM proxy, where there is one.

use std::env::var;
use std::io::Write as _;
use std::time::Duration;

use eval_core::{Completion, Message, Origin, Provider as _, ProviderError, Request, RunId};
use eval_providers::{LiteLlm, OpenAiBuilder};

/// Where the proxy is, if there is one.
pub(crate) struct Proxy {
    pub(crate) url: String,
    pub(crate) key: String,
}

impl Proxy {
    pub(crate) fn from_env(test: &str) -> Option<Self> {
        let Ok(url) = var("EVAL_TEST_LITELLM_URL") else {
            // Written past the test harness, which would swallow the output of a test that passes.
            let notice = format!("SKIPPED {test}: EVAL_TEST_LITELLM_URL is not set, no real LiteLLM proxy was tested");
            writeln!(std::io::stderr(), "{notice}").expect("stderr");
            return None;
        };
        Some(Self { url, key: var("EVAL_TEST_LITELLM_KEY").unwrap_or_default() })
    }

    pub(crate) fn builder(&self) -> OpenAiBuilder {
        LiteLlm::builder(&self.url).api_key(self.key.as_str()).timeout(Duration::from_secs(40))
    }

    pub(crate) async fn ask(&self, model: &str) -> Result<Completion, ProviderError> {
        self.builder().build().expect("a client").complete(&request(model)).await
    }
}

/// A request like no other, so that no cache knows it.
pub(crate) fn request(model: &str) -> Request {
    let run = RunId::new();
    let origin = Origin::answer(run, "q-1".into(), 1);
    Request::new(model, vec![Message::user(format!("question {run}"))]).origin(Some(origin))
}
