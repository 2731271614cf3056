//! A model that judges answers.

mod builder;
mod neutral;
mod nonce;
mod parse;
mod prompt;
mod rubric;
mod settings;
mod shape;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use eval_core::{
    Completion, FinishReason, Judge, JudgeError, Message, Money, Origin, Provider, ProviderError, Request, Sample,
    Score, Verdict, short_hash,
};

pub use builder::{DEFAULT_GRADER, LlmJudgeBuilder, LlmJudgeError};
pub(crate) use parse::Preference;
pub use parse::{Garbled, parse_verdict};
pub use rubric::{Criterion, Rubric, RubricError};
pub(crate) use shape::Shape;

use crate::bill::Bill;
use crate::excerpt::{excerpt, quoted};
use crate::parts::{Part, lines};
use parse::{parse_criteria, parse_preference};
use prompt::{Fences, Prompt, prompt, repair};
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
    fences: Fences,
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

    /// Grades by another rubric than its own: with the same grader, settings and codes.
    ///
    /// # Errors
    /// As [`judge`](Judge::judge).
    pub async fn judge_by(
        &self,
        rubric: &Rubric,
        sample: &Sample,
        completion: &Completion,
    ) -> Result<Verdict, JudgeError> {
        let shape = rubric.shape();
        let prompt = prompt(rubric, &shape, sample, &[("answer", &completion.text)], &self.fences)?;
        if let Some(verdict) = self.without_call(completion) {
            return Ok(verdict);
        }
        let mut bill = Bill::new();
        let origin = completion.origin.as_ref().map(Origin::judge);
        let neutralized = prompt.neutralized;
        let read = |message: &str| match rubric.criteria() {
            [] => parse_verdict(message).map(|verdict| vec![verdict]),
            _ => parse_criteria(message, rubric.criteria()),
        };
        let reply = self.consult(prompt, &shape, read, origin.as_ref(), &mut bill).await?;
        Ok(bill.of(match reply {
            Ok(grades) => self.scored(rubric, grades, neutralized),
            Err(why) => Verdict::unscored(&self.name, why),
        }))
    }

    /// Which of two answers is better, and how many places were made harmless; or why there is no verdict.
    pub(crate) async fn compare(
        &self,
        sample: &Sample,
        answers: [&str; 2],
        origin: Option<&Origin>,
        bill: &mut Bill,
    ) -> Result<Result<(Preference, String), String>, JudgeError> {
        let answers = [("first answer", answers[0]), ("second answer", answers[1])];
        let prompt = prompt(&self.rubric, &Shape::Pair, sample, &answers, &self.fences)?;
        let neutralized = prompt.neutralized;
        let reply = self.consult(prompt, &Shape::Pair, parse_preference, origin, bill).await?;
        Ok(reply.map(|(better, why)| (better, noted(shortened(why), neutralized))))
    }

    /// What tells this judge from others when its replies have this shape.
    pub(crate) fn fingerprint_of(&self, shape: &Shape) -> String {
        let settings = self.settings.text(shape);
        let marking = self.fences.marking.then_some("marking");
        let parts = ["llm 1", &self.grader, &shape.instructions(), &self.rubric.fingerprint(), &settings];
        short_hash(parts.into_iter().chain(marking))
    }

    /// Asks, and asks once more when the reply is garbled; the text of the inner error is why there is no verdict.
    async fn consult<T>(
        &self,
        prompt: Prompt,
        shape: &Shape,
        parse: impl Fn(&str) -> Result<T, Garbled> + Send,
        origin: Option<&Origin>,
        bill: &mut Bill,
    ) -> Result<Result<T, String>, JudgeError> {
        let first = self.ask(&prompt.messages, shape, origin).await.map_err(|error| charged(error, bill))?;
        bill.completion(&first);
        let garbled = match read(&first, &parse) {
            Ok(reply) => return Ok(Ok(reply)),
            Err(garbled) => garbled,
        };
        let messages = repair(prompt.messages, &first.text, &garbled, shape);
        let second = match self.ask(&messages, shape, origin).await {
            Ok(second) => second,
            Err(error) if error.is_fatal() => return Err(charged(error, bill)),
            // A run goes on with what the first call cost.
            Err(error) => {
                bill.failure(&error);
                return Ok(Err(format!("the verdict is garbled: {garbled}; the second try failed: {error}")));
            }
        };
        bill.completion(&second);
        Ok(read(&second, &parse)
            .map_err(|garbled| format!("the verdict is garbled: {garbled}; the grader said {}", quoted(&second.text))))
    }

    /// One call, and one more for each parameter of ours that the endpoint refuses.
    async fn ask(
        &self,
        messages: &[Message],
        shape: &Shape,
        origin: Option<&Origin>,
    ) -> Result<Completion, ProviderError> {
        loop {
            let request = Request::new(&self.grader, messages.to_vec()).params(self.settings.params(shape));
            let request = request.origin(origin.cloned());
            match self.provider.complete(&request).await {
                Err(error) if self.settings.withdraw(&request.params, &error) => {}
                result => return result,
            }
        }
    }

    fn scored(&self, rubric: &Rubric, grades: Vec<(Score, String)>, neutralized: usize) -> Verdict {
        let names = rubric.criteria().iter().map(|criterion| criterion.name.as_str());
        let parts: Vec<_> = names.zip(&grades).map(|(name, (score, why))| Part::new(name, Some(*score), why)).collect();
        let (score, why) = match grades.into_iter().next() {
            Some((score, why)) if parts.is_empty() => (score, shortened(why)),
            _ => (rubric.mean(&parts), lines(&parts)),
        };
        Verdict::scored(&self.name, score, noted(why, neutralized))
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
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for LlmJudge {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> String {
        self.fingerprint_of(&self.rubric.shape())
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        self.judge_by(&self.rubric, sample, completion).await
    }
}

impl fmt::Debug for LlmJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmJudge").field("grader", &self.grader).field("rubric", &self.rubric).finish_non_exhaustive()
    }
}

/// A message that was cut is no verdict, even if what is left of it reads like one.
fn read<T>(completion: &Completion, parse: impl Fn(&str) -> Result<T, Garbled>) -> Result<T, Garbled> {
    match completion.finish {
        FinishReason::Length | FinishReason::ContentFilter => Err(Garbled::Cut(completion.finish.to_string())),
        _ => parse(&completion.text),
    }
}

/// An error with what all calls of its verdict used and cost.
fn charged(mut error: ProviderError, bill: &mut Bill) -> JudgeError {
    bill.failure(&error);
    (error.usage, error.cost, error.pricing) = (bill.usage(), bill.cost(), bill.pricing());
    JudgeError::Provider(error)
}

/// The reasons, with what a person should know of the material.
fn noted(mut why: String, neutralized: usize) -> String {
    if neutralized > 0 {
        why.push_str(&format!(" [places in the data that imitated prompt marks: {neutralized}]"));
    }
    why
}

fn shortened(reasoning: String) -> String {
    if reasoning.chars().nth(MAX_REASONING).is_some() { excerpt(&reasoning, MAX_REASONING) } else { reasoning }
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'))
}
