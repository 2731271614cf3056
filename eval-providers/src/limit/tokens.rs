//! How many tokens a call will use.

use eval_core::{Completion, Request};

/// Characters a token, in English.
const CHARACTERS: f64 = 4.0;
/// Tokens of an answer of which nothing is known.
const ANSWER: f64 = 256.0;
/// How much the newest answer counts.
const NEWEST: f64 = 0.1;

/// Estimates the tokens of a call: those of the prompt by its length, those of the answer by earlier ones.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    answer: Option<f64>,
}

impl Tokens {
    pub(super) fn estimate(&self, request: &Request) -> f64 {
        let characters: usize = request.messages.iter().map(|message| message.content.len()).sum();
        let asked =
            ["max_completion_tokens", "max_tokens"].into_iter().find_map(|name| request.params.get(name)?.as_f64());
        let answer = self.answer.unwrap_or_else(|| asked.filter(|asked| *asked >= 0.0).unwrap_or(ANSWER));
        characters as f64 / CHARACTERS + answer
    }

    /// Notes an answer, and gives what it used.
    pub(super) fn used(&mut self, completion: &Completion) -> Option<f64> {
        let answer = completion.usage.completion_tokens? as f64;
        self.answer = Some(self.answer.map_or(answer, |mean| mean + NEWEST * (answer - mean)));
        completion.usage.total().map(|total| total as f64)
    }
}
