//! Logs of Inspect: `inspect eval --log-format json`, or an `.eval` file after `inspect log convert --to json`.

mod file;
mod sample;
mod value;

use std::collections::BTreeSet;

use eval_core::{DatasetRef, Params, Provenance, Run, RunId, RunStatus, Selection, Stop, short_hash};
use serde_json::Value;

use self::file::File;
use super::recording::{Recording, params, set_hash};
use crate::interchange::error::ImportError;

const TOOL: &str = "inspect";
const VERSION: u64 = 2;

/// The run of a log.
pub(super) fn read(line: u64, text: &[u8]) -> Result<Vec<Recording>, ImportError> {
    let file: File = serde_json::from_slice(text).map_err(|error| ImportError::json(line, &error).of("Inspect"))?;
    let found = file.version;
    if found != VERSION {
        let why = format!("a log of Inspect in version {found}; only version {VERSION} is understood");
        return Err(ImportError::Unknown(why));
    }
    match &file.samples {
        Some(samples) => Ok(vec![file.recording(samples)]),
        None => Err(ImportError::Unknown(NO_SAMPLES.to_owned())),
    }
}

const NO_SAMPLES: &str = "this log of Inspect holds no samples, so there is nothing to import: it was written with \
     `--no-log-samples`, or its header alone was";

impl File {
    fn recording(&self, samples: &[file::Sample]) -> Recording {
        let eval = &self.eval;
        let mut run = Run::new(&eval.model, self.dataset(), 0);
        run.started = self.stats.started_at.unwrap_or(eval.created);
        run.id = RunId::derived(run.started, self.origin());
        run.params = self.params();
        run.tags = [("task", &eval.task), (TOOL, &eval.run_id)].map(|(key, value)| (key.into(), value.clone())).into();
        run.provenance = self.provenance();
        run.finished = self.stats.completed_at;
        run.status = self.status();
        run.stop = self.error.as_ref().map(|error| Stop::new(None, &error.message));
        run.planned = eval.dataset.sample_ids.as_ref().map_or(0, Vec::len) as u64 * u64::from(eval.config.epochs());
        let judge = self.judge();
        let evaluations = samples.iter().map(|sample| sample.evaluation(&eval.model, judge, run.started)).collect();
        Recording::new(run, evaluations)
    }

    fn origin(&self) -> [&str; 5] {
        let eval = &self.eval;
        [TOOL, eval.eval_id.as_deref().unwrap_or_default(), &eval.run_id, &eval.task_id, &eval.model]
    }

    fn dataset(&self) -> DatasetRef {
        let eval = &self.eval;
        let name = eval.dataset.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&eval.task);
        let mut selection = Selection::all();
        let asked = eval.dataset.sample_ids.as_ref().map(|ids| ids.len() as u64);
        if !eval.config.limit.is_null() || !eval.config.sample_id.is_null() {
            selection.limit = asked;
        }
        DatasetRef::new(name, "", eval.dataset.samples.or(asked).unwrap_or(0)).selection(selection)
    }

    fn status(&self) -> RunStatus {
        match self.status.as_str() {
            "success" => RunStatus::Finished,
            "cancelled" => RunStatus::Cancelled,
            "error" => RunStatus::Failed,
            // `started`: its process ended without a word.
            _ => RunStatus::Interrupted,
        }
    }

    fn params(&self) -> Params {
        let own = params(&self.eval.model_generate_config);
        let plan = params(&self.plan.config);
        plan.iter().fold(own, |all, (name, value)| all.with(name, value.clone()))
    }

    /// The scorer whose score is the run's: the first of the task.
    fn judge(&self) -> Option<&str> {
        let listed = self.eval.scorers.iter().flatten().find_map(|scorer| scorer.get("name")?.as_str());
        listed.or_else(|| Some(self.results.as_ref()?.scores.first()?.name.as_str()))
    }

    fn provenance(&self) -> Provenance {
        let eval = &self.eval;
        let steps = Value::from(self.plan.steps.clone()).to_string();
        let arguments = Value::from(eval.task_args.clone()).to_string();
        let scorers: BTreeSet<_> = eval.scorers.iter().flatten().map(Value::to_string).collect();
        let version = eval.packages.get("inspect_ai").and_then(Value::as_str);
        let mut provenance = Provenance::default();
        provenance.git_commit = eval.revision.as_ref().and_then(|revision| revision.commit.clone());
        provenance.git_dirty = eval.revision.as_ref().and_then(|revision| revision.dirty);
        provenance.prompt = short_hash([TOOL, &eval.task, &arguments, &steps]);
        provenance.judge = self.judge().unwrap_or(TOOL).to_owned();
        provenance.judge_hash = set_hash(TOOL, &scorers);
        provenance.provider = TOOL.to_owned();
        provenance.harness = version.map_or_else(|| TOOL.to_owned(), |version| format!("inspect_ai {version}"));
        provenance.simulated = eval.model.starts_with("mockllm/");
        provenance
    }
}
