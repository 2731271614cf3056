//! What became of single questions, of categories and of settings.

use std::fmt;

use eval_core::Change;

use crate::moments::{ROUNDING, mean};
use crate::shared_questions::{SharedQuestion, Sharing};
use crate::{PairedEffect, RunScores, benjamini_hochberg, holm, quantile};

/// The answers to one question: shown as `2/3` where each was right or wrong, else as their mean.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Answers {
    /// The mean score, from 0 to 1.
    pub mean: f64,
    /// Answers with a score.
    pub n: u64,
    /// How many of them were right; `None` when one was neither right nor wrong.
    pub right: Option<u64>,
}

impl Answers {
    fn of(scores: &[f64]) -> Option<Self> {
        let binary = scores.iter().all(|score| *score == 0.0 || *score == 1.0);
        let right = scores.iter().filter(|score| **score == 1.0).count() as u64;
        Some(Self { mean: mean(scores)?, n: scores.len() as u64, right: binary.then_some(right) })
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.right {
            Some(right) => write!(f, "{right}/{}", self.n),
            None => write!(f, "{:.2}", self.mean),
        }
    }
}

/// A question that changed.
///
/// It *regressed* when its usual score (the median over all its answers) is lower now than before, and *improved* when it
/// is higher. It did so *in every epoch* when each answer now scores lower (higher) than each before. One answer of one
/// question is luck as a rule; only all of them together decide.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct QuestionChange {
    /// The id of the question; the data set's text.
    pub id: String,
    /// Its category; the data set's text.
    pub category: String,
    /// What is asked; the data set's text. `None` when it is not at hand.
    pub text: Option<String>,
    /// Regressed or improved.
    pub change: Change,
    /// Whether every answer now is worse (or better) than every one before.
    pub in_every_epoch: bool,
    /// The answers before.
    pub before: Answers,
    /// The answers now.
    pub now: Answers,
}

impl QuestionChange {
    /// `None` when the usual score is the same.
    fn of(shared: &SharedQuestion<'_>) -> Option<Self> {
        let (before, now) = (quantile(&shared.before, 0.5)?, quantile(&shared.now, 0.5)?);
        let change = match now - before {
            moved if moved < -ROUNDING => Change::Regressed,
            moved if moved > ROUNDING => Change::Improved,
            _ => return None,
        };
        let all_below = |these: &[f64], those: &[f64]| {
            let highest = these.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            those.iter().all(|score| highest < score - ROUNDING)
        };
        let in_every_epoch = match change {
            Change::Regressed => all_below(&shared.now, &shared.before),
            _ => all_below(&shared.before, &shared.now),
        };
        Some(Self {
            id: shared.question.key.id.to_string(),
            category: shared.question.category.to_string(),
            text: shared.question.text.clone(),
            change,
            in_every_epoch,
            before: Answers::of(&shared.before)?,
            now: Answers::of(&shared.now)?,
        })
    }

    /// By how much the mean moved, from -1 to 1.
    pub fn difference(&self) -> f64 {
        self.now.mean - self.before.mean
    }
}

/// The questions that changed, the largest drop first.
pub(crate) fn question_changes(sharing: &Sharing<'_>) -> Vec<QuestionChange> {
    let mut changes: Vec<QuestionChange> = sharing.questions.iter().filter_map(QuestionChange::of).collect();
    changes.sort_by(|a, b| a.difference().total_cmp(&b.difference()).then_with(|| a.id.cmp(&b.id)));
    changes
}

/// How many of the shared questions changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChangeCounts {
    /// Their usual score is lower.
    pub regressed: u64,
    /// Those of them that regressed in every epoch.
    pub regressed_in_every_epoch: u64,
    /// Their usual score is higher.
    pub improved: u64,
    /// Those of them that improved in every epoch.
    pub improved_in_every_epoch: u64,
    /// Their usual score is the same.
    pub unchanged: u64,
}

impl ChangeCounts {
    pub(crate) fn of(changes: &[QuestionChange], shared: usize) -> Self {
        let count = |change: Change, all: bool| {
            changes.iter().filter(|found| found.change == change && (all || found.in_every_epoch)).count() as u64
        };
        Self {
            regressed: count(Change::Regressed, true),
            regressed_in_every_epoch: count(Change::Regressed, false),
            improved: count(Change::Improved, true),
            improved_in_every_epoch: count(Change::Improved, false),
            unchanged: shared.saturating_sub(changes.len()) as u64,
        }
    }
}

impl fmt::Display for ChangeCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { regressed, regressed_in_every_epoch: every, improved, unchanged, .. } = self;
        write!(f, "{regressed} regressed ({every} in every epoch), {improved} improved, {unchanged} unchanged")
    }
}

/// What became of a category.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CategoryChange {
    /// Its name; the data set's text.
    pub name: String,
    /// Shared questions in it.
    pub n: u64,
    /// The effect; `None` below two questions.
    pub effect: Option<PairedEffect>,
    /// Holm's p over all categories that have an effect: of a drop in a gate's report, of any change in a comparison.
    pub p_holm: Option<f64>,
    /// Benjamini and Hochberg's q over the same.
    pub q: Option<f64>,
}

/// All categories, sorted by name; `p` says which p of an effect is corrected.
pub(crate) fn categories(
    sharing: &Sharing<'_>,
    level: f64,
    noise: f64,
    p: impl Fn(&PairedEffect) -> f64,
) -> Vec<CategoryChange> {
    let of = |(name, shared): (&str, Vec<&SharedQuestion<'_>>)| {
        let differences: Vec<f64> = shared.iter().map(|shared| shared.difference()).collect();
        let effect = PairedEffect::of(&differences, level, noise);
        CategoryChange { name: name.to_owned(), n: shared.len() as u64, effect, p_holm: None, q: None }
    };
    let mut found: Vec<CategoryChange> = sharing.categories().into_iter().map(of).collect();
    let family: Vec<f64> = found.iter().filter_map(|category| category.effect.as_ref().map(&p)).collect();
    let adjusted = holm(&family).unwrap_or_default().into_iter().zip(benjamini_hochberg(&family).unwrap_or_default());
    let with_effect = found.iter_mut().filter(|category| category.effect.is_some());
    with_effect.zip(adjusted).for_each(|(category, (p_holm, q))| {
        (category.p_holm, category.q) = (Some(p_holm), Some(q));
    });
    found
}

/// A setting in which runs differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SettingChange {
    /// The setting, for instance `provider fingerprint`.
    pub setting: String,
    /// Its values in the baseline; `None` where it has none.
    pub before: Option<String>,
    /// Its value in the run; `None` where it has none.
    pub now: Option<String>,
}

/// The settings in which a run differs from its baseline, sorted by name.
pub(crate) fn differences_of_settings(run: &RunScores, baseline: &[RunScores]) -> Vec<SettingChange> {
    let names = baseline.iter().chain([run]).flat_map(|run| run.settings.keys());
    let names: std::collections::BTreeSet<&String> = names.collect();
    let before = |name: &String| {
        let values = baseline.iter().filter_map(|run| run.settings.get(name));
        let values: std::collections::BTreeSet<&str> = values.map(String::as_str).collect();
        (!values.is_empty()).then(|| values.into_iter().collect::<Vec<_>>().join(", "))
    };
    let difference = |name: &String| {
        let (before, now) = (before(name), run.settings.get(name).cloned());
        (before != now).then(|| SettingChange { setting: name.clone(), before, now })
    };
    if baseline.is_empty() { Vec::new() } else { names.into_iter().filter_map(difference).collect() }
}
