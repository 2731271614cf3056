//! Evaluations and attempts into SQLite: a statement a row. Diesel keeps a statement prepared, and SQLite is as fast with many small
//! ones as with a large one.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use eval_core::{Attempt, Evaluation, OutcomeKind, RunId};

use crate::database::error::Failure;
use crate::database::rows::{EndRow, EvaluationRow, IntentRow, Keys, SampleRow, VerdictRow};
use crate::database::schema::{attempt_ends, attempts, evaluations, runs, samples, verdicts};
use crate::database::write::{Batch, Seen};

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
        match diesel::insert_into(attempt_ends::table).values(&row).execute(connection) {
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
        self.put_sample(evaluation, &hash)?;
        let row = EvaluationRow::new(Keys { id: self.next, run, run_text, sample_hash: &hash }, evaluation)?;
        if self.insert(&row)? || (self.make_way(run_text, evaluation)? && self.insert(&row)?) {
            self.put_verdicts(evaluation)?;
            self.next += 1;
        }
        self.seen.remember(hash);
        Ok(())
    }

    fn put_sample(&mut self, evaluation: &Evaluation, hash: &str) -> Result<(), Failure> {
        if self.seen.contains(hash) {
            return Ok(());
        }
        let row = SampleRow::new(&evaluation.sample, hash)?;
        diesel::insert_or_ignore_into(samples::table).values(&row).execute(self.connection)?;
        Ok(())
    }

    /// Whether the row was new. A plain insert, because diesel keeps its statement without writing the SQL again each
    /// time; one with a conflict clause costs twice as much.
    fn insert(&mut self, row: &EvaluationRow<'_>) -> QueryResult<bool> {
        match diesel::insert_into(evaluations::table).values(row).execute(self.connection) {
            Ok(_) => Ok(true),
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// An intent that was told already, by a caller who did not hear that it was stored, is the same one.
    fn insert_intent(&mut self, row: &IntentRow<'_>) -> QueryResult<()> {
        match diesel::insert_into(attempts::table).values(row).execute(self.connection) {
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
            diesel::insert_into(verdicts::table).values(&row).execute(self.connection)?;
        }
        Ok(())
    }
}
