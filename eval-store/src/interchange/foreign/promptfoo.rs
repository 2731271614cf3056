//! Results of promptfoo: `promptfoo eval -o results.json`.

mod file;
mod row;

use std::collections::BTreeMap;
use std::time::Duration;

use eval_core::{DatasetRef, Params, Provenance, Run, RunId, RunStatus, short_hash};
use serde_json::Value;

use self::file::{File, Row};
use self::row::Questions;
use super::recording::{Recording, params};
use crate::interchange::error::ImportError;

const TOOL: &str = "promptfoo";
const VERSION: u64 = 3;

/// The runs of a file: one for each prompt of each provider.
pub(super) fn read(line: u64, text: &[u8]) -> Result<Vec<Recording>, ImportError> {
    let file: File = serde_json::from_slice(text).map_err(|error| ImportError::json(line, &error).of(TOOL))?;
    let found = file.results.version;
    if found != VERSION {
        let why = format!("results of promptfoo in version {found}; only version {VERSION} is understood");
        return Err(ImportError::Unknown(why));
    }
    let mut cells: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    for row in &file.results.results {
        cells.entry(row.prompt_idx).or_default().push(row);
    }
    let sources: Vec<_> = cells.iter().map(|(at, rows)| Source::of(&file, *at, rows)).collect();
    let runs = sources.iter().zip(cells.into_values());
    Ok(runs.map(|(source, rows)| source.recording(&sources, &rows)).collect())
}

/// A prompt of a provider: what is one run.
struct Source<'a> {
    file: &'a File,
    at: String,
    provider: &'a str,
    model: &'a str,
    prompt: &'a str,
    label: &'a str,
}

impl<'a> Source<'a> {
    fn of(file: &'a File, at: usize, rows: &[&'a Row]) -> Self {
        let row = rows[0];
        let listed = file.results.prompts.get(at);
        Self {
            file,
            at: at.to_string(),
            provider: row.provider.label.as_deref().filter(|label| !label.is_empty()).unwrap_or(&row.provider.id),
            model: &row.provider.id,
            // The row holds the prompt as it was rendered for one question.
            prompt: listed.map_or(row.prompt_id.as_deref().unwrap_or_default(), |prompt| &prompt.raw),
            label: &row.prompt.label,
        }
    }

    fn recording(&self, all: &[Self], rows: &[&Row]) -> Recording {
        let results = &self.file.results;
        let started = results.timestamp;
        let name = self.file.config.description.as_deref().unwrap_or(TOOL);
        let mut run = Run::new(self.model, DatasetRef::new(name, "", 0), 0);
        run.id = RunId::derived(started, self.origin());
        run.name = self.name(all);
        run.params = self.params();
        run.tags.extend(self.file.eval_id.iter().map(|id| (TOOL.to_owned(), id.clone())));
        run.provenance = self.provenance();
        (run.started, run.status) = (started, RunStatus::Finished);
        let took = results.stats.as_ref().and_then(|stats| stats.duration_ms);
        run.finished = took.and_then(|ms| started.checked_add(Duration::from_millis(ms)).ok());
        let mut questions = Questions::default();
        let evaluations = rows.iter().map(|row| row.evaluation(questions.ask(row), started)).collect();
        Recording::new(run, evaluations)
    }

    fn origin(&self) -> [&str; 6] {
        // Without an id (`--no-write`) the time, which is part of every id, has to tell two runs apart.
        [TOOL, self.file.eval_id.as_deref().unwrap_or_default(), self.model, self.provider, self.prompt, &self.at]
    }

    /// The provider, and the prompt too where the file has several of them for it.
    fn name(&self, all: &[Self]) -> String {
        let prompts = all.iter().filter(|other| other.provider == self.provider).count();
        if prompts == 1 { self.provider.to_owned() } else { format!("{} [{}]", self.provider, shorten(self.label)) }
    }

    fn params(&self) -> Params {
        let named = |entry: &&Value| {
            let field = |name| entry.get(name).and_then(Value::as_str);
            field("id") == Some(self.model) && field("label").is_none_or(|label| label == self.provider)
        };
        let mut entries = self.file.config.providers.as_array().into_iter().flatten().filter(named);
        // Of two that are called the same, the file does not say which one answered.
        let (Some(entry), None) = (entries.next(), entries.next()) else { return Params::new() };
        entry.get("config").and_then(Value::as_object).map(params).unwrap_or_default()
    }

    fn provenance(&self) -> Provenance {
        let version = self.file.metadata.promptfoo_version.as_deref();
        let mut provenance = Provenance::default();
        provenance.prompt = short_hash([TOOL, self.prompt]);
        provenance.judge = TOOL.to_owned();
        // What shapes a verdict are the assertions of its question, and those are part of the sample.
        provenance.judge_hash = short_hash([TOOL]);
        provenance.provider = TOOL.to_owned();
        provenance.harness = version.map_or_else(|| TOOL.to_owned(), |version| format!("{TOOL} {version}"));
        provenance.simulated = self.model == "echo";
        provenance
    }
}

/// The label of a prompt is often the prompt itself.
fn shorten(label: &str) -> String {
    const MOST: usize = 40;
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
    match label.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &label[..end]),
        None => label,
    }
}
