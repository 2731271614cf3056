//! Rules first, the paid judge only when they pass.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Verdict, short_hash};

use crate::settle::settle;

/// Asks rules that cost nothing first, in their order, and a judge that costs only when all of them pass.
///
/// A rule passes with a score of at least 0.5. The first that does not decides: its score is the verdict, nothing is
/// paid, and the explanation begins with ``decided by `NAME` ``. A rule that gives no score (the sample has no expected
/// output, say) has not passed: the verdict is unscored for the rule's reason. When all pass, the judge's verdict stands,
/// its cost too.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::{Completion, Judge, Money, Sample, Scripted};
/// use eval_judge::{CheapFirst, Json, LlmJudge};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let grader = Scripted::always(r#"{"reasoning": "Right.", "score": 0.9}"#);
/// let judge = CheapFirst::new(vec![Arc::new(Json::new())], LlmJudge::builder(Arc::new(grader)).build().unwrap());
/// let sample = Sample::new("1", "The capital of France, as JSON.").target("Paris");
///
/// let verdict = judge.judge(&sample, &Completion::new("It is Paris.")).await.unwrap();
/// assert_eq!((verdict.score.unwrap().get(), verdict.cost), (0.0, Some(Money::ZERO)));
/// assert!(verdict.explanation.unwrap().starts_with("decided by `json`: "));
///
/// let verdict = judge.judge(&sample, &Completion::new(r#"{"capital": "Paris"}"#)).await.unwrap();
/// assert_eq!(verdict.score.unwrap().get(), 0.9);
/// # });
/// ```
pub struct CheapFirst {
    name: String,
    checks: Vec<Arc<dyn Judge>>,
    judge: Arc<dyn Judge>,
}

impl CheapFirst {
    /// These rules before this judge.
    pub fn new(checks: Vec<Arc<dyn Judge>>, judge: impl Judge) -> Self {
        let names = checks.iter().map(|check| check.name()).chain([judge.name()]);
        let name = format!("cheap-first({})", names.collect::<Vec<_>>().join(", "));
        Self { name, checks, judge: Arc::new(judge) }
    }

    fn renamed(&self, mut verdict: Verdict, decided: &str) -> Verdict {
        verdict.explanation = verdict.explanation.map(|why| format!("decided by `{decided}`: {why}"));
        verdict.error = verdict.error.map(|why| format!("`{decided}` gave no score: {why}"));
        verdict.judge.clone_from(&self.name);
        verdict
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for CheapFirst {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> String {
        let parts: Vec<String> = self.checks.iter().chain([&self.judge]).map(|judge| judge.fingerprint()).collect();
        short_hash(std::iter::once("cheap-first 2").chain(parts.iter().map(String::as_str)))
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        for check in &self.checks {
            let verdict = settle(&**check, sample, completion).await?;
            if verdict.score.is_none_or(|score| score.get() < 0.5) {
                return Ok(self.renamed(verdict, check.name()));
            }
        }
        let verdict = settle(&*self.judge, sample, completion).await?;
        Ok(self.renamed(verdict, self.judge.name()))
    }
}

impl fmt::Debug for CheapFirst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheapFirst").field("name", &self.name).finish_non_exhaustive()
    }
}
