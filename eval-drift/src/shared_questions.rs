//! Questions that two sides share, each with all its scores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eval_core::SampleKey;

use crate::moments::mean;
use crate::{QuestionScores, RunScores};

/// A question with a score on both sides.
#[derive(Debug, Clone)]
pub(crate) struct SharedQuestion<'a> {
    /// The question as the later side has it.
    pub(crate) question: &'a QuestionScores,
    /// Its scores before, all epochs of all runs of the baseline.
    pub(crate) before: Vec<f64>,
    /// Its scores now, all epochs.
    pub(crate) now: Vec<f64>,
}

impl SharedQuestion<'_> {
    /// The mean now minus the mean before.
    pub(crate) fn difference(&self) -> f64 {
        mean(&self.now).unwrap_or(f64::NAN) - mean(&self.before).unwrap_or(f64::NAN)
    }
}

/// Whether a question that the model did not answer counts as wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FailuresCount(pub(crate) bool);

impl FailuresCount {
    /// The scores of a question, with a 0 for each failure if failures count.
    pub(crate) fn scores(self, question: &QuestionScores) -> impl Iterator<Item = f64> {
        let zeros = if self.0 { question.failed as usize } else { 0 };
        question.scores.iter().copied().chain(std::iter::repeat_n(0.0, zeros))
    }
}

/// What a run shares with a baseline, whose runs are pooled.
#[derive(Debug)]
pub(crate) struct Sharing<'a> {
    /// Questions with a score on both sides, sorted by key. An edited question is another one.
    pub(crate) questions: Vec<SharedQuestion<'a>>,
    /// Questions that should be shared: all that the run asked, and where it asked the whole data set also those that
    /// only the baseline has.
    pub(crate) expected: usize,
}

impl<'a> Sharing<'a> {
    pub(crate) fn of(run: &'a RunScores, baseline: &[RunScores], failures: FailuresCount) -> Self {
        let pool = pool(baseline, failures);
        let share = |question: &'a QuestionScores| {
            let before = pool.get(&question.key).filter(|scores| !scores.is_empty())?.clone();
            let now: Vec<f64> = failures.scores(question).collect();
            (!now.is_empty()).then_some(SharedQuestion { question, before, now })
        };
        let expected = expected(run, &pool);
        Self { questions: run.questions.iter().filter_map(share).collect(), expected }
    }

    /// The part of the expected questions that is shared, from 0 to 1; `None` when none is expected.
    pub(crate) fn coverage(&self) -> Option<f64> {
        (self.expected > 0).then(|| self.questions.len() as f64 / self.expected as f64)
    }

    pub(crate) fn differences(&self) -> Vec<f64> {
        self.questions.iter().map(SharedQuestion::difference).collect()
    }

    /// The shared questions by category, sorted by name.
    pub(crate) fn categories(&self) -> BTreeMap<&str, Vec<&SharedQuestion<'a>>> {
        let mut categories: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for shared in &self.questions {
            categories.entry(&shared.question.category).or_default().push(shared);
        }
        categories
    }
}

type Pool = BTreeMap<Arc<SampleKey>, Vec<f64>>;

fn pool(baseline: &[RunScores], failures: FailuresCount) -> Pool {
    let mut pool = Pool::new();
    for question in baseline.iter().flat_map(|run| &run.questions) {
        pool.entry(question.key.clone()).or_default().extend(failures.scores(question));
    }
    pool
}

fn expected(run: &RunScores, pool: &Pool) -> usize {
    let asked: BTreeSet<&SampleKey> = run.questions.iter().map(|question| &*question.key).collect();
    let epochs = run.questions.iter().map(|found| found.scores.len() as u64 + u64::from(found.unscored + found.failed));
    let planned = run.planned / epochs.max().unwrap_or(1).max(1);
    let missing =
        if run.dataset.selection.is_all() { pool.keys().filter(|key| !asked.contains(&***key)).count() } else { 0 };
    (asked.len() + missing).max(planned as usize)
}
