//! What all importers do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eval_core::{
    Dataset, DatasetRef, Evaluation, Params, ProviderErrorKind, Run, Sample, Score, Summary, UNCATEGORIZED, Verdict,
    short_hash,
};
use serde_json::{Map, Value};

/// A run that another tool recorded.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) run: Run,
    pub(crate) evaluations: Vec<Evaluation>,
}

impl Recording {
    /// Counts and summarises what was recorded. Epochs and samples are those that are there.
    pub(super) fn new(mut run: Run, evaluations: Vec<Evaluation>) -> Self {
        let samples: BTreeMap<_, _> = evaluations.iter().map(|found| (&found.sample.id, &found.sample)).collect();
        let count = samples.len() as u64;
        run.epochs = evaluations.iter().map(|found| found.epoch).max().unwrap_or(1);
        run.planned = run.planned.max(evaluations.len() as u64);
        run.dataset = DatasetRef::new(run.dataset.name, fingerprint(samples.into_values()), run.dataset.len.max(count))
            .selection(run.dataset.selection);
        run.summary = Some(Summary::of(&evaluations, run.epochs, run.threshold));
        Self { run, evaluations }
    }
}

/// The fingerprint that a data set of these samples has here.
fn fingerprint<'a>(samples: impl Iterator<Item = &'a Arc<Sample>>) -> String {
    let samples: Vec<Sample> = samples.map(|sample| Sample::clone(sample)).collect();
    let hashes: Vec<_> = samples.iter().map(Sample::content_hash).collect();
    // Ids that are refused here, because they differ by their case only, say, are no reason to refuse the run.
    let own = || short_hash(hashes.iter().map(String::as_str));
    Dataset::from_samples("imported", samples).map_or_else(|_| own(), |dataset| dataset.fingerprint().to_owned())
}

/// Columns of a sample: texts as they are, all else as JSON.
pub(super) fn texts(fields: &Map<String, Value>) -> BTreeMap<String, String> {
    fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// A value as text: a text as it is, all else as JSON.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Takes the first of these columns that is there.
pub(super) fn first(columns: &mut BTreeMap<String, String>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| columns.remove(*name))
}

/// The category of these columns.
pub(super) fn category(columns: &mut BTreeMap<String, String>) -> String {
    first(columns, &["category"]).unwrap_or_else(|| UNCATEGORIZED.to_owned())
}

/// Sampling parameters among other settings.
pub(super) fn params(settings: &Map<String, Value>) -> Params {
    const KNOWN: [&str; 13] = [
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "max_completion_tokens",
        "seed",
        "stop",
        "stop_seqs",
        "frequency_penalty",
        "presence_penalty",
        "reasoning_effort",
        "reasoning_tokens",
        "response_format",
    ];
    let known = settings.iter().filter(|(name, value)| KNOWN.contains(&name.as_str()) && !value.is_null());
    known.fold(Params::new(), |params, (name, value)| params.with(name, value.clone()))
}

/// A verdict of another tool. What its judging cost is unknown.
pub(super) fn verdict(judge: &str, score: Result<Score, String>, explanation: Option<String>) -> Verdict {
    match score {
        Ok(score) => {
            let mut verdict = Verdict::scored(judge, score, "").cost(None);
            verdict.explanation = explanation;
            verdict
        }
        Err(why) => {
            let mut verdict = Verdict::unscored(judge, why);
            verdict.explanation = explanation;
            verdict
        }
    }
}

/// A number as a score.
pub(super) fn score(number: f64) -> Result<Score, String> {
    Score::new(number).ok_or_else(|| format!("the score is {number}, which is not within 0 and 1"))
}

/// What kind of error a message tells of, as far as it does.
pub(super) fn error_kind(message: &str) -> ProviderErrorKind {
    let message = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match () {
        () if has(&["429", "rate limit", "ratelimit"]) => ProviderErrorKind::RateLimited,
        () if has(&["timed out", "timeout"]) => ProviderErrorKind::Timeout,
        () if has(&["401", "403", "api key", "unauthorized"]) => ProviderErrorKind::Auth,
        () if has(&["econnrefused", "enotfound", "fetch failed", "connection"]) => ProviderErrorKind::Network,
        () if has(&["400", "404", "413", "422", "bad request"]) => ProviderErrorKind::Rejected,
        () => ProviderErrorKind::Unavailable,
    }
}

/// A hash of texts whose order says nothing.
pub(super) fn set_hash(kind: &str, texts: &BTreeSet<String>) -> String {
    short_hash([kind].into_iter().chain(texts.iter().map(String::as_str)))
}
