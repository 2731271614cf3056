//! Under which conditions a run was made.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Params, Run, RunId, Served};

/// Under which conditions a run was made. What is not known is `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Conditions {
    /// The model asked for.
    pub model: Option<String>,
    /// The content hash of the whole data set.
    pub dataset: Option<String>,
    /// The hash of the prompt.
    pub prompt: Option<String>,
    /// Sampling parameters.
    pub params: Option<Params>,
    /// The name of the first judge.
    pub judge: Option<String>,
    /// The hash of all judges.
    pub judge_hash: Option<String>,
    /// The commit of the working folder.
    pub git_commit: Option<String>,
    /// What really answered.
    pub served: ServedCounts,
}

impl Conditions {
    /// The conditions of a run, without what only its evaluations know.
    pub fn of(run: &Run) -> Self {
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let Run { model, dataset, params, provenance, .. } = run;
        Self {
            model: known(model),
            dataset: known(&dataset.fingerprint),
            prompt: known(&provenance.prompt),
            params: Some(params.clone()),
            judge: known(&provenance.judge),
            judge_hash: known(&provenance.judge_hash),
            git_commit: provenance.git_commit.clone(),
            served: ServedCounts::default(),
        }
    }
}

/// What really answered in a run: how many answers each of them gave. What the provider changed by itself shows here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct ServedCounts {
    /// Answers by the model named in the response.
    pub models: BTreeMap<String, u64>,
    /// Answers by the model behind the alias, where a proxy tells it.
    pub raw_models: BTreeMap<String, u64>,
    /// Answers by the provider whose headers came along.
    pub families: BTreeMap<String, u64>,
    /// Answers by deployment.
    pub model_ids: BTreeMap<String, u64>,
    /// Answers by the provider's fingerprint of weights and settings.
    pub fingerprints: BTreeMap<String, u64>,
    /// Answers by proxy and its version.
    pub proxies: BTreeMap<String, u64>,
}

impl ServedCounts {
    /// Counts so many answers of this identity.
    pub fn add(&mut self, served: &Served, answers: u64) {
        let Served { model, raw_model, family, model_id, fingerprint, proxy, .. } = served;
        let told = [model, raw_model, family, model_id, fingerprint, proxy];
        let [models, raw_models, families] = [&mut self.models, &mut self.raw_models, &mut self.families];
        let counts = [models, raw_models, families, &mut self.model_ids, &mut self.fingerprints, &mut self.proxies];
        for (counts, value) in counts.into_iter().zip(told) {
            match value.as_ref().and_then(|value| counts.get_mut(value)) {
                Some(count) => *count += answers,
                None => counts.extend(value.clone().map(|value| (value, answers))),
            }
        }
    }
}

/// What can change between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// The model asked for: the user's choice, begins a new era.
    Model,
    /// The prompt: the user's choice, begins a new era.
    Prompt,
    /// Sampling parameters: the user's choice, begin a new era.
    Params,
    /// The judge: the user's choice, begins a new era.
    Judge,
    /// The rows of the data set.
    Dataset,
    /// The commit of the user's own code.
    GitCommit,
    /// The model that the response names.
    ServedModel,
    /// The deployment that answered.
    ModelId,
    /// The provider's fingerprint of weights and settings.
    Fingerprint,
    /// The proxy or its version.
    Proxy,
    /// The prompt tokens of the same questions: another tokenizer or a hidden prompt.
    PromptTokens,
}

impl Condition {
    /// The words used in sentences, for instance `provider fingerprint`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Prompt => "prompt",
            Self::Params => "parameters",
            Self::Judge => "judge",
            Self::Dataset => "data set",
            Self::GitCommit => "git commit",
            Self::ServedModel => "served model",
            Self::ModelId => "deployment",
            Self::Fingerprint => "provider fingerprint",
            Self::Proxy => "proxy",
            Self::PromptTokens => "prompt tokens of the same questions",
        }
    }

    /// Whether the runs before and after a change of it are two eras.
    pub const fn begins_era(self) -> bool {
        matches!(self, Self::Model | Self::Prompt | Self::Params | Self::Judge)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What changed, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ConditionChange {
    /// What changed.
    pub condition: Condition,
    /// What it was in the run before that told; several where several answered.
    pub before: Vec<String>,
    /// What it is from this run on.
    pub after: Vec<String>,
    /// The first run with it.
    pub run: RunId,
    /// When that run began (UTC).
    pub at: Timestamp,
    /// Whether it fits in time: the first run with it may be the first of the new level.
    pub coincides: bool,
}

impl ConditionChange {
    /// A change at a run.
    pub fn new(condition: Condition, before: Vec<String>, after: Vec<String>, run: RunId, at: Timestamp) -> Self {
        Self { condition, before, after, run, at, coincides: false }
    }
}
