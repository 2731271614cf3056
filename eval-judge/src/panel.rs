//! Several judges that give one verdict.

mod rule;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Score, Verdict, short_hash};
use futures_util::future::join_all;
use thiserror::Error;

pub use rule::Rule;

use crate::agreement::{Level, krippendorff_alpha};
use crate::bill::Bill;
use crate::parts::{Part, lines, parts};
use crate::settle::settle;

/// Several judges that grade the same answer at the same time and give one verdict.
///
/// The score is the mean, the median or the majority of those members that gave one. More than half of the members
/// must: otherwise the verdict is unscored, and says who did not. The explanation has a line for each member, which
/// [`parts`] reads back; [`panel_agreement`] says how far they agree over a run. Usage and cost are the sums, and unknown when one of them is. A member whose error would stop a run stops it here too.
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::{Contains, Exact, Panel, Rule};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let panel = Panel::builder().judge(Exact::new()).judge(Contains::whole()).rule(Rule::Mean).build().unwrap();
/// let sample = Sample::new("1", "Capital of France?").target("Paris");
/// let verdict = panel.judge(&sample, &Completion::new("It is Paris.")).await.unwrap();
/// assert_eq!(verdict.score.unwrap().get(), 0.5);
/// # });
/// ```
pub struct Panel {
    name: String,
    members: Vec<Arc<dyn Judge>>,
    rule: Rule,
}

/// Settings of a [`Panel`].
#[derive(Default)]
pub struct PanelBuilder {
    name: Option<String>,
    members: Vec<Arc<dyn Judge>>,
    rule: Rule,
}

/// A panel cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PanelError {
    /// It has no members.
    #[error("the panel has no judge")]
    Empty,
}

impl Panel {
    /// Begins a panel without members.
    pub fn builder() -> PanelBuilder {
        PanelBuilder::default()
    }

    fn verdict(&self, verdicts: &[Verdict]) -> Verdict {
        let scores: Vec<Score> = verdicts.iter().filter_map(|verdict| verdict.score).collect();
        let is_quorum = 2 * scores.len() > verdicts.len();
        let score = self.rule.apply(&scores).filter(|_| is_quorum);
        let lines = lines(&verdicts.iter().map(Part::of).collect::<Vec<_>>());
        match score {
            Some(score) => Verdict::scored(&self.name, score, lines),
            None => {
                let why = if is_quorum { "the votes are even" } else { "too few judges gave a score" };
                let counts = format!("{} of {}", scores.len(), verdicts.len());
                let mut verdict = Verdict::unscored(&self.name, format!("{why} (scored: {counts})"));
                verdict.explanation = Some(lines);
                verdict
            }
        }
    }
}

impl PanelBuilder {
    /// One more member. The same judge may sit there several times.
    pub fn judge(mut self, judge: impl Judge) -> Self {
        self.members.push(Arc::new(judge));
        self
    }

    /// How one score is made of several. Default: [`Rule::Mean`].
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// The name in records and tables. Default: the rule and the members, for instance `mean(exact, contains)`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The panel.
    ///
    /// # Errors
    /// [`PanelError::Empty`] when it has no members.
    pub fn build(self) -> Result<Panel, PanelError> {
        if self.members.is_empty() {
            return Err(PanelError::Empty);
        }
        let names = || self.members.iter().map(|judge| judge.name()).collect::<Vec<_>>().join(", ");
        let name = self.name.unwrap_or_else(|| format!("{}({})", self.rule.name(), names()));
        Ok(Panel { name, members: self.members, rule: self.rule })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Panel {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> String {
        let members: Vec<String> = self.members.iter().map(|judge| judge.fingerprint()).collect();
        short_hash(["panel 1", self.rule.name()].into_iter().chain(members.iter().map(String::as_str)))
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let settled = join_all(self.members.iter().map(|judge| settle(&**judge, sample, completion))).await;
        let (verdicts, errors) = split(settled);
        let mut bill = Bill::new();
        for verdict in &verdicts {
            bill.verdict(verdict);
        }
        if let Some(error) = errors.into_iter().next() {
            return Err(charged(error, bill));
        }
        let mut verdict = bill.of(self.verdict(&verdicts));
        // The members judge at the same time: the slowest is what one waits for.
        verdict.latency_ms = verdicts.iter().filter_map(|verdict| verdict.latency_ms).reduce(f64::max);
        Ok(verdict)
    }
}

fn split(settled: Vec<Result<Verdict, JudgeError>>) -> (Vec<Verdict>, Vec<JudgeError>) {
    let (mut verdicts, mut errors) = (Vec::new(), Vec::new());
    for result in settled {
        match result {
            Ok(verdict) => verdicts.push(verdict),
            Err(error) => errors.push(error),
        }
    }
    (verdicts, errors)
}

/// The error that stops the run, with what the other members used and cost.
fn charged(error: JudgeError, mut bill: Bill) -> JudgeError {
    match error {
        JudgeError::Provider(mut error) => {
            bill.failure(&error);
            (error.usage, error.cost, error.pricing) = (bill.usage(), bill.cost(), bill.pricing());
            JudgeError::Provider(error)
        }
        error => error,
    }
}

/// How far the members of a panel agreed over a run: [Krippendorff's alpha](krippendorff_alpha) of the scores in these
/// verdicts of a [`Panel`], also of stored ones; `None` when there is nothing to agree on.
///
/// ```
/// use eval_core::{Score, Verdict};
/// use eval_judge::{Level, panel_agreement};
/// let verdict = |lines: &str| Verdict::scored("mean(a, b)", Score::ZERO, lines);
/// let run = [verdict("a: 1: good\nb: 1: good"), verdict("a: 0: bad\nb: 0: bad"), verdict("a: 1: good\nb: 0: bad")];
/// assert!((panel_agreement(&run, Level::Nominal).unwrap() - 4.0 / 9.0).abs() < 1e-12);
/// ```
pub fn panel_agreement<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>, level: Level) -> Option<f64> {
    let explained = verdicts.into_iter().filter_map(|verdict| verdict.explanation.as_deref());
    let scores = |text| parts(text).iter().filter_map(|part| part.score).map(Score::get).collect();
    krippendorff_alpha(&explained.map(scores).collect::<Vec<_>>(), level)
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panel").field("name", &self.name).field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl fmt::Debug for PanelBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<&str> = self.members.iter().map(|judge| judge.name()).collect();
        f.debug_struct("PanelBuilder").field("members", &members).field("rule", &self.rule).finish_non_exhaustive()
    }
}
