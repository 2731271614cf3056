//! How an LLM judge is set up.

use std::fmt;
use std::sync::Arc;

use eval_core::{BoxError, Params, Provider};
use thiserror::Error;

use super::nonce::Nonces;
use super::prompt::Fences;
use super::settings::Settings;
use super::{LlmJudge, Rubric};

/// The grader that an LLM judge asks when none is named.
pub const DEFAULT_GRADER: &str = "gpt-4o-mini";

/// Settings of an [`LlmJudge`].
pub struct LlmJudgeBuilder {
    provider: Arc<dyn Provider>,
    grader: String,
    rubric: Rubric,
    params: Option<Params>,
    nonce_seed: Option<u64>,
    marking: bool,
    repeatable: bool,
}

/// An LLM judge cannot be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LlmJudgeError {
    /// The grader has no name.
    #[error("the grader of the LLM judge has no name")]
    NoGrader,
    /// The operating system gives no randomness for the marks in the prompts.
    #[error("the operating system gives no randomness")]
    Randomness(#[source] BoxError),
}

impl LlmJudgeBuilder {
    pub(super) fn new(provider: Arc<dyn Provider>) -> Self {
        let grader = DEFAULT_GRADER.to_owned();
        Self {
            provider,
            grader,
            rubric: Rubric::default(),
            params: None,
            nonce_seed: None,
            marking: false,
            repeatable: false,
        }
    }

    /// The model that grades, by the name that the endpoint knows. Default: [`DEFAULT_GRADER`], `gpt-4o-mini`.
    pub fn grader(mut self, model: impl Into<String>) -> Self {
        self.grader = model.into();
        self
    }

    /// By what it grades. Default: [`Rubric::default`].
    pub fn rubric(mut self, rubric: Rubric) -> Self {
        self.rubric = rubric;
        self
    }

    /// Parameters of the grader's requests, all of them: [`Params::new`] sends none. Default: temperature 0, left out
    /// once an endpoint has refused it. `response_format` is always ours unless it is set here.
    pub fn params(mut self, params: Params) -> Self {
        self.params = Some(params);
        self
    }

    /// Makes the codes in the prompts repeatable, for tests. Who knows the seed and the order of the calls knows the
    /// codes. Default: the operating system's randomness.
    pub fn nonce_seed(mut self, seed: u64) -> Self {
        self.nonce_seed = Some(seed);
        self
    }

    /// Marks every space of the material (*spotlighting*), so that each word of it shows that it is data. It makes
    /// injections rarer still and grading a little dearer; answers in which spaces matter are harder to read for the
    /// grader. Changes the fingerprint. Default: off.
    pub fn data_marking(mut self, marking: bool) -> Self {
        self.marking = marking;
        self
    }

    /// Makes the prompts repeatable, as a cache of answers and a recording need them: the code of a prompt is the hash of
    /// what it holds instead of a random one. Nobody can guess that one either, because no text contains the hash of
    /// itself. Default: off.
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// The judge.
    ///
    /// # Errors
    /// A [`LlmJudgeError`] when the grader has no name, or when the operating system gives no randomness.
    pub fn build(self) -> Result<LlmJudge, LlmJudgeError> {
        if self.grader.trim().is_empty() {
            return Err(LlmJudgeError::NoGrader);
        }
        let nonces = match self.repeatable {
            true => Nonces::OfContent,
            false => Nonces::new(self.nonce_seed).map_err(|error| LlmJudgeError::Randomness(error.into()))?,
        };
        let settings = Settings::new(self.params, self.rubric.shape());
        Ok(LlmJudge {
            name: format!("llm:{}", self.grader),
            provider: self.provider,
            grader: self.grader,
            rubric: self.rubric,
            settings,
            fences: Fences { nonces, marking: self.marking },
        })
    }
}

impl fmt::Debug for LlmJudgeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmJudgeBuilder")
            .field("grader", &self.grader)
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}
