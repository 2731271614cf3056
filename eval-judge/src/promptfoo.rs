//! The assertions of a promptfoo data set.

mod assertion;
mod columns;
mod grammar;
mod list;
mod overlap;
mod tokens;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Money, Sample, Score, Verdict, short_hash};

pub use columns::AssertionError;

use crate::LlmJudge;
use crate::bill::Bill;
use crate::parts::{Part, lines};
use crate::settle::settled;
use assertion::Outcome;
use columns::{Row, Written};

const NAME: &str = "promptfoo";

/// Scores 1 when an answer passes the assertions of its row in promptfoo's CSV grammar, else 0.
///
/// The row's columns `__expected`, `__expected1` … hold one assertion each: `type:value`, `type(threshold):value`,
/// `not-type:value`; a text without a known type must be the whole answer. All of them must pass, or, with
/// `__threshold`, the mean of their scores must reach it. `__metric` names the row's assertions and
/// `__config:__expectedN:threshold` sets one threshold. The explanation has a line for each assertion, which
/// [`parts`](crate::parts) reads back.
///
/// | type | passes when the answer |
/// |---|---|
/// | `equals` | is the value, to the letter |
/// | `contains`, `icontains` | contains it; `i` ignores case |
/// | `contains-any`, `contains-all`, `icontains-any`, `icontains-all` | contains any, all of `a, b, "c, d"` |
/// | `starts-with` | begins with it |
/// | `regex` | matches it, in the syntax of [`Pattern`](crate::Pattern) |
/// | `is-json`, `contains-json` | is JSON, holds a JSON object (looked for at the first 1,000 braces); with a value, one that this JSON Schema allows |
/// | `levenshtein(n)` | is at most `n` letters away (0.75, promptfoo's default in CSV, means none) |
/// | `rouge-n(x)` | shares words with it: F-measure of ROUGE-1 of at least `x` (0.75) |
/// | `bleu` | shares phrases with it: BLEU-4 of at least 0.5 |
/// | `latency(ms)`, `cost(usd)` | took, cost at most that |
/// | `llm-rubric`, `grade` | meets the value as a criterion, in the eyes of the [grader](Self::grader): at least 0.5 |
/// | `factuality`, `model-graded-factuality` | does not contradict the value, in the eyes of the grader |
///
/// All other types of promptfoo (scripts, files, embeddings, …) are refused by name: [`check`](Self::check) finds them
/// before the first call. So are values with template syntax, `{{…}}`, which promptfoo would fill in. The grader is
/// asked last, and only while the assertions that cost nothing leave the row open.
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::Assertions;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sample = Sample::new("1", "Capital of France?")
///     .metadata("__expected1", "icontains:paris")
///     .metadata("__expected2", "not-contains-any:Lyon, Nice");
/// let judge = Assertions::new();
/// assert!(judge.check(&sample).is_ok());
/// let verdict = judge.judge(&sample, &Completion::new("It is Paris.")).await.unwrap();
/// assert_eq!(verdict.score.unwrap().get(), 1.0);
///
/// let script = Sample::new("2", "?").metadata("__expected", "javascript:output.length < 9");
/// assert_eq!(judge.check(&script).unwrap_err().column, "__expected");
/// # });
/// ```
#[derive(Clone, Default)]
pub struct Assertions {
    grader: Option<Arc<LlmJudge>>,
}

impl Assertions {
    /// Without a grader: assertions that need one leave their rows unscored.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same judge with a grader for `llm-rubric` and `factuality`. Its own rubric is not used.
    pub fn grader(mut self, grader: LlmJudge) -> Self {
        self.grader = Some(Arc::new(grader));
        self
    }

    /// Whether the assertions of a row can be used; a row without any can. Says nothing of the grader: see
    /// [`needs_grader`](Self::needs_grader).
    ///
    /// # Errors
    /// The first column that cannot be used, and why.
    pub fn check(&self, sample: &Sample) -> Result<(), AssertionError> {
        Row::read(sample).map(drop)
    }

    /// Whether a row has an assertion that a grader must judge.
    pub fn needs_grader(sample: &Sample) -> bool {
        Row::read(sample)
            .is_ok_and(|row| row.assertions.iter().any(|written| written.assertion.kind.rubric().is_some()))
    }

    /// Whether a column of a data set holds an assertion: `__expected` or `__expectedN`.
    pub fn is_column(name: &str) -> bool {
        columns::number(name).is_some()
    }

    /// An answer that the first of a row's assertions with a text would take: for simulated models.
    pub fn reference(sample: &Sample) -> Option<String> {
        Row::read(sample).ok()?.assertions.iter().find_map(|written| written.assertion.reference())
    }

    async fn graded(&self, written: &Written, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let (Some(grader), Some(rubric)) = (&self.grader, written.assertion.kind.rubric()) else {
            return Ok(Verdict::unscored(NAME, "no model is there to grade it").cost(Some(Money::ZERO)));
        };
        let sample = sample.clone().target(&written.assertion.value);
        settled(grader.name(), grader.judge_by(rubric, &sample, completion).await)
    }
}

/// What became of one assertion: its part of the verdict, and whether it passed; `None` when nobody knows.
struct Found {
    part: Part,
    passed: Option<bool>,
}

impl Found {
    fn new(row: &Row, written: &Written, outcome: Outcome) -> Self {
        let name = match &row.metric {
            Some(metric) => format!("{metric}/{}", written.assertion.name()),
            None => written.assertion.name(),
        };
        let text = match outcome.passed {
            Some(true) => format!("passed: {}", outcome.why),
            Some(false) => format!("failed: {}", outcome.why),
            None => outcome.why,
        };
        Self { part: Part::new(name, outcome.score, &text), passed: outcome.passed }
    }
}

/// Whether a row passes; `None` while that is open.
fn decided(row: &Row, found: &[Found]) -> Option<bool> {
    let all = row.assertions.len();
    match row.threshold {
        None if found.iter().any(|found| found.passed == Some(false)) => Some(false),
        None => (found.len() == all && found.iter().all(|found| found.passed.is_some())).then_some(true),
        Some(threshold) => {
            let scores: Vec<f64> = found.iter().filter_map(|found| found.part.score).map(Score::get).collect();
            let (sum, open) = (scores.iter().sum::<f64>(), (all - scores.len()) as f64);
            let least = sum / all as f64 >= threshold;
            let most = (sum + open) / all as f64 >= threshold;
            (least == most).then_some(least)
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Assertions {
    fn name(&self) -> &str {
        NAME
    }

    fn fingerprint(&self) -> String {
        let grader = self.grader.as_ref().map_or_else(String::new, |grader| grader.fingerprint());
        let rubrics = assertion::RUBRICS.iter().map(|rubric| rubric.fingerprint()).collect::<String>();
        short_hash(["promptfoo 1", &grader, &rubrics])
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let row = Row::read(sample).map_err(|error| JudgeError::Other(error.into()))?;
        if row.assertions.is_empty() {
            return Err(JudgeError::Lacks("an assertion in a column `__expected`".into()));
        }
        let (graded, free): (Vec<_>, Vec<_>) =
            row.assertions.iter().partition(|written| written.assertion.kind.rubric().is_some());
        let one = |written: &&Written| Found::new(&row, written, written.assertion.check(completion));
        let mut found: Vec<Found> = free.iter().map(one).collect();
        let mut bill = Bill::new();
        for written in graded {
            if decided(&row, &found).is_some() {
                break;
            }
            let verdict = self.graded(written, sample, completion).await?;
            bill.verdict(&verdict);
            found.push(Found::new(&row, written, written.assertion.weigh(&verdict)));
        }
        let parts = found.iter().map(|found| found.part.clone()).collect::<Vec<_>>();
        Ok(bill.of(match decided(&row, &found) {
            Some(passed) => Verdict::scored(NAME, Score::from(passed), lines(&parts)),
            None => {
                let mut verdict = Verdict::unscored(NAME, "an assertion could not be judged");
                verdict.explanation = Some(lines(&parts));
                verdict
            }
        }))
    }
}

impl fmt::Debug for Assertions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertions").field("grader", &self.grader).finish()
    }
}
