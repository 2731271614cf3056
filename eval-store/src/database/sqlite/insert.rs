//! Evaluations and attempts into SQLite: a statement a row. Diesel keeps a statement prepared, and SQLite is as fast with many small
//! ones as with a large one.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use eval_core::{Attempt, Evaluation, OutcomeKind, RunId, Sample};

use super::row::insert;
use crate::database::error::Failure;
use crate::database::rows::{EndRow, EvaluationRow, IntentRow, Keys, SampleRow, VerdictRow};
use crate::database::schema::{evaluations, runs, samples};
use crate::database::write::{Batch, Seen};

/// Stores samples that are asked next, in the order of their hashes: one by one, as their evaluations come, each would
/// change another page of the index.
pub(crate) fn put_samples(
    connection: &mut SqliteConnection,
    seen: &mut Seen,
    announced: &[Arc<Sample>],
) -> Result<(), Failure> {
    let by_hash: BTreeMap<_, _> = announced.iter().map(|sample| (sample.content_hash(), sample)).collect();
    for (hash, sample) in by_hash {
        put_sample(connection, seen, sample, &hash)?;
        seen.remember(hash);
    }
    Ok(())
}

fn put_sample(connection: &mut SqliteConnection, seen: &Seen, sample: &Sample, hash: &str) -> Result<(), Failure> {
    if !seen.contains(hash) {
        let row = SampleRow::new(sample, hash)?;
        diesel::insert_or_ignore_into(samples::table).values(&row).execute(connection)?;
    }
    Ok(())
}

/// Stores several batches.
pub(crate) fn put_batches(
    connection: &mut SqliteConnection,
    seen: &mut Seen,
    batches: &[Batch],
) -> Result<(), Failure> {
    let mut writing = Writing { next: next_id(connection)?, connection, seen };
    let mut found = None;
    for batch in batches {
        let run = batch.run.to_string();
        if found != Some(batch.run) {
            writing.require(batch.run, &run)?;
            found = Some(batch.run);
        }
        for evaluation in &batch.evaluations {
            writing.put(batch.run, &run, evaluation)?;
        }
        if let Some(attempt) = &batch.begun {
            writing.insert_intent(&IntentRow::new(attempt, &run))?;
        }
    }
    Ok(())
}

/// Stores how attempts ended. One of a run that was deleted meanwhile is forgotten with it, and one whose end was told
/// already keeps it.
pub(crate) fn put_ended(connection: &mut SqliteConnection, ended: &[Attempt]) -> Result<(), Failure> {
    use DatabaseErrorKind::{ForeignKeyViolation, UniqueViolation};

    for attempt in ended {
        let Some(end) = &attempt.end else { continue };
        let run = attempt.origin.run.to_string();
        let row = EndRow::new(attempt.id, end, &run)?;
        match insert(connection, &row) {
            Ok(_) | Err(Error::DatabaseError(ForeignKeyViolation | UniqueViolation, _)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The transaction holds the write lock, so nobody else can take this id.
fn next_id(connection: &mut SqliteConnection) -> QueryResult<i64> {
    let last: Option<i64> = evaluations::table.select(max(evaluations::id)).get_result(connection)?;
    Ok(last.unwrap_or_default() + 1)
}

struct Writing<'a> {
    connection: &'a mut SqliteConnection,
    seen: &'a mut Seen,
    next: i64,
}

impl Writing<'_> {
    fn require(&mut self, run: RunId, text: &str) -> Result<(), Failure> {
        let found: Option<String> = runs::table.find(text).select(runs::id).get_result(self.connection).optional()?;
        found.map(drop).ok_or(Failure::Missing(run))
    }

    fn put(&mut self, run: RunId, run_text: &str, evaluation: &Evaluation) -> Result<(), Failure> {
        let hash = evaluation.sample.content_hash();
        put_sample(self.connection, self.seen, &evaluation.sample, &hash)?;
        let row = EvaluationRow::new(Keys { id: self.next, run, run_text, sample_hash: &hash }, evaluation)?;
        if self.insert(&row)? || (self.make_way(run_text, evaluation)? && self.insert(&row)?) {
            self.put_verdicts(evaluation)?;
            self.next += 1;
        }
        self.seen.remember(hash);
        Ok(())
    }

    /// Whether the row was new. A plain insert: one with a conflict clause costs twice as much.
    fn insert(&mut self, row: &EvaluationRow<'_>) -> QueryResult<bool> {
        match insert(self.connection, row) {
            Ok(_) => Ok(true),
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// An intent that was told already, by a caller who did not hear that it was stored, is the same one.
    fn insert_intent(&mut self, row: &IntentRow<'_>) -> QueryResult<()> {
        match insert(self.connection, row) {
            Ok(_) | Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes a row that stands in the way, with its verdicts, unless it is scored. Whether it did.
    fn make_way(&mut self, run: &str, evaluation: &Evaluation) -> QueryResult<bool> {
        let old = evaluations::table
            .filter(evaluations::run_id.eq(run))
            .filter(evaluations::sample_id.eq(evaluation.sample.id.as_str()))
            .filter(evaluations::epoch.eq(i64::from(evaluation.epoch)))
            .filter(evaluations::outcome.ne(OutcomeKind::Scored.name()));
        Ok(diesel::delete(old).execute(self.connection)? == 1)
    }

    fn put_verdicts(&mut self, evaluation: &Evaluation) -> QueryResult<()> {
        for (position, verdict) in (0..).zip(&evaluation.verdicts) {
            let row = VerdictRow::new(self.next, position, verdict);
            insert(self.connection, &row)?;
        }
        Ok(())
    }
}
