//! One model over one data set with fixed settings.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Uuid};

use crate::{Estimate, Money, Params, ProviderErrorKind, RunSpec, Selection, Summary};

/// The id of a run: a UUID v7, so that ids sort by the time of their run.
///
/// A person names a run by its last six hex digits ([`short`](RunId::short)): the first digits of a v7 id are
/// shared by all runs of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct RunId(Uuid);

impl RunId {
    /// A new id, now.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// A new id for a run that began at this time: imported and simulated runs sort where they belong.
    pub fn at(started: Timestamp) -> Self {
        let seconds = u64::try_from(started.as_second()).unwrap_or(0);
        let nanos = u32::try_from(started.subsec_nanosecond()).unwrap_or(0);
        Self(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos)))
    }

    /// The id of a run that began at this time and was recorded elsewhere: always the same for the same origin, so
    /// that a run that is imported twice is still one run.
    ///
    /// ```
    /// use eval_core::{RunId, Timestamp};
    /// let id = |origin| RunId::derived(Timestamp::UNIX_EPOCH, [origin]);
    /// assert_eq!(id("eval-1"), id("eval-1"));
    /// assert_ne!(id("eval-1"), id("eval-2"));
    /// ```
    pub fn derived<'a>(started: Timestamp, origin: impl IntoIterator<Item = &'a str>) -> Self {
        let millis = u64::try_from(started.as_millisecond()).unwrap_or(0);
        let mut rest = [0; 10];
        rest.copy_from_slice(&crate::hash::digest(origin).as_bytes()[..10]);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid())
    }

    /// The last six hex digits.
    pub fn short(&self) -> String {
        let text = self.0.simple().to_string();
        text[text.len() - 6..].to_owned()
    }
}

impl Default for RunId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for RunId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunStatus {
    /// Waiting for its turn.
    Queued,
    /// Asking.
    Running,
    /// Held by a person or by a database in trouble.
    Paused,
    /// Its process ended without a word.
    Interrupted,
    /// Stopped by a person; what was finished is kept.
    Cancelled,
    /// Stopped by a cap on cost, calls or tokens.
    Capped,
    /// Stopped by an error that every further call would have met.
    Failed,
    /// Every planned evaluation has ended.
    Finished,
}

impl RunStatus {
    pub(crate) const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Paused,
        Self::Interrupted,
        Self::Cancelled,
        Self::Capped,
        Self::Failed,
        Self::Finished,
    ];

    /// How a run can end that does not go on by itself.
    pub const ENDS: [Self; 4] = [Self::Cancelled, Self::Capped, Self::Failed, Self::Finished];

    /// Whether a run has [ended](Self::ENDS).
    pub fn is_end(self) -> bool {
        Self::ENDS.contains(&self)
    }

    /// The word used in records, for instance `finished`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
            Self::Capped => "capped",
            Self::Failed => "failed",
            Self::Finished => "finished",
        }
    }

    /// The status of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunKind {
    /// A model is asked the questions of a data set.
    #[default]
    Evaluation,
    /// The same, but some answers were [recalled](crate::Recall): they are older than the run, and so no evidence of how
    /// the model answers now. The evaluator says so by itself when it meets one.
    Recall,
    /// The stored answers of another run are judged again.
    Rescore,
    /// Answers that were frozen are judged again, to see whether the judge still judges them alike.
    Anchor,
    /// A judge is put to the test.
    Audit,
}

impl RunKind {
    const ALL: [Self; 5] = [Self::Evaluation, Self::Recall, Self::Rescore, Self::Anchor, Self::Audit];

    /// The word used in records, for instance `rescore`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evaluation => "evaluation",
            Self::Recall => "recall",
            Self::Rescore => "rescore",
            Self::Anchor => "anchor",
            Self::Audit => "audit",
        }
    }

    /// The kind of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for RunKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The data set of a run, as far as it matters for comparing runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DatasetRef {
    /// The name: the stem of the file, or what the user said.
    pub name: String,
    /// The content hash of the whole data set, filters left out.
    pub fingerprint: String,
    /// How many samples the whole data set has.
    pub len: u64,
    /// Which of them were asked.
    pub selection: Selection,
}

impl DatasetRef {
    /// A reference to a whole data set.
    pub fn new(name: impl Into<String>, fingerprint: impl Into<String>, len: u64) -> Self {
        Self { name: name.into(), fingerprint: fingerprint.into(), len, selection: Selection::default() }
    }

    /// The same data set, of which only a part was asked.
    pub fn selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }
}

/// Where a run comes from: what a person needs to know to repeat it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Provenance {
    /// The commit of the working folder.
    pub git_commit: Option<String>,
    /// Whether the working folder had changes that were not committed.
    pub git_dirty: Option<bool>,
    /// The hash of the prompt template and the system prompt.
    pub prompt: String,
    /// The name of the first judge, whose score is the run's.
    pub judge: String,
    /// The [fingerprint](crate::Judge::fingerprint) of all judges.
    pub judge_hash: String,
    /// The name of the provider.
    pub provider: String,
    /// The version of this crate.
    pub harness: String,
    /// Whether the answers were simulated.
    pub simulated: bool,
}

/// Counts of a run while it goes on. `scored + unscored + failed + pending = planned`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Progress {
    /// Evaluations planned: samples times epochs.
    pub planned: u64,
    /// Evaluations begun.
    pub started: u64,
    /// Evaluations with a score.
    pub scored: u64,
    /// Answers that the judge could not grade.
    pub unscored: u64,
    /// Questions that the model did not answer.
    pub failed: u64,
    /// The mean score so far, from 0 to 1; `None` before the first score.
    pub mean: Option<f64>,
    /// The known cost so far, answers and judges together, in nano-dollars; `None` while no cost is known.
    pub cost: Option<Money>,
}

impl Progress {
    /// Evaluations that have ended.
    pub fn finished(&self) -> u64 {
        self.scored + self.unscored + self.failed
    }

    /// Evaluations that have not ended.
    pub fn pending(&self) -> u64 {
        self.planned.saturating_sub(self.finished())
    }
}

/// Why a run ended before all planned evaluations had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Stop {
    /// The kind of the provider error, when one ended the run.
    pub kind: Option<ProviderErrorKind>,
    /// What happened, for a person.
    pub message: String,
}

impl Stop {
    /// A stop for this reason.
    pub fn new(kind: Option<ProviderErrorKind>, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// One model over one data set with fixed settings: one row of the table `runs`.
///
/// An evaluation of several models is a group of runs that share a `group` id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Run {
    /// The id.
    pub id: RunId,
    /// The id of the group that the run was started in.
    pub group: Option<RunId>,
    /// What it is for. Only evaluations enter leaderboards and histories.
    #[serde(default)]
    pub kind: RunKind,
    /// The run whose answers are judged again; `None` for an evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<RunId>,
    /// The name under which the run enters a history. Default: the model.
    pub name: String,
    /// The model asked for.
    pub model: String,
    /// The data set.
    pub dataset: DatasetRef,
    /// Sampling parameters.
    pub params: Params,
    /// Repeats of the data set, at least 1.
    pub epochs: u32,
    /// A score of at least this passes, from 0 to 1. Default 0.5.
    pub threshold: f64,
    /// The user's own marks.
    pub tags: BTreeMap<String, String>,
    /// Where the run comes from.
    pub provenance: Provenance,
    /// When it began (UTC).
    pub started: Timestamp,
    /// When it ended (UTC).
    pub finished: Option<Timestamp>,
    /// How far it has come.
    pub status: RunStatus,
    /// Why it ended early.
    pub stop: Option<Stop>,
    /// Evaluations planned.
    pub planned: u64,
    /// How to build it again; `None` when its host did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<RunSpec>,
    /// What came out; `None` until the run has ended.
    pub summary: Option<Summary>,
}

impl Run {
    /// A run that begins now and has not asked anything yet.
    pub fn new(model: impl Into<String>, dataset: DatasetRef, planned: u64) -> Self {
        let model = model.into();
        Self {
            id: RunId::new(),
            group: None,
            kind: RunKind::Evaluation,
            of: None,
            name: model.clone(),
            model,
            dataset,
            params: Params::default(),
            epochs: 1,
            threshold: 0.5,
            tags: BTreeMap::new(),
            provenance: Provenance::default(),
            started: crate::clock::now(),
            finished: None,
            status: RunStatus::Running,
            stop: None,
            planned,
            spec: None,
            summary: None,
        }
    }

    /// The mean score with its interval; `None` when nothing was scored.
    pub fn score(&self) -> Option<&Estimate> {
        self.summary.as_ref()?.score.as_ref()
    }

    /// How long the run took, in milliseconds; `None` until it has ended.
    pub fn wall_ms(&self) -> Option<i64> {
        Some(self.finished?.as_millisecond() - self.started.as_millisecond())
    }

    /// The run without the folders of the machine that made it, for whoever is shown it elsewhere: of files the names are
    /// left. It cannot be gone on with.
    pub fn without_folders(mut self) -> Self {
        if let Some(spec) = &mut self.spec {
            spec.folder = None;
            let optional = [&mut spec.prompt, &mut spec.system, &mut spec.rubric];
            for file in optional.into_iter().flatten().chain([&mut spec.dataset]) {
                if let Some((_, name)) = file.rsplit_once(['/', '\\']) {
                    *file = name.to_owned();
                }
            }
        }
        self
    }

    /// Whether there is something left to do: only a finished run has asked all its questions. Of a run that came by a
    /// [filtered export](Selection::exported), nobody here knows what is left.
    pub fn can_resume(&self) -> bool {
        self.status != RunStatus::Finished && self.dataset.selection.exported.is_none()
    }

    /// Whether a model was asked the whole data set and the run finished: only such runs enter leaderboards and histories.
    pub fn is_comparable(&self) -> bool {
        self.kind == RunKind::Evaluation && self.status == RunStatus::Finished && self.dataset.selection.is_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_have_a_short_form() {
        let day: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let (old, new) = (RunId::at(day), RunId::new());
        assert!(old < new);
        assert_eq!(old.short().len(), 6);
        assert!(old.to_string().ends_with(&old.short()));
        assert_eq!(old.to_string().parse::<RunId>().unwrap(), old);
    }

    #[test]
    fn derived_ids_sort_by_time_too_and_differ_by_origin() {
        let day: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let id = RunId::derived(day, ["promptfoo", "eval-1"]);
        assert_eq!(id, RunId::derived(day, ["promptfoo", "eval-1"]));
        assert_ne!(id, RunId::derived(day, ["promptfoo", "eval-2"]));
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(id.to_string()[..13], RunId::at(day).to_string()[..13]);
        assert!(id < RunId::new());
    }

    #[test]
    fn status_names_lead_back() {
        for status in RunStatus::ALL {
            assert_eq!(RunStatus::from_name(status.name()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
    }
}
