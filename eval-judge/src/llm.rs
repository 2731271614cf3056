//! A model that judges answers.

mod builder;
mod neutral;
mod nonce;
mod parse;
mod prompt;
mod rubric;
mod settings;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use eval_core::{
    Completion, FinishReason, Judge, JudgeError, Message, Money, Origin, Provider, ProviderError, Request, Sample,
    Score, Verdict, short_hash,
};

pub use builder::{DEFAULT_GRADER, LlmJudgeBuilder, LlmJudgeError};
pub use parse::{Garbled, parse_verdict};
pub use rubric::{Rubric, RubricError};

use crate::bill::Bill;
use crate::excerpt::{excerpt, quoted};
use nonce::Nonces;
use prompt::{INSTRUCTIONS, prompt, repair};
use settings::Settings;

/// Longest reasoning that is kept, in characters.
const MAX_REASONING: usize = 4_000;

/// A model, the *grader*, that scores answers from 0 to 1 by a [`Rubric`] and gives its reasons.
///
/// - The grader gets the question (with the columns `system` and `context` and the turns before it), the expected
///   output and the answer, each fenced by marks with a random code of 128 bits that is new in every call. What looks
///   like such a mark or like a role of a conversation is changed to a look-alike and counted.
/// - It is asked for JSON by schema, reasoning before score. An endpoint that refuses `response_format` is asked
///   without it from then on.
/// - Only a message that [`parse_verdict`] takes is a verdict. A garbled one is sent back once; if that does not help,
///   the verdict is unscored and keeps what both calls used and cost.
/// - An empty answer scores 0 without a call: there is nothing to grade, and graders are easily fooled by blank
///   answers. An empty answer that a content filter withheld is unscored.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::{Completion, Judge, Sample, Scripted};
/// use eval_judge::LlmJudge;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let grader = Scripted::always(r#"{"reasoning": "Names Paris, as expected.", "score": 1}"#);
/// let judge = LlmJudge::builder(Arc::new(grader)).grader("gpt-4o-mini").build().unwrap();
/// let sample = Sample::new("1", "What is the capital of France?").target("Paris");
/// let verdict = judge.judge(&sample, &Completion::new("It is Paris.")).await.unwrap();
/// assert_eq!(verdict.score.unwrap().get(), 1.0);
/// assert_eq!(verdict.explanation.unwrap(), "Names Paris, as expected.");
/// # });
/// ```
pub struct LlmJudge {
    name: String,
    provider: Arc<dyn Provider>,
    grader: String,
    rubric: Rubric,
    settings: Settings,
    nonces: Nonces,
}

impl LlmJudge {
    /// Begins a judge that asks this provider.
    pub fn builder(provider: Arc<dyn Provider>) -> LlmJudgeBuilder {
        LlmJudgeBuilder::new(provider)
    }

    /// The model that grades.
    pub fn grader(&self) -> &str {
        &self.grader
    }

    /// By what it grades.
    pub fn rubric(&self) -> &Rubric {
        &self.rubric
    }

    /// One call, and one more for each parameter of ours that the endpoint refuses.
    async fn ask(&self, messages: &[Message], origin: Option<&Origin>) -> Result<Completion, ProviderError> {
        loop {
            let request = Request::new(&self.grader, messages.to_vec()).params(self.settings.params());
            let request = request.origin(origin.cloned());
            match self.provider.complete(&request).await {
                Err(error) if self.settings.withdraw(&request.params, &error) => {}
                result => return result,
            }
        }
    }

    fn scored(&self, (score, reasoning): (Score, String), neutralized: usize, bill: &Bill) -> Verdict {
        let mut explanation = shortened(reasoning);
        if neutralized > 0 {
            explanation.push_str(&format!(" [places in the data that imitated prompt marks: {neutralized}]"));
        }
        bill.of(Verdict::scored(&self.name, score, explanation))
    }

    /// What no grader needs to see.
    fn without_call(&self, completion: &Completion) -> Option<Verdict> {
        if !is_blank(&completion.text) {
            return None;
        }
        Some(match completion.finish {
            FinishReason::ContentFilter => {
                Verdict::unscored(&self.name, "a content filter withheld the answer").cost(Some(Money::ZERO))
            }
            FinishReason::Length => {
                Verdict::scored(&self.name, Score::ZERO, "the answer is empty: cut by the token limit")
            }
            _ => Verdict::scored(&self.name, Score::ZERO, "the answer is empty"),
        })
    }

    /// The repair try failed. A run goes on with what the first call cost, unless every further call would fail too.
    fn broken_off(&self, garbled: &Garbled, mut error: ProviderError, mut bill: Bill) -> Result<Verdict, JudgeError> {
        bill.failure(&error);
        if error.is_fatal() {
            (error.usage, error.cost, error.pricing) = (bill.usage(), bill.cost(), bill.pricing());
            return Err(JudgeError::Provider(error));
        }
        let why = format!("the verdict is garbled: {garbled}; the second try failed: {error}");
        Ok(bill.of(Verdict::unscored(&self.name, why)))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for LlmJudge {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> String {
        short_hash(["llm 1", &self.grader, INSTRUCTIONS, &self.rubric.fingerprint(), &self.settings.text()])
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let prompt = prompt(&self.rubric, sample, &completion.text, &self.nonces)?;
        if let Some(verdict) = self.without_call(completion) {
            return Ok(verdict);
        }
        let origin = completion.origin.as_ref().map(Origin::judge);
        let mut bill = Bill::new();
        let first = self.ask(&prompt.messages, origin.as_ref()).await.map_err(JudgeError::Provider)?;
        bill.completion(&first);
        let garbled = match read(&first) {
            Ok(verdict) => return Ok(self.scored(verdict, prompt.neutralized, &bill)),
            Err(garbled) => garbled,
        };
        let messages = repair(prompt.messages, &first.text, &garbled);
        let second = match self.ask(&messages, origin.as_ref()).await {
            Ok(second) => second,
            Err(error) => return self.broken_off(&garbled, error, bill),
        };
        bill.completion(&second);
        Ok(match read(&second) {
            Ok(verdict) => self.scored(verdict, prompt.neutralized, &bill),
            Err(garbled) => {
                let why = format!("the verdict is garbled: {garbled}; the grader said {}", quoted(&second.text));
                bill.of(Verdict::unscored(&self.name, why))
            }
        })
    }
}

impl fmt::Debug for LlmJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmJudge").field("grader", &self.grader).field("rubric", &self.rubric).finish_non_exhaustive()
    }
}

/// A message that was cut is no verdict, even if what is left of it reads like one.
fn read(completion: &Completion) -> Result<(Score, String), Garbled> {
    match completion.finish {
        FinishReason::Length | FinishReason::ContentFilter => Err(Garbled::Cut(completion.finish.to_string())),
        _ => parse_verdict(&completion.text),
    }
}

fn shortened(reasoning: String) -> String {
    if reasoning.chars().nth(MAX_REASONING).is_some() { excerpt(&reasoning, MAX_REASONING) } else { reasoning }
}

fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'))
}
