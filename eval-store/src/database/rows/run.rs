//! The table `runs`.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::{DatasetRef, Provenance, ProviderErrorKind, Run, RunId, RunKind, RunStatus, Selection, Stop, Summary};

use super::{Text, from_json, json, number, time, word};
use crate::database::error::Failure;
use crate::database::schema::runs;

#[derive(Debug, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = runs, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct RunRow<'a> {
    pub(crate) id: Text<'a>,
    group_id: Option<String>,
    kind: Text<'a>,
    of_run: Option<String>,
    name: Text<'a>,
    model: Text<'a>,
    dataset: Text<'a>,
    dataset_fingerprint: Text<'a>,
    dataset_len: i64,
    selection: Option<Text<'a>>,
    params: Text<'a>,
    epochs: i64,
    threshold: f64,
    prompt_hash: Text<'a>,
    judge: Text<'a>,
    judge_hash: Text<'a>,
    provider: Text<'a>,
    harness_version: Text<'a>,
    simulated: bool,
    git_commit: Option<Text<'a>>,
    git_dirty: Option<bool>,
    started_at: NaiveDateTime,
    finished_at: Option<NaiveDateTime>,
    status: Text<'a>,
    stop_kind: Option<Text<'a>>,
    stop_message: Option<Text<'a>>,
    planned: i64,
    spec: Option<Text<'a>>,
}

impl<'a> RunRow<'a> {
    pub(crate) fn new(run: &'a Run) -> Result<Self, Failure> {
        let (dataset, provenance) = (&run.dataset, &run.provenance);
        let selection = (!dataset.selection.is_all()).then(|| json(&dataset.selection)).transpose()?;
        let stop = run.stop.as_ref();
        Ok(Self {
            id: run.id.to_string().into(),
            group_id: run.group.map(|group| group.to_string()),
            kind: run.kind.name().into(),
            of_run: run.of.map(|of| of.to_string()),
            name: run.name.as_str().into(),
            model: run.model.as_str().into(),
            dataset: dataset.name.as_str().into(),
            dataset_fingerprint: dataset.fingerprint.as_str().into(),
            dataset_len: number::count(dataset.len),
            selection,
            params: json(&run.params)?,
            epochs: run.epochs.into(),
            threshold: run.threshold,
            prompt_hash: provenance.prompt.as_str().into(),
            judge: provenance.judge.as_str().into(),
            judge_hash: provenance.judge_hash.as_str().into(),
            provider: provenance.provider.as_str().into(),
            harness_version: provenance.harness.as_str().into(),
            simulated: provenance.simulated,
            git_commit: provenance.git_commit.as_deref().map(Into::into),
            git_dirty: provenance.git_dirty,
            started_at: time::to_column(run.started),
            finished_at: run.finished.map(time::to_column),
            status: run.status.name().into(),
            stop_kind: stop.and_then(|stop| stop.kind).map(|kind| kind.name().into()),
            stop_message: stop.map(|stop| stop.message.as_str().into()),
            planned: number::count(run.planned),
            spec: run.spec.as_ref().map(json).transpose()?,
        })
    }

    /// The run of this row, with what stands in the other tables.
    pub(crate) fn into_run(self, tags: BTreeMap<String, String>, summary: Option<Summary>) -> Result<Run, Failure> {
        let (dataset, provenance) = (self.dataset()?, self.provenance());
        let mut run = Run::new(self.model.into_owned(), dataset, number::counted("runs.planned", self.planned)?);
        run.id = id("runs.id", &self.id)?;
        run.group = self.group_id.map(|group| id("runs.group_id", &group)).transpose()?;
        run.kind = word("runs.kind", &self.kind, RunKind::from_name)?;
        run.of = self.of_run.map(|of| id("runs.of_run", &of)).transpose()?;
        run.name = self.name.into_owned();
        run.params = from_json("runs.params", &self.params)?;
        run.epochs = number::epoch("runs.epochs", self.epochs)?;
        run.threshold = self.threshold;
        run.tags = tags;
        run.provenance = provenance;
        run.started = time::from_column("runs.started_at", self.started_at)?;
        run.finished = self.finished_at.map(|at| time::from_column("runs.finished_at", at)).transpose()?;
        run.status = word("runs.status", &self.status, RunStatus::from_name)?;
        run.stop = stop(self.stop_kind.as_deref(), self.stop_message)?;
        run.spec = self.spec.as_deref().map(|text| from_json("runs.spec", text)).transpose()?;
        run.summary = summary;
        Ok(run)
    }

    fn dataset(&self) -> Result<DatasetRef, Failure> {
        let len = number::counted("runs.dataset_len", self.dataset_len)?;
        let selection = self.selection.as_deref().map(|text| from_json("runs.selection", text)).transpose()?;
        Ok(DatasetRef::new(&*self.dataset, &*self.dataset_fingerprint, len)
            .selection(selection.unwrap_or_else(Selection::all)))
    }

    fn provenance(&self) -> Provenance {
        let mut provenance = Provenance::default();
        provenance.git_commit = self.git_commit.as_deref().map(str::to_owned);
        provenance.git_dirty = self.git_dirty;
        provenance.prompt = self.prompt_hash.to_string();
        provenance.judge = self.judge.to_string();
        provenance.judge_hash = self.judge_hash.to_string();
        provenance.provider = self.provider.to_string();
        provenance.harness = self.harness_version.to_string();
        provenance.simulated = self.simulated;
        provenance
    }
}

/// The id of a run in a column.
pub(crate) fn id(column: &str, text: &str) -> Result<RunId, Failure> {
    word(column, text, |text| text.parse().ok())
}

fn stop(kind: Option<&str>, message: Option<Text<'_>>) -> Result<Option<Stop>, Failure> {
    let Some(message) = message else { return Ok(None) };
    let kind = kind.map(|kind| word("runs.stop_kind", kind, ProviderErrorKind::from_name)).transpose()?;
    Ok(Some(Stop::new(kind, message.into_owned())))
}
