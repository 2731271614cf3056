//! Evaluations into Postgres: a statement a table for all that is committed together, because each one is a round trip.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use eval_core::{Attempt, Evaluation, OutcomeKind, RunId, Sample};

use super::{Bulk, PgConnection};
use crate::database::error::Failure;
use crate::database::rows::{EndRow, EvaluationRow, IntentRow, Keys, SampleRow, Text, VerdictRow};
use crate::database::schema::{evaluations, runs};
use crate::database::write::{Batch, Known};

/// Rows in one statement: enough that its round trip does not count, few enough that long texts fit into memory twice.
const ROWS: usize = 500;
/// As the sequence of the ids says.
const BLOCK: i64 = 256;

/// Ids of evaluations that are this writer's to give.
#[derive(Debug, Default)]
pub(crate) struct Ids(Range<i64>);

impl Ids {
    fn next(&mut self, connection: &mut PgConnection) -> QueryResult<i64> {
        if self.0.is_empty() {
            let first: i64 = diesel::select(sql::<BigInt>("nextval('evaluation_ids')")).get_result(connection)?;
            self.0 = first..first + BLOCK;
        }
        self.0.start += 1;
        Ok(self.0.start - 1)
    }
}

/// What is to be stored of one key, with the texts that its row borrows.
struct Item<'a> {
    id: i64,
    run: RunId,
    run_text: &'a str,
    hash: &'a str,
    evaluation: &'a Evaluation,
}

impl<'a> Item<'a> {
    fn row(&self) -> Result<EvaluationRow<'a>, Failure> {
        let keys = Keys { id: self.id, run: self.run, run_text: self.run_text, sample_hash: self.hash };
        EvaluationRow::new(keys, self.evaluation)
    }
}

/// Stores several batches, and samples that are asked next.
pub(crate) fn put_batches(
    connection: &mut PgConnection,
    known: &mut Known,
    batches: &[Batch],
    announced: &[Arc<Sample>],
) -> Result<(), Failure> {
    let names = require_runs(connection, batches)?;
    let kept = newest(batches);
    let hashes: Vec<String> = kept.iter().map(|(_, evaluation)| evaluation.sample.content_hash()).collect();
    let mut items = Vec::with_capacity(kept.len());
    for ((run, evaluation), hash) in kept.iter().zip(&hashes) {
        let id = known.ids.next(connection)?;
        let run_text = names.get(run).map(String::as_str).unwrap_or_default();
        items.push(Item { id, run: *run, run_text, hash, evaluation });
    }
    let announced_hashes: Vec<String> = announced.iter().map(|sample| sample.content_hash()).collect();
    let of_items = items.iter().map(|item| (item.hash, &*item.evaluation.sample));
    let to_come = announced_hashes.iter().map(String::as_str).zip(announced.iter().map(|sample| &**sample));
    put_samples(connection, known, of_items.chain(to_come))?;
    put(connection, &items)?;
    hashes.into_iter().chain(announced_hashes).for_each(|hash| known.samples.remember(hash));
    let begun = batches.iter().filter_map(|batch| batch.begun.as_ref());
    let intents: Vec<_> = begun.map(|attempt| IntentRow::new(attempt, &names[&attempt.origin.run])).collect();
    // One that was told already, by a caller who did not hear that it was stored, is the same one.
    insert(connection, &intents)?;
    Ok(())
}

/// Stores how attempts ended. Those of a run that was deleted meanwhile are forgotten with it, and one whose end was
/// told already keeps it.
pub(crate) fn put_ended(connection: &mut PgConnection, ended: &[Attempt]) -> Result<(), Failure> {
    let runs: HashSet<RunId> = ended.iter().map(|attempt| attempt.origin.run).collect();
    for run in runs {
        let id = run.to_string();
        let found = runs::table.find(&id).select(runs::id).get_result::<String>(connection).optional()?;
        let of_run = ended.iter().filter(|attempt| attempt.origin.run == run && found.is_some());
        let rows = of_run.filter_map(|attempt| Some(EndRow::new(attempt.id, attempt.end.as_ref()?, &id)));
        insert(connection, &rows.collect::<Result<Vec<_>, _>>()?)?;
    }
    Ok(())
}

/// The runs of the batches, as they are called in the database.
fn require_runs(connection: &mut PgConnection, batches: &[Batch]) -> Result<HashMap<RunId, String>, Failure> {
    let names: HashMap<RunId, String> = batches.iter().map(|batch| (batch.run, batch.run.to_string())).collect();
    let of_batches = runs::table.filter(runs::id.eq_any(names.values())).select(runs::id);
    let found: HashSet<String> = of_batches.load(connection)?.into_iter().collect();
    match names.iter().find(|(_, name)| !found.contains(*name)) {
        Some((run, _)) => Err(Failure::Missing(*run)),
        None => Ok(names),
    }
}

/// One evaluation of each key, as if they had been stored one after the other: the first score, else the last one. In
/// the order of the keys, so that two writers of the same ones do not wait for each other.
fn newest(batches: &[Batch]) -> Vec<(RunId, &Evaluation)> {
    let mut places = HashMap::new();
    let mut kept: Vec<(RunId, &Evaluation)> = Vec::new();
    for (run, evaluation) in batches.iter().flat_map(|batch| batch.evaluations.iter().map(|one| (batch.run, one))) {
        let key = (run, &evaluation.sample.id, evaluation.epoch);
        let place = *places.entry(key).or_insert(kept.len());
        match kept.get_mut(place) {
            None => kept.push((run, evaluation)),
            Some((_, old)) if old.outcome.kind() == OutcomeKind::Scored => {}
            Some((_, old)) => *old = evaluation,
        }
    }
    kept.sort_unstable_by_key(|(run, evaluation)| (*run, &evaluation.sample.id, evaluation.epoch));
    kept
}

fn put_samples<'a>(
    connection: &mut PgConnection,
    known: &Known,
    samples: impl Iterator<Item = (&'a str, &'a Sample)>,
) -> Result<(), Failure> {
    // In the order of their hashes, for the same reason as the evaluations.
    let unknown: BTreeMap<&str, &Sample> = samples.filter(|(hash, _)| !known.samples.contains(hash)).collect();
    let rows = unknown.iter().map(|(hash, sample)| SampleRow::new(sample, hash)).collect::<Result<Vec<_>, _>>()?;
    insert(connection, &rows)?;
    Ok(())
}

fn put(connection: &mut PgConnection, items: &[Item<'_>]) -> Result<(), Failure> {
    let rows = items.iter().map(Item::row).collect::<Result<Vec<_>, _>>()?;
    if insert(connection, &rows)? == items.len() {
        return put_verdicts(connection, items.iter());
    }
    make_way(connection, items)?;
    // What stands there now is left out again: what was inserted before, and what is scored.
    insert(connection, &rows)?;
    let ours = evaluations::table.filter(evaluations::id.eq_any(items.iter().map(|item| item.id)));
    let stored: HashSet<i64> = ours.select(evaluations::id).load(connection)?.into_iter().collect();
    put_verdicts(connection, items.iter().filter(|item| stored.contains(&item.id)))
}

/// Inserts rows that are not there yet. How many there were.
fn insert<T: Bulk>(connection: &mut PgConnection, rows: &[T]) -> QueryResult<usize> {
    rows.chunks(ROWS).map(|rows| T::insert(rows, connection)).sum()
}

/// Removes the rows that stand in the way, with their verdicts, unless they are scored.
fn make_way(connection: &mut PgConnection, items: &[Item<'_>]) -> QueryResult<()> {
    let own: Vec<i64> = items.iter().map(|item| item.id).collect();
    let mut groups: HashMap<(&str, u32), Vec<Text<'_>>> = HashMap::new();
    for item in items {
        let group = groups.entry((item.run_text, item.evaluation.epoch)).or_default();
        group.push(item.evaluation.sample.id.as_str().into());
    }
    for ((run, epoch), ids) in groups {
        let old = evaluations::table
            .filter(evaluations::id.ne_all(&own))
            .filter(evaluations::run_id.eq(run))
            .filter(evaluations::epoch.eq(i64::from(epoch)))
            .filter(evaluations::sample_id.eq_any(ids))
            .filter(evaluations::outcome.ne(OutcomeKind::Scored.name()));
        diesel::delete(old).execute(connection)?;
    }
    Ok(())
}

fn put_verdicts<'a>(connection: &mut PgConnection, items: impl Iterator<Item = &'a Item<'a>>) -> Result<(), Failure> {
    let verdicts_of = |item: &'a Item<'a>| {
        (0..).zip(&item.evaluation.verdicts).map(|(position, verdict)| VerdictRow::new(item.id, position, verdict))
    };
    let rows: Vec<_> = items.flat_map(verdicts_of).collect();
    insert(connection, &rows)?;
    Ok(())
}
