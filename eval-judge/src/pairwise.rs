//! Two answers side by side.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Origin, Sample, SampleId, Score, Verdict, short_hash};

use crate::LlmJudge;
use crate::bill::Bill;
use crate::llm::{Preference, Shape, is_blank};
use crate::parts::{Part, lines, parts};

/// The parts of a verdict, by where the answer stood.
const ORDERS: [&str; 2] = ["shown first", "shown second"];

/// Asks a grader which of two answers is better, in both orders, because a grader may prefer what it reads first.
///
/// The score is 1 when the answer is better than the other one in both orders, 0 when it is worse in both, and 0.5 when
/// the grader sees no difference or says another thing in the other order: a disagreement is a tie. The explanation has
/// a line for each order, which [`parts`] reads back; [`OrderTally`] counts disagreements over a run.
///
/// Each verdict takes two calls, and costs what both cost. Two answers that are the same tie without a call, and a blank
/// one loses without a call. A sample without another answer is unscored.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::{Completion, Judge, Sample, Scripted};
/// use eval_judge::{LlmJudge, Pairwise};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// // A grader that always prefers what it reads first.
/// let grader = Scripted::always(r#"{"reasoning": "The first is clearer.", "better": "first"}"#);
/// let grader = LlmJudge::builder(Arc::new(grader)).build().unwrap();
/// let judge = Pairwise::new(grader, [("1".into(), "It may be Paris.".to_owned())]);
/// let sample = Sample::new("1", "What is the capital of France?").target("Paris");
/// let verdict = judge.judge(&sample, &Completion::new("Paris.")).await.unwrap();
/// assert_eq!(verdict.score.unwrap().get(), 0.5);
/// # });
/// ```
pub struct Pairwise {
    name: String,
    grader: LlmJudge,
    others: BTreeMap<SampleId, String>,
}

impl Pairwise {
    /// Compares with these answers, one for each sample. The grader compares by its rubric, whose criteria and weights
    /// are text to it.
    pub fn new(grader: LlmJudge, others: impl IntoIterator<Item = (SampleId, String)>) -> Self {
        Self { name: format!("pairwise({})", grader.name()), grader, others: others.into_iter().collect() }
    }

    fn without_call(&self, answer: &str, other: &str) -> Option<Verdict> {
        let (score, why) = match (is_blank(answer), is_blank(other)) {
            (false, false) if answer != other => return None,
            (true, false) => (Some(Score::ZERO), "the answer is empty"),
            (false, true) => (Some(Score::ONE), "the other answer is empty"),
            _ => (Score::new(0.5), "both answers are the same"),
        };
        let parts = ORDERS.map(|order| Part::new(order, score, why));
        score.map(|score| Verdict::scored(&self.name, score, lines(&parts)))
    }

    /// Whether the grader is asked about this pair; identical answers and blanks need none.
    pub(crate) fn asks(&self, sample: &Sample, completion: &Completion) -> bool {
        self.others.get(&sample.id).is_none_or(|other| self.without_call(&completion.text, other).is_none())
    }

    /// The preference in one order, as the score of the answer.
    async fn one(
        &self,
        sample: &Sample,
        answers: [&str; 2],
        at: usize,
        origin: Option<&Origin>,
    ) -> Result<(Part, Bill), (JudgeError, Bill)> {
        let mut bill = Bill::new();
        let part = match self.grader.compare(sample, answers, origin, &mut bill).await {
            Ok(Ok((better, why))) => Part::new(ORDERS[at], of(better, at), &why),
            Ok(Err(why)) => Part::new(ORDERS[at], None, &why),
            Err(error) => return Err((error, bill)),
        };
        Ok((part, bill))
    }
}

/// The score of the answer that stood first (0) or second (1).
fn of(better: Preference, at: usize) -> Option<Score> {
    Score::new(match (better, at) {
        (Preference::Same, _) => 0.5,
        (Preference::First, 0) | (Preference::Second, 1) => 1.0,
        _ => 0.0,
    })
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Pairwise {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> String {
        let grader = self.grader.fingerprint_of(&Shape::Pair);
        let others = self.others.iter().flat_map(|(sample, answer)| [sample.as_str(), answer.as_str()]);
        short_hash(["pairwise 1", grader.as_str()].into_iter().chain(others))
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let other = self.others.get(&sample.id);
        let other = other.ok_or_else(|| JudgeError::Lacks("another answer to compare with".into()))?;
        if let Some(verdict) = self.without_call(&completion.text, other) {
            return Ok(verdict);
        }
        let origin = completion.origin.as_ref().map(Origin::judge);
        let mut bill = Bill::new();
        let mut found = Vec::with_capacity(2);
        for (at, answers) in [[&*completion.text, other], [other, &*completion.text]].into_iter().enumerate() {
            match self.one(sample, answers, at, origin.as_ref()).await {
                Ok((part, more)) => {
                    bill.merge(&more);
                    found.push(part);
                }
                Err((error, _)) if error.is_fatal() || found.is_empty() => return Err(with(error, &bill)),
                Err((error, more)) => {
                    bill.merge(&more);
                    found.push(Part::new(ORDERS[at], None, &eval_core::error_chain(&error)));
                }
            }
        }
        Ok(bill.of(verdict(&self.name, &found)))
    }
}

fn verdict(name: &str, found: &[Part]) -> Verdict {
    let scores: Option<Vec<f64>> = found.iter().map(|part| part.score.map(Score::get)).collect();
    let score = scores.and_then(|scores| match scores[..] {
        [one, other] => Score::new(if one == other { one } else { 0.5 }),
        _ => None,
    });
    match score {
        Some(score) => Verdict::scored(name, score, lines(found)),
        None => {
            let mut verdict = Verdict::unscored(name, "the grader compared in one order only, or in none");
            verdict.explanation = Some(lines(found));
            verdict
        }
    }
}

/// The error that stops the run, with what the calls before it used and cost.
fn with(error: JudgeError, bill: &Bill) -> JudgeError {
    match error {
        JudgeError::Provider(mut error) => {
            let mut bill = bill.clone();
            bill.failure(&error);
            (error.usage, error.cost, error.pricing) = (bill.usage(), bill.cost(), bill.pricing());
            JudgeError::Provider(error)
        }
        error => error,
    }
}

impl fmt::Debug for Pairwise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pairwise").field("grader", &self.grader).field("others", &self.others.len()).finish()
    }
}

/// How the verdicts of a [`Pairwise`] depend on the order, over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OrderTally {
    /// Pairs compared in both orders.
    pub pairs: u64,
    /// Pairs for which the grader said another thing in the other order.
    pub disagreed: u64,
    /// Of those, pairs in which it preferred what it read first, or called it the same once.
    pub first: u64,
    /// Of those, pairs in which it preferred what it read second, or called it the same once.
    pub second: u64,
}

impl OrderTally {
    /// Counts the verdicts of a [`Pairwise`]; others are left out.
    pub fn of<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Self {
        let mut tally = Self::default();
        for explanation in verdicts.into_iter().filter_map(|verdict| verdict.explanation.as_deref()) {
            let found = parts(explanation);
            let score = |order: &str| found.iter().find(|part| part.name == order).and_then(|part| part.score);
            let (Some(first), Some(second)) = (score(ORDERS[0]), score(ORDERS[1])) else { continue };
            tally.pairs += 1;
            tally.disagreed += u64::from(first != second);
            tally.first += u64::from(first > second);
            tally.second += u64::from(first < second);
        }
        tally
    }

    /// The share of pairs with a disagreement; `None` without pairs.
    pub fn rate(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.disagreed as f64 / self.pairs as f64)
    }
}
