//! The scores of a run, question by question and epoch by epoch.

mod settings;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use eval_core::{Counts, DatasetRef, Evaluation, Money, Outcome, Run, SampleKey, Total};

/// What one run says of one question: a score for each epoch that has one, and how the others ended.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct QuestionScores {
    /// The question: its id and its content.
    pub key: Arc<SampleKey>,
    /// Its category.
    pub category: Arc<str>,
    /// What is asked, for lists that a person reads; `None` when it is not at hand.
    pub text: Option<String>,
    /// The scores of the scored epochs, each from 0 to 1.
    pub scores: Vec<f64>,
    /// Epochs whose answer the judge could not grade.
    pub unscored: u32,
    /// Epochs that the model did not answer.
    pub failed: u32,
    /// The mean latency of the answers, in milliseconds; `None` when nobody measured.
    pub latency_ms: Option<f64>,
    /// The mean cost of an answer, in US dollars; `None` when unknown.
    pub cost_usd: Option<f64>,
    /// The mean length of the answers, in characters; `None` without an answer.
    pub length: Option<f64>,
}

impl QuestionScores {
    /// A question with these scores, one for each epoch, of which nothing else is known.
    pub fn new(key: impl Into<Arc<SampleKey>>, category: impl Into<Arc<str>>, scores: Vec<f64>) -> Self {
        Self {
            key: key.into(),
            category: category.into(),
            text: None,
            scores,
            unscored: 0,
            failed: 0,
            latency_ms: None,
            cost_usd: None,
            length: None,
        }
    }

    /// The same question, which the model did not answer in so many further epochs.
    pub fn failed(mut self, epochs: u32) -> Self {
        self.failed = epochs;
        self
    }

    /// The same question with the text that is asked.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// The mean of the scores; `None` when there is none.
    pub fn mean(&self) -> Option<f64> {
        crate::moments::mean(&self.scores)
    }
}

/// A run as it is compared with others: its scores, and what else a decision looks at.
///
/// ```
/// use eval_core::{DatasetRef, SampleKey};
/// use eval_drift::{QuestionScores, RunScores};
/// let question = |id: &str, scores| QuestionScores::new(SampleKey::new(id, "f00d"), "math", scores);
/// let run = RunScores::new("gamma-pro", DatasetRef::new("golden", "9f2c", 2))
///     .questions(vec![question("q1", vec![1.0, 1.0, 0.0]), question("q2", vec![]).failed(3)]);
/// assert_eq!((run.counts().scored, run.counts().failed), (3, 3));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RunScores {
    /// What a person calls the run: its short id.
    pub label: String,
    /// The name of its history, as a rule the model.
    pub name: String,
    /// The data set.
    pub dataset: DatasetRef,
    /// The name of the first judge, whose scores these are.
    pub judge: String,
    /// The fingerprint of the judges; empty when it is not known.
    pub judge_hash: String,
    /// Why the judge is thought to have moved (the anchors say so); `None` when nothing speaks for it.
    pub judge_moved: Option<String>,
    /// Evaluations planned: questions times epochs; 0 when it is not known.
    pub planned: u64,
    /// The questions whose evaluations have ended, sorted by key, each once.
    pub questions: Vec<QuestionScores>,
    /// The latency of each answer, in milliseconds.
    pub latencies_ms: Vec<f64>,
    /// What the run cost, answers and judges together, in nano-dollars.
    pub cost: Total<Money>,
    /// What the run was made with: model, prompt, parameters, judge, served model, by name.
    pub settings: BTreeMap<String, String>,
}

impl RunScores {
    /// A run of this name on this data set, which has not asked anything yet. Its cost is not known.
    pub fn new(name: impl Into<String>, dataset: DatasetRef) -> Self {
        Self {
            label: String::new(),
            name: name.into(),
            dataset,
            judge: String::new(),
            judge_hash: String::new(),
            judge_moved: None,
            planned: 0,
            questions: Vec::new(),
            latencies_ms: Vec::new(),
            cost: Total::default(),
            settings: BTreeMap::new(),
        }
    }

    /// The run with these evaluations, in any order.
    pub fn of(run: &Run, evaluations: &[Evaluation]) -> Self {
        let mut found = Self::new(run.name.clone(), run.dataset.clone()).label(run.id.short());
        found = found.judge(run.provenance.judge.clone(), run.provenance.judge_hash.clone());
        found.planned = run.planned;
        found.settings = settings::of(run, evaluations);
        let mut by_key: BTreeMap<Arc<SampleKey>, Vec<&Evaluation>> = BTreeMap::new();
        for evaluation in evaluations {
            let sample = &evaluation.sample;
            let key = SampleKey::new(sample.id.clone(), sample.content_hash());
            by_key.entry(Arc::new(key)).or_default().push(evaluation);
            found.latencies_ms.extend(evaluation.latency_ms());
            found.cost += cost(evaluation);
        }
        found.questions(by_key.into_iter().map(|(key, epochs)| question(key, &epochs)).collect())
    }

    /// The same run with these questions, in any order.
    pub fn questions(mut self, mut questions: Vec<QuestionScores>) -> Self {
        questions.sort_by(|a, b| a.key.cmp(&b.key));
        self.questions = questions;
        self
    }

    /// The same run, called so.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same run, graded by this judge with this fingerprint.
    pub fn judge(mut self, name: impl Into<String>, hash: impl Into<String>) -> Self {
        self.judge = name.into();
        self.judge_hash = hash.into();
        self
    }

    /// How the evaluations ended.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for question in &self.questions {
            let scored = question.scores.len() as u64;
            counts += Counts::new(scored, question.unscored.into(), question.failed.into());
        }
        counts
    }

    /// What a person calls the run: `7f3a12 (gamma-pro)`.
    pub fn title(&self) -> String {
        match (self.label.as_str(), self.name.as_str()) {
            ("", name) => name.to_owned(),
            (label, "") => label.to_owned(),
            (label, name) => format!("{label} ({name})"),
        }
    }
}

fn question(key: Arc<SampleKey>, epochs: &[&Evaluation]) -> QuestionScores {
    let sample = &epochs[0].sample;
    let scores = epochs.iter().filter_map(|found| Some(found.score()?.get())).collect();
    let ended = |is: fn(&Outcome) -> bool| epochs.iter().filter(|found| is(&found.outcome)).count() as u32;
    let mean = |of: fn(&Evaluation) -> Option<f64>| {
        crate::moments::mean(&epochs.iter().filter_map(|found| of(found)).collect::<Vec<_>>())
    };
    let mut found = QuestionScores::new(key, sample.category.clone(), scores).text(sample.input.clone());
    found.unscored = ended(|outcome| matches!(outcome, Outcome::Unscored { .. }));
    found.failed = ended(|outcome| matches!(outcome, Outcome::Failed { .. }));
    found.latency_ms = mean(Evaluation::latency_ms);
    found.cost_usd = mean(|found| Some(found.cost?.usd()));
    found.length = mean(|found| Some(found.completion.as_ref()?.text.chars().count() as f64));
    found
}

/// What one evaluation cost, its judges included: what nobody knows is counted, not left out.
fn cost(evaluation: &Evaluation) -> Total<Money> {
    let judges = evaluation.verdicts.iter().map(|verdict| verdict.cost);
    let mut total = Total::default();
    for cost in std::iter::once(evaluation.cost).chain(judges) {
        total += Total::new(cost, u64::from(cost.is_none()));
    }
    total
}

/// Why scores cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScoresError {
    /// There is less than the method needs.
    TooFew {
        /// What is counted, for instance `runs`.
        unit: &'static str,
        /// How many there are.
        found: usize,
        /// How many the method needs.
        needed: usize,
    },
    /// A score is no score, or what is asked makes no sense: which and why, in words.
    NotComparable(String),
}

impl fmt::Display for ScoresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { unit, found, needed } => write!(f, "too little data: {found} {unit}, {needed} needed"),
            Self::NotComparable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ScoresError {}
