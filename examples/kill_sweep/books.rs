//! What the database says of a run, as `evalctl` shows it, and without what may differ between two equal runs.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use eval_core::{Attempt, AttemptLog as _, RunId};
use eval_store::DieselStore;
use serde_json::{Map, Value};

use crate::process::Evalctl;

/// The question and its epoch.
pub type Place = (String, u64);

/// A run with its evaluations.
#[derive(Debug)]
pub struct Books {
    pub run: Value,
    pub evaluations: BTreeMap<Place, Vec<Value>>,
}

impl Books {
    /// All runs of the database, oldest first; none when there is no database yet.
    pub async fn runs(evalctl: &Evalctl) -> Result<Vec<Value>> {
        if evalctl.file().is_some_and(|file| !file.exists()) {
            return Ok(Vec::new());
        }
        let document = evalctl.json(&["runs", "-n", "1000"]).await?;
        let mut runs = document["runs"].as_array().context("a list of runs")?.clone();
        runs.reverse();
        Ok(runs)
    }

    pub async fn of(evalctl: &Evalctl, id: &str) -> Result<Self> {
        let mut document = evalctl.json(&["show", id, "-n", "1000"]).await?;
        let mut evaluations = BTreeMap::<Place, Vec<Value>>::new();
        for evaluation in document["evaluations"].as_array().context("a list of evaluations")? {
            evaluations.entry(place(evaluation)?).or_default().push(evaluation.clone());
        }
        Ok(Self { run: document["run"].take(), evaluations })
    }

    /// Everything but ids and times: two runs of the same questions have this in common.
    pub fn essence(&self) -> Value {
        let mut all: Vec<Value> = self.evaluations.values().flatten().cloned().collect();
        all.push(self.run.clone());
        let mut all = Value::Array(all);
        forget(&mut all);
        all
    }
}

/// The attempts of a run, in the order in which they began.
pub async fn attempts(evalctl: &Evalctl, run: RunId) -> Result<Vec<Attempt>> {
    let store = DieselStore::open(&evalctl.url()).await?;
    let mut all: Vec<Attempt> = Vec::new();
    loop {
        let page = store.attempts(run, all.last().map(|attempt| attempt.id), 500).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Where an evaluation belongs.
pub fn place(evaluation: &Value) -> Result<Place> {
    let sample = evaluation["sample"]["id"].as_str().context("an evaluation without its sample")?;
    Ok((sample.to_owned(), evaluation["epoch"].as_u64().context("an evaluation without its epoch")?))
}

const PASSING: [&str; 11] = [
    "id",
    "run",
    "group",
    "started",
    "finished",
    "timing",
    "latency",
    "latency_ms",
    "git_commit",
    "git_dirty",
    "folder",
];

fn forget(value: &mut Value) {
    let of_object = |object: &mut Map<String, Value>| {
        // A question's id is what it is.
        let sample = object.contains_key("input");
        object.retain(|key, _| !PASSING.contains(&key.as_str()) || (sample && key == "id"));
        object.values_mut().for_each(forget);
    };
    match value {
        Value::Object(object) => of_object(object),
        Value::Array(values) => values.iter_mut().for_each(forget),
        _ => {}
    }
}

/// The first place where two documents differ, and how.
pub fn difference(left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().find_map(|(key, value)| Some(format!(".{key}{}", difference(value, &b[key])?)))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(at, (a, b))| Some(format!("[{at}]{}", difference(a, b)?)))
        }
        (Value::Array(a), Value::Array(b)) => Some(format!(": {} elements instead of {}", a.len(), b.len())),
        _ if left == right => None,
        _ => Some(format!(": {} instead of {}", short(left), short(right))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 200 { text } else { text.chars().take(200).chain(['…']).collect() }
}
