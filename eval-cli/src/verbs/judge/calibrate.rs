//! `evalctl judge calibrate`

use std::collections::{BTreeMap, BTreeSet};

use eval_core::{Label, Run, SampleId, Score, Store as _, Total};
use eval_drift::stored;
use eval_judge::{Calibration, Fitness};
use eval_store::DieselStore;
use serde_json::json;

use crate::args::{CalibrateArgs, Format, Global};
use crate::config::{Settings, Typed};
use crate::failure::{Failure, Outcome};
use crate::fitness::{self, Check, word};
use crate::output::{Console, clean, counted, one_line};
use crate::verbs::label;
use crate::{command, compose, git, refs};

/// With fewer labels agreement can be luck.
const FEW: u64 = 20;

/// Compares the judge of a run with people, and keeps what comes out.
pub(super) async fn calibrate(console: &Console, global: &Global, args: CalibrateArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::writable_store(&settings).await?;
    let run = refs::resolve(&store, &args.run).await?;
    let labels = match &args.labels {
        Some(file) => {
            let rows = label::read(file)?;
            let found = label::of_rows(&store, &rows, Some(&args.run), &git::author()).await;
            found.map_err(|refused| refused.in_file(file))?
        }
        None => fitness::labels(&store, &run).await?,
    };
    let found = Found::of(&store, &run, &labels).await?.ok_or_else(|| nothing(&settings, &run))?;
    let kept = found.kept(&run);
    store.put_run(&kept).await?;
    match console.format {
        Format::Json | Format::Jsonl => console.json(&json!({
            "schema": "evalctl.calibration/1", "run": run.id, "judge": run.provenance.judge,
            "judge_hash": run.provenance.judge_hash, "authors": found.authors, "fitness": found.fitness,
            "why": found.why, "calibration": found.calibration, "kept_as": kept.id,
        }))?,
        Format::Md => console.print(found.markdown(&run))?,
        _ => console.print(found.text(&run))?,
    }
    Ok(super::exit(found.fitness))
}

fn nothing(settings: &Settings, run: &Run) -> Failure {
    let id = run.id.short();
    let sample = command::command(settings, &format!("label sample {id} -n 100 -o labels.csv"));
    Failure::usage(format!("nobody labelled an answer of run {id} that its judge scored"))
        .hint(format!("{sample}, fill the column score, then evalctl label import labels.csv"))
}

/// What came out.
struct Found {
    calibration: Calibration,
    authors: BTreeSet<String>,
    fitness: Fitness,
    why: String,
}

impl Found {
    /// `None` where nothing was labelled.
    async fn of(store: &DieselStore, run: &Run, labels: &[Label]) -> Result<Option<Self>, Failure> {
        let people = people(labels);
        let (mut labelled, mut others) = (Vec::new(), Vec::new());
        for evaluation in stored::evaluations(store, run).await? {
            let Some(judge) = evaluation.score() else { continue };
            match people.get(&(&evaluation.sample.id, evaluation.epoch)) {
                Some(person) => labelled.push((judge, *person)),
                None => others.push(judge),
            }
        }
        let Some(calibration) = eval_judge::calibrate(&labelled, &others, run.threshold) else { return Ok(None) };
        let authors = labels.iter().map(|label| label.author.clone()).collect();
        let (fitness, why) = match calibration.n < FEW {
            true => (Fitness::Unknown, format!("only {} labels: {FEW} or more are needed", calibration.n)),
            false => (calibration.finding.fitness, calibration.finding.words.clone()),
        };
        Ok(Some(Self { calibration, authors, fitness, why }))
    }

    fn kept(&self, run: &Run) -> Run {
        let Calibration { n, accuracy, kappa, alpha, level, .. } = &self.calibration;
        let figures = [("kappa", *kappa), ("alpha", *alpha), ("accuracy", Some(*accuracy)), ("level", Some(*level))];
        let figures = figures.into_iter().filter_map(|(name, value)| Some((name, format!("{:.2}", value?))));
        let begun = fitness::begun(run, &run.provenance.judge, &run.provenance.judge_hash, Check::Calibration);
        fitness::ended(begun, self.fitness, &self.why, figures.chain([("n", n.to_string())]), Total::default())
    }

    fn title(&self, run: &Run) -> String {
        let (judge, id) = (clean(&run.provenance.judge), run.id.short());
        let (labels, people) = (counted(self.calibration.n, "label"), counted(self.authors.len() as u64, "author"));
        format!("{judge} against {labels} by {people}, run {id}")
    }

    /// Name and value of each figure.
    fn figures(&self) -> Vec<(&'static str, String)> {
        let found = &self.calibration;
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
        vec![
            ("kappa", format!("{} (weighted {})", number(found.kappa), number(found.weighted_kappa))),
            ("alpha", number(found.alpha)),
            ("accuracy", with_interval(found.accuracy, found.accuracy_interval)),
            ("judge's level", in_percent(found.judge_level)),
            ("corrected level", with_interval(found.level, found.level_interval)),
            ("judge's bias", points(found.bias, found.bias_interval)),
        ]
    }

    fn text(&self, run: &Run) -> String {
        let mut lines = vec![self.title(run), format!("  {}: {}", word(self.fitness), self.why)];
        lines.extend(self.figures().into_iter().map(|(name, value)| format!("  {name:<16} {value}")));
        let table = self.calibration.confusion;
        lines.push(format!("  {:<16} {:>13} {:>13}", "", "person passes", "person fails"));
        lines.push(format!("  {:<16} {:>13} {:>13}", "judge passes", table.both_pass, table.judge_only));
        lines.push(format!("  {:<16} {:>13} {:>13}", "judge fails", table.person_only, table.both_fail));
        lines.join("\n")
    }

    fn markdown(&self, run: &Run) -> String {
        let table = self.calibration.confusion;
        let mut lines = vec![
            format!("**Judge {}**: {}\n", word(self.fitness), cell(&self.why)),
            format!("{}\n", cell(&self.title(run))),
            "| | |\n|---|---|".to_owned(),
        ];
        lines.extend(self.figures().into_iter().map(|(name, value)| format!("| {name} | {value} |")));
        lines.push("\n| | person passes | person fails |\n|---|---|---|".to_owned());
        lines.push(format!("| judge passes | {} | {} |", table.both_pass, table.judge_only));
        lines.push(format!("| judge fails | {} | {} |", table.person_only, table.both_fail));
        lines.join("\n")
    }
}

/// A text that ends no cell and begins no markup.
fn cell(text: &str) -> String {
    eval_drift::neutral::markdown(&one_line(text))
}

/// Of each answer the mean over those who scored it.
fn people(labels: &[Label]) -> BTreeMap<(&SampleId, u32), Score> {
    let mut given: BTreeMap<(&SampleId, u32), Vec<f64>> = BTreeMap::new();
    for label in labels {
        given.entry((&label.sample, label.epoch)).or_default().push(label.score.get());
    }
    let mean = |scores: Vec<f64>| Score::new(scores.iter().sum::<f64>() / scores.len() as f64);
    given.into_iter().filter_map(|(answer, scores)| Some((answer, mean(scores)?))).collect()
}

fn in_percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn with_interval(share: f64, interval: Option<(f64, f64)>) -> String {
    let interval = interval.map(|(low, high)| format!(", 95% interval {:.1} to {:.1}", low * 100.0, high * 100.0));
    in_percent(share) + &interval.unwrap_or_default()
}

fn points(difference: f64, interval: Option<(f64, f64)>) -> String {
    let interval = interval.map(|(low, high)| format!(", 95% interval {:+.1} to {:+.1}", low * 100.0, high * 100.0));
    format!("{:+.1} points{}", difference * 100.0, interval.unwrap_or_default())
}
