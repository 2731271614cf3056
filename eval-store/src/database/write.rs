//! What is written, in which statements. Everything here runs inside one immediate transaction.

use std::collections::HashSet;

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use eval_core::{Evaluation, OutcomeKind, Run, RunId};

use crate::database::error::Failure;
use crate::database::rows::{CategoryRow, EvaluationRow, Keys, RunRow, SampleRow, SummaryRow, VerdictRow};
use crate::database::schema::{evaluations, run_categories, run_summaries, runs, samples, verdicts};

/// Evaluations of one run that want to be stored.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) run: RunId,
    pub(crate) evaluations: Vec<Evaluation>,
}

/// Hashes of samples that are known to be stored, so that the repeats of a question cost no statement.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashSet<String>);

impl Seen {
    const MOST: usize = 4096;

    /// Forgets everything: after a transaction that was given up.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    fn remember(&mut self, hash: String) {
        if self.0.len() >= Self::MOST {
            self.0.clear();
        }
        self.0.insert(hash);
    }
}

/// Inserts a run or replaces it. Its evaluations stay.
pub(crate) fn put_run(connection: &mut SqliteConnection, run: &Run) -> Result<(), Failure> {
    let row = RunRow::new(run)?;
    diesel::insert_into(runs::table).values(&row).on_conflict(runs::id).do_update().set(&row).execute(connection)?;
    diesel::delete(run_summaries::table.find(&row.id)).execute(connection)?;
    diesel::delete(run_categories::table.filter(run_categories::run_id.eq(&row.id))).execute(connection)?;
    if let Some(summary) = SummaryRow::new(run, &row.id) {
        diesel::insert_into(run_summaries::table).values(&summary).execute(connection)?;
    }
    for category in CategoryRow::all(run, &row.id) {
        diesel::insert_into(run_categories::table).values(&category).execute(connection)?;
    }
    Ok(())
}

/// Stores the evaluations of several batches.
pub(crate) fn put_evaluations(
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
        if self.seen.0.contains(hash) {
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
