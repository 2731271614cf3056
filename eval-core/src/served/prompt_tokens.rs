//! What the tokens of the same prompts tell of who counted them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{SampleId, Usage};

/// The prompt tokens of the questions that two runs share. A question that is the same byte for byte has as many of them
/// in each run, unless somebody else counts: another tokenizer, a hidden system prompt, a wrapper. So a model that was
/// swapped behind its name shows without an extra call, whatever it calls itself.
///
/// Only answers count of which both runs know the tokens, and more than 0, and of which the same number came from the
/// provider's prompt cache. It means something only where both runs were made with the same prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct PromptTokens {
    /// Questions of which both runs know the prompt tokens.
    pub compared: u64,
    /// Those of them that had another number, in any epoch.
    pub changed: u64,
}

impl PromptTokens {
    /// The share of changed questions above which a person is told: 1 %.
    pub const TOLD_ABOVE: f64 = 0.01;

    /// So many of so many.
    pub const fn new(changed: u64, compared: u64) -> Self {
        Self { compared, changed }
    }

    /// Counts questions, each once however many epochs it has: what was used for an answer now, and for the answer to the
    /// same question in the same epoch then.
    pub fn count(pairs: impl IntoIterator<Item = (SampleId, Usage, Usage)>) -> Self {
        let known = |usage: Usage| usage.prompt_tokens.filter(|tokens| *tokens > 0);
        let mut questions: BTreeMap<SampleId, bool> = BTreeMap::new();
        for (question, now, then) in pairs {
            let (Some(a), Some(b)) = (known(now), known(then)) else { continue };
            if now.cached_tokens.unwrap_or(0) == then.cached_tokens.unwrap_or(0) {
                *questions.entry(question).or_default() |= a != b;
            }
        }
        let changed = questions.values().filter(|changed| **changed).count();
        Self::new(changed as u64, questions.len() as u64)
    }

    /// The share of the questions whose prompt tokens changed, from 0 to 1; `None` when none can be compared.
    pub fn share(&self) -> Option<f64> {
        (self.compared > 0).then(|| self.changed as f64 / self.compared as f64)
    }

    /// What a person should know; `None` where the share is at most [`TOLD_ABOVE`](Self::TOLD_ABOVE).
    ///
    /// ```
    /// use eval_core::PromptTokens;
    /// assert_eq!(PromptTokens::new(1, 100).words(), None);
    /// let told = PromptTokens::new(17, 50).words().unwrap();
    /// assert!(told.starts_with("prompt tokens of 34 % of the questions changed"));
    /// ```
    pub fn words(&self) -> Option<String> {
        let share = self.share().filter(|share| *share > Self::TOLD_ABOVE)?;
        Some(format!(
            "prompt tokens of {:.0} % of the questions changed ({} of {}): another tokenizer or a hidden prompt",
            100.0 * share,
            self.changed,
            self.compared
        ))
    }
}
