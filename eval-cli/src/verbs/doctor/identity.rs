//! Who really answers behind a name, as far as it can be seen.

use eval_core::{Completion, Flag, Message, Params, Provider, ProviderError, Request, Served};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{clean, one_line, shorten};

const QUESTION: &str = "Which model are you, and which company made you? Answer in one short sentence.";

/// Enough for a model that thinks before it says a sentence.
const TOKENS: u64 = 512;

/// So much of what a model says of itself.
const SAID: usize = 200;

/// What was seen of the model behind a name.
pub(super) struct Identity {
    served: Served,
    /// What is odd about it.
    flags: Vec<Flag>,
    prompt_tokens: Option<u64>,
    /// What it says of itself.
    says: String,
}

/// Asks a model who it is, and looks at all that came along with its answer. A LiteLLM proxy is asked to name the model
/// behind the alias.
pub(super) async fn ask(provider: &dyn Provider, model: &str, is_litellm: bool) -> Result<Identity, Failure> {
    let asked = attempt(provider, model, Params::new().with("max_completion_tokens", TOKENS)).await;
    let answer = asked.map_err(Failure::from)?;
    let mut served = answer.served;
    if is_litellm {
        served.raw_model = raw_model(provider, model).await;
    }
    let flags = Flag::of(model, &served);
    Ok(Identity { served, flags, prompt_tokens: answer.usage.prompt_tokens, says: answer.text })
}

async fn attempt(provider: &dyn Provider, model: &str, params: Params) -> Result<Completion, ProviderError> {
    provider.complete(&Request::new(model, vec![Message::user(QUESTION)]).params(params)).await
}

/// The model that a LiteLLM proxy hides behind its alias. The field has no documentation and may vanish; then the answer
/// names the alias as ever, and nothing is known.
async fn raw_model(provider: &dyn Provider, model: &str) -> Option<String> {
    let params = Params::new()
        .with("max_completion_tokens", 16)
        .with("metadata", json!({"_complexity_router_return_raw_model_name": true}));
    let named = attempt(provider, model, params).await.ok()?.served.model?;
    (named != model).then_some(named)
}

impl Identity {
    /// For a person, several lines.
    pub(super) fn words(&self, model: &str) -> String {
        let served = &self.served;
        let told = [
            ("the response names", &served.model),
            ("behind the alias stands", &served.raw_model),
            ("deployment", &served.model_id),
            ("headers of", &served.family),
            ("fingerprint", &served.fingerprint),
            ("proxy", &served.proxy),
        ];
        let told = told.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", clean(value.as_ref()?))));
        let tokens = self.prompt_tokens.map(|tokens| format!("the question has {tokens} prompt tokens"));
        let mut lines = vec![format!("{}: {}", clean(model), told.chain(tokens).collect::<Vec<_>>().join(", "))];
        let mut odd: Vec<&str> = self.flags.iter().map(|flag| flag.name()).collect();
        odd.dedup();
        if !odd.is_empty() {
            lines.push(format!("odd: {}", odd.join(", ")));
        }
        lines.push(format!("it says: {}", shorten(&clean(&one_line(&self.says)), SAID)));
        lines.push("a hint, never a verdict: models are often wrong about themselves".to_owned());
        lines.join("\n")
    }

    /// For a program.
    pub(super) fn document(&self) -> Value {
        json!({
            "served": self.served, "flags": self.flags, "prompt_tokens": self.prompt_tokens, "says": self.says,
            "note": "what a model says of itself is a hint, never a verdict",
        })
    }
}
