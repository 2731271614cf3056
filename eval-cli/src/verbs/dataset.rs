//! `evalctl dataset validate | stats | diff`

use std::collections::BTreeMap;
use std::path::Path;

use eval_core::{Dataset, EvaluationQuery, Reports, SampleId};
use serde_json::json;

use crate::args::Global;
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table, clean, counted};

/// Reads every row; what is wrong is an error with its line.
pub(crate) fn validate(console: &Console, file: &Path) -> Outcome {
    let dataset = Dataset::open(file)?;
    compose::check_judges(&dataset)?;
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.dataset/1",
            "name": dataset.name(),
            "questions": dataset.len(),
            "categories": dataset.categories(),
            "columns": dataset.columns(),
            "fingerprint": dataset.fingerprint(),
            "notes": dataset.notes(),
        }))?;
        return Ok(Exit::Done);
    }
    let (questions, categories) = (counted(dataset.len(), "question"), dataset.categories().len() as u64);
    let categories = counted(categories, "category");
    console.print(format!("{}: {questions} in {categories}, no errors", file.display()))?;
    dataset.notes().iter().for_each(|note| console.note(format!("note: {note}")));
    Ok(Exit::Done)
}

#[derive(Default)]
struct Lengths {
    questions: u64,
    asked: usize,
    longest: usize,
    without_target: u64,
}

/// Counts and lengths, and the questions that tell no models apart.
pub(crate) async fn stats(console: &Console, global: &Global, file: &Path) -> Outcome {
    let dataset = Dataset::open(file)?;
    let lengths = lengths(&dataset)?;
    let settings = Settings::load(global, Typed::default())?;
    let saturated = match compose::existing_store(&settings).await {
        Ok(store) => saturated(&store, &dataset).await?,
        Err(_) => Saturated::default(),
    };
    if console.is_machine() {
        let categories: BTreeMap<_, _> = (lengths.iter())
            .map(|(name, found)| {
                let mean = found.asked as f64 / found.questions as f64;
                let figures = json!({
                    "questions": found.questions,
                    "mean_characters": mean,
                    "longest_characters": found.longest,
                    "without_expected_output": found.without_target,
                });
                (name, figures)
            })
            .collect();
        console.json(&json!({
            "schema": "evalctl.dataset-stats/1",
            "name": dataset.name(),
            "questions": dataset.len(),
            "fingerprint": dataset.fingerprint(),
            "categories": categories,
            "models_compared": saturated.models,
            "saturated": saturated.questions,
        }))?;
        return Ok(Exit::Done);
    }
    console.print(table(&lengths).render(console.width))?;
    console.print(format!("  {} questions, fingerprint {}", dataset.len(), dataset.fingerprint()))?;
    dataset.notes().iter().for_each(|note| console.note(format!("note: {note}")));
    tell_saturated(console, &saturated)?;
    Ok(Exit::Done)
}

fn lengths(dataset: &Dataset) -> Result<BTreeMap<String, Lengths>, Failure> {
    let mut categories = BTreeMap::<String, Lengths>::new();
    for sample in dataset.samples()? {
        let sample = sample?;
        let characters = sample.input.chars().count();
        let found = categories.entry(sample.category.to_string()).or_default();
        found.questions += 1;
        found.asked += characters;
        found.longest = found.longest.max(characters);
        found.without_target += u64::from(sample.target.is_none());
    }
    Ok(categories)
}

fn table(categories: &BTreeMap<String, Lengths>) -> Table {
    let mut table = Table::new([
        ("category", Align::Left),
        ("questions", Align::Right),
        ("mean length", Align::Right),
        ("longest", Align::Right),
        ("no expected output", Align::Right),
    ]);
    for (name, found) in categories {
        table.row([
            clean(name),
            found.questions.to_string(),
            format!("{:.0}", found.asked as f64 / found.questions as f64),
            found.longest.to_string(),
            found.without_target.to_string(),
        ]);
    }
    table
}

#[derive(Default)]
struct Saturated {
    models: usize,
    questions: Vec<SampleId>,
}

/// Questions that every model of the leaderboard gets right in every epoch: they no longer tell models apart.
async fn saturated(store: &dyn Reports, dataset: &Dataset) -> Result<Saturated, Failure> {
    let board = store.leaderboard(Some(dataset.name())).await?;
    let mut right = BTreeMap::<SampleId, bool>::new();
    for entry in &board {
        let mut query = EvaluationQuery::default();
        loop {
            let page = store.evaluations(entry.run.id, &query).await?;
            let Some(last) = page.last() else { break };
            query.after = Some((last.sample.id.clone(), last.epoch));
            for evaluation in page {
                let perfect = evaluation.score().is_some_and(|score| score.get() == 1.0);
                *right.entry(evaluation.sample.id.clone()).or_insert(true) &= perfect;
            }
        }
    }
    let questions = right.into_iter().filter(|(_, right)| *right).map(|(id, _)| id).collect();
    Ok(Saturated { models: board.len(), questions })
}

fn tell_saturated(console: &Console, saturated: &Saturated) -> Result<(), Failure> {
    if saturated.models < 2 {
        console.note("no runs of two models over this data set yet, so nothing can be said about saturated questions");
        return Ok(());
    }
    let (models, count) = (saturated.models, saturated.questions.len());
    let ids = saturated.questions.iter().map(|id| clean(id.as_str())).collect::<Vec<_>>().join(", ");
    match count {
        0 => console.print(format!("  no saturated questions: none is answered right by all {models} models")),
        _ => console.print(format!("  {count} saturated questions, answered right by all {models} models: {ids}")),
    }
}

/// What was added, removed and changed.
pub(crate) fn diff(console: &Console, old: &Path, new: &Path) -> Outcome {
    let (old, new) = (Dataset::open(old)?, Dataset::open(new)?);
    let diff = old.diff(&new)?;
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.dataset-diff/1",
            "added": diff.added,
            "removed": diff.removed,
            "changed": diff.changed,
            "unchanged": diff.unchanged,
        }))?;
        return Ok(Exit::Done);
    }
    for (word, ids) in [("added", &diff.added), ("removed", &diff.removed), ("changed", &diff.changed)] {
        for id in ids {
            console.print(format!("  {word:8} {}", clean(id.as_str())))?;
        }
    }
    let (added, removed, changed) = (diff.added.len(), diff.removed.len(), diff.changed.len());
    let unchanged = diff.unchanged;
    console.print(format!("  {added} added, {removed} removed, {changed} changed, {unchanged} unchanged"))?;
    Ok(Exit::Done)
}
