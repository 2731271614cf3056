//! What came out of a run.

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimator, quantile};
use crate::exact::Sum;
use crate::{Estimate, Evaluation, Money, OutcomeKind, Progress, SampleId, Score};

/// How many evaluations ended in which way. They are counted apart, and none becomes a zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Counts {
    /// The judge gave a score.
    pub scored: u64,
    /// The judge could not grade.
    pub unscored: u64,
    /// The model did not answer.
    pub failed: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.scored += other.scored;
        self.unscored += other.unscored;
        self.failed += other.failed;
    }
}

impl Counts {
    /// Counts that were taken elsewhere: for stores that read rows.
    pub const fn new(scored: u64, unscored: u64, failed: u64) -> Self {
        Self { scored, unscored, failed }
    }

    pub(crate) fn add(&mut self, kind: OutcomeKind) {
        match kind {
            OutcomeKind::Scored => self.scored += 1,
            OutcomeKind::Unscored => self.unscored += 1,
            OutcomeKind::Failed => self.failed += 1,
        }
    }

    /// All that ended.
    pub const fn total(&self) -> u64 {
        self.scored + self.unscored + self.failed
    }

    /// The share of questions that the model did not answer, from 0 to 1; `None` when nothing ended.
    pub fn failed_share(&self) -> Option<f64> {
        (self.total() > 0).then(|| self.failed as f64 / self.total() as f64)
    }
}

/// How long the answering attempts took, in milliseconds. Waiting and retries are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Latency {
    /// Answers measured.
    pub n: u64,
    /// The mean, in ms.
    pub mean_ms: f64,
    /// The median, in ms.
    pub p50_ms: f64,
    /// The 95th percentile, in ms.
    pub p95_ms: f64,
}

impl Latency {
    /// A latency that was computed elsewhere, in ms: for stores that read rows.
    pub const fn new(n: u64, mean_ms: f64, p50_ms: f64, p95_ms: f64) -> Self {
        Self { n, mean_ms, p50_ms, p95_ms }
    }
}

/// A sum over calls of which some may be unknown.
///
/// `known` is what is known together, and `unknown` how many calls are missing in it: a total without that number
/// would be a zero in disguise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Total<T> {
    /// The sum of what is known; `None` when nothing is.
    pub known: Option<T>,
    /// Calls without a figure.
    pub unknown: u64,
}

impl<T> Total<T> {
    /// A total that was added up elsewhere: for stores that read rows.
    pub const fn new(known: Option<T>, unknown: u64) -> Self {
        Self { known, unknown }
    }
}

impl<T: Copy + Add<Output = T>> AddAssign for Total<T> {
    fn add_assign(&mut self, other: Self) {
        self.known = match (self.known, other.known) {
            (Some(mine), Some(theirs)) => Some(mine + theirs),
            (mine, theirs) => mine.or(theirs),
        };
        self.unknown += other.unknown;
    }
}

impl<T: Copy> Total<T> {
    fn add_by(&mut self, amount: Option<T>, sum: impl Fn(T, T) -> T) {
        match (self.known, amount) {
            (Some(known), Some(amount)) => self.known = Some(sum(known, amount)),
            (None, Some(amount)) => self.known = Some(amount),
            (_, None) => self.unknown += 1,
        }
    }
}

impl Total<u64> {
    /// Saturates, as [`Money`] does: a file may claim any number of tokens.
    fn add(&mut self, tokens: Option<u64>) {
        self.add_by(tokens, u64::saturating_add);
    }
}

impl Total<Money> {
    fn add(&mut self, cost: Option<Money>) {
        self.add_by(cost, Money::add);
    }
}

/// One category of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CategorySummary {
    /// How its evaluations ended.
    pub counts: Counts,
    /// The mean score; `None` when nothing was scored.
    pub score: Option<Estimate>,
}

impl CategorySummary {
    /// A category that was summarised elsewhere: for stores that read rows.
    pub const fn new(counts: Counts, score: Option<Estimate>) -> Self {
        Self { counts, score }
    }
}

/// What came out of a run.
///
/// Epochs are reduced to one mean per question first, so that n is the number of questions and the interval does not
/// take repeats for new evidence. Failed and unscored evaluations stay out of the mean and stand in the counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Summary {
    /// How the evaluations ended.
    pub counts: Counts,
    /// The mean score of the scored samples ("accuracy"); `None` when nothing was scored.
    pub score: Option<Estimate>,
    /// The share of scores at or above the run's threshold.
    pub pass_rate: Option<Estimate>,
    /// How long the answers took; `None` when nobody measured.
    pub latency: Option<Latency>,
    /// Tokens of the prompts.
    pub prompt_tokens: Total<u64>,
    /// Tokens of the answers.
    pub completion_tokens: Total<u64>,
    /// Cost of the answers, failed calls included, in nano-dollars.
    pub cost: Total<Money>,
    /// Cost of the judges, in nano-dollars.
    pub judge_cost: Total<Money>,
    /// By category, sorted by name.
    pub categories: BTreeMap<String, CategorySummary>,
}

impl Summary {
    /// Summarises evaluations that are at hand, in any order.
    pub fn of<'a>(evaluations: impl IntoIterator<Item = &'a Evaluation>, epochs: u32, threshold: f64) -> Self {
        let mut summarizer = Summarizer::new(0, epochs, threshold);
        evaluations.into_iter().for_each(|evaluation| summarizer.push(evaluation));
        summarizer.finish()
    }

    /// Answers and judges together, as far as they are known, in nano-dollars; `None` when nothing is known, and also
    /// when all that is known is nothing: free verdicts on answers without a price do not make a free run.
    pub fn total_cost(&self) -> Option<Money> {
        together(&self.cost, &self.judge_cost)
    }
}

fn together(answers: &Total<Money>, judges: &Total<Money>) -> Option<Money> {
    let known = answers.known.or(judges.known)?;
    let sum = if answers.known.is_some() { known + judges.known.unwrap_or_default() } else { known };
    (sum != Money::ZERO || answers.unknown + judges.unknown == 0).then_some(sum)
}

#[derive(Debug, Default)]
struct Category {
    counts: Counts,
    score: Estimator,
}

/// Scores of a question whose epochs have not all ended. A cancelled run closes it with what it has.
#[derive(Debug)]
struct Open {
    category: Arc<str>,
    ended: u32,
    scores: Sum,
    passed: u32,
}

impl Open {
    fn new(category: &Arc<str>) -> Self {
        Self { category: category.clone(), ended: 0, scores: Sum::default(), passed: 0 }
    }
}

/// Summarises evaluations one by one, in any order: 4 bytes an evaluation (its latency) and the questions with open
/// epochs. For those that are at hand together, [`Summary::of`].
///
/// ```
/// use eval_core::Summarizer;
/// assert_eq!(Summarizer::new(50, 1, 0.5).finish().counts.total(), 0);
/// ```
#[derive(Debug)]
pub struct Summarizer {
    planned: u64,
    started: u64,
    recalled: bool,
    epochs: u32,
    threshold: f64,
    counts: Counts,
    score: Estimator,
    running: Estimator,
    passes: Estimator,
    latencies: Vec<f32>,
    prompt_tokens: Total<u64>,
    completion_tokens: Total<u64>,
    cost: Total<Money>,
    judge_cost: Total<Money>,
    categories: BTreeMap<Arc<str>, Category>,
    open: BTreeMap<SampleId, Open>,
}

impl Summarizer {
    /// A summary of nothing yet: so many evaluations planned, so many epochs of each question, and the score that
    /// passes.
    pub fn new(planned: u64, epochs: u32, threshold: f64) -> Self {
        Self {
            planned,
            started: 0,
            recalled: false,
            epochs,
            threshold,
            counts: Counts::default(),
            score: Estimator::default(),
            running: Estimator::default(),
            passes: Estimator::default(),
            latencies: Vec::new(),
            prompt_tokens: Total::default(),
            completion_tokens: Total::default(),
            cost: Total::default(),
            judge_cost: Total::default(),
            categories: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    pub(crate) fn start(&mut self) {
        self.started += 1;
    }

    /// Whether an answer was recalled instead of given.
    pub(crate) fn recalled(&self) -> bool {
        self.recalled
    }

    /// Takes the next evaluation.
    pub fn push(&mut self, evaluation: &Evaluation) {
        let category = &evaluation.sample.category;
        if !self.categories.contains_key(category) {
            self.categories.insert(category.clone(), Category::default());
        }
        self.counts.add(evaluation.outcome.kind());
        if let Some(found) = self.categories.get_mut(category) {
            found.counts.add(evaluation.outcome.kind());
        }
        self.add_costs(evaluation);
        self.add_score(evaluation);
    }

    fn add_costs(&mut self, evaluation: &Evaluation) {
        self.cost.add(evaluation.cost);
        if let Some(completion) = &evaluation.completion {
            self.recalled |= completion.served.recalled.is_some();
            self.prompt_tokens.add(completion.usage.prompt_tokens);
            self.completion_tokens.add(completion.usage.completion_tokens);
            evaluation.verdicts.iter().for_each(|verdict| self.judge_cost.add(verdict.cost));
        }
        if let Some(ms) = evaluation.latency_ms() {
            self.latencies.push(ms as f32);
        }
    }

    fn add_score(&mut self, evaluation: &Evaluation) {
        let score = evaluation.score().map(Score::get);
        if let Some(score) = score {
            self.running.push(score, true);
        }
        let id = &evaluation.sample.id;
        let mut open = self.open.remove(id).unwrap_or_else(|| Open::new(&evaluation.sample.category));
        open.ended += 1;
        if let Some(score) = score {
            open.scores.add(score);
            open.passed += u32::from(score >= self.threshold);
        }
        if open.ended >= self.epochs {
            self.close(&open);
        } else {
            self.open.insert(id.clone(), open);
        }
    }

    fn close(&mut self, question: &Open) {
        let Some(mean) = question.scores.mean() else { return };
        let single = self.epochs <= 1;
        self.score.push(mean, single);
        self.passes.push(f64::from(question.passed) / question.scores.n() as f64, single);
        if let Some(found) = self.categories.get_mut(&question.category) {
            found.score.push(mean, single);
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress {
            planned: self.planned,
            started: self.started,
            scored: self.counts.scored,
            unscored: self.counts.unscored,
            failed: self.counts.failed,
            mean: self.running.mean(),
            cost: together(&self.cost, &self.judge_cost),
        }
    }

    /// The summary of all that was taken.
    pub fn finish(mut self) -> Summary {
        for question in std::mem::take(&mut self.open).into_values() {
            self.close(&question);
        }
        let latency = latency(&mut self.latencies);
        Summary {
            counts: self.counts,
            score: self.score.estimate(),
            pass_rate: self.passes.estimate(),
            latency,
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            cost: self.cost,
            judge_cost: self.judge_cost,
            categories: (self.categories.into_iter())
                .map(|(name, found)| {
                    let score = found.score.estimate();
                    (name.to_string(), CategorySummary { counts: found.counts, score })
                })
                .collect(),
        }
    }
}

fn latency(latencies: &mut [f32]) -> Option<Latency> {
    latencies.sort_unstable_by(f32::total_cmp);
    let n = latencies.len() as u64;
    let sum: f64 = latencies.iter().copied().map(f64::from).sum();
    let (p50_ms, p95_ms) = (quantile(latencies, 0.5)?, quantile(latencies, 0.95)?);
    Some(Latency { n, mean_ms: sum / n as f64, p50_ms, p95_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_verdicts_on_answers_without_a_price_are_not_free() {
        let total = |known: Option<i64>, unknown| Total { known: known.map(Money::from_nanos), unknown };
        for (answers, judges, expected) in [
            (total(None, 3), total(Some(0), 0), None),
            (total(Some(0), 0), total(Some(0), 0), Some(0)),
            (total(Some(5), 1), total(None, 3), Some(5)),
            (total(None, 3), total(Some(7), 0), Some(7)),
            (total(Some(5), 0), total(Some(7), 0), Some(12)),
            (total(None, 0), total(None, 0), None),
        ] {
            assert_eq!(together(&answers, &judges), expected.map(Money::from_nanos), "{answers:?} {judges:?}");
        }
    }
}
