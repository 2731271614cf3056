//! `evalctl judge anchors`

use eval_core::{Evaluation, Money, Recall, Run, RunKind, RunStatus, Store, Summary, Timestamp};
use eval_drift::stored;
use serde_json::json;

use crate::args::{AnchorsArgs, Global};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::draw::{Spread, draw};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Console, clean, counted, percent};
use crate::{command, refs};

/// With fewer a judge that moved is rarely told from a model that did.
const FEW: usize = 50;

/// Freezes some answers of a run with their scores: a finished run of kind `anchor` that belongs to no group.
pub(super) async fn freeze(console: &Console, global: &Global, args: AnchorsArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::writable_store(&settings).await?;
    let from = refs::resolve(&store, &args.from).await?;
    if from.kind == RunKind::Anchor {
        return Err(Failure::usage(format!("the answers of run {} are frozen already", from.id.short())));
    }
    let answers = one_each(stored::evaluations(&store, &from).await?, args.seed);
    let frozen = draw(answers, args.count, args.seed, Spread::Even);
    if frozen.is_empty() {
        return Err(Failure::usage(format!("run {} has no answer with a score to freeze", from.id.short())));
    }
    let set = put(&store, &from, frozen).await?;
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.anchors/1", "run": set}))?;
        return Ok(Exit::Done);
    }
    told(console, &settings, &args, &set)?;
    Ok(Exit::Done)
}

/// One answer to each question, of any epoch: what is watched are independent answers.
fn one_each(evaluations: Vec<Evaluation>, seed: u64) -> Vec<Evaluation> {
    let rank = |one: &Evaluation| {
        eval_core::short_hash([seed.to_string().as_str(), one.sample.id.as_str(), "epoch", &one.epoch.to_string()])
    };
    let mut found: Vec<Evaluation> = Vec::new();
    for evaluation in evaluations.into_iter().filter(|found| found.score().is_some() && found.completion.is_some()) {
        match found.last_mut().filter(|last| last.sample.id == evaluation.sample.id) {
            Some(last) if rank(&evaluation) < rank(last) => *last = evaluation,
            Some(_) => {}
            None => found.push(evaluation),
        }
    }
    found
}

/// Stores the set. Until all of it is there it is interrupted.
async fn put(store: &dyn Store, from: &Run, answers: Vec<Evaluation>) -> Result<Run, Failure> {
    let frozen: Vec<Evaluation> = answers.into_iter().map(freeze_one).collect();
    let dataset = compose::questions(from, &frozen)?;
    let mut set = Run::new(from.model.clone(), dataset.reference(), frozen.len() as u64);
    (set.kind, set.of, set.status) = (RunKind::Anchor, Some(from.id), RunStatus::Interrupted);
    set.name.clone_from(&from.name);
    (set.params, set.threshold) = (from.params.clone(), from.threshold);
    set.provenance = from.provenance.clone();
    store.put_run(&set).await?;
    store.put_evaluations(set.id, &frozen).await?;
    set.summary = Some(Summary::of(&frozen, 1, set.threshold));
    (set.status, set.finished) = (RunStatus::Finished, Some(Timestamp::now().max(set.started)));
    store.put_run(&set).await?;
    Ok(set)
}

/// The same answer with the same verdicts, for which nobody is paid once more.
fn freeze_one(mut evaluation: Evaluation) -> Evaluation {
    evaluation.epoch = 1;
    let cost = evaluation.cost.replace(Money::ZERO);
    if let Some(answer) = &mut evaluation.completion {
        (answer.would_have_cost, answer.cost) = (answer.would_have_cost.or(cost), Some(Money::ZERO));
        (answer.pricing, answer.origin) = (None, None);
        answer.served.recalled = Some(Recall::Run);
    }
    for verdict in &mut evaluation.verdicts {
        (verdict.cost, verdict.pricing) = (Some(Money::ZERO), None);
    }
    evaluation
}

fn told(console: &Console, settings: &Settings, args: &AnchorsArgs, set: &Run) -> Result<(), Failure> {
    let (count, id) = (set.planned, set.id.short());
    let mean = percent(set.score().map(|score| score.mean));
    let judge = clean(&set.provenance.judge);
    let of = counted(count, "answer");
    console.print(format!("{of} of run {} frozen as {id}: {judge} gave {mean}", set.of.unwrap_or(set.id).short()))?;
    if count < args.count as u64 {
        console.note(format!("asked for {}: there is one answer for each question that was scored", args.count));
    }
    if count < FEW as u64 {
        console.warn(format!("only {count} anchors: {FEW} or more tell a change of the judge apart"));
    }
    let run = command::asking(settings, &format!("run DATASET -m MODEL --anchors={id}"));
    console.note(format!("next: {run}   (or `anchors = \"{id}\"` in evalctl.toml)"));
    Ok(())
}
