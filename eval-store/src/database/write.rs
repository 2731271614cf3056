//! What is written. Everything here runs inside one writing transaction.

use std::collections::HashSet;
use std::sync::Arc;

use diesel::prelude::*;
use eval_core::{Attempt, Evaluation, Run, RunId, RunStatus, Sample};

use crate::database::attempts::forget_answers;

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::leases::Held;
#[cfg(feature = "postgres")]
use crate::database::postgres;
use crate::database::rows::{CategoryRow, RunRow, SummaryRow, TagRow};
use crate::database::schema::{run_categories, run_summaries, run_tags, runs};
#[cfg(feature = "sqlite")]
use crate::database::sqlite;

/// What one caller wants to be stored of a run: evaluations, or the intent to call a model.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) run: RunId,
    pub(crate) evaluations: Vec<Evaluation>,
    pub(crate) begun: Option<Attempt>,
}

impl Batch {
    pub(crate) fn of(run: RunId, evaluations: Vec<Evaluation>) -> Self {
        Self { run, evaluations, begun: None }
    }

    pub(crate) fn intent(attempt: Attempt) -> Self {
        Self { run: attempt.origin.run, evaluations: Vec::new(), begun: Some(attempt) }
    }

    /// How many rows it has, about.
    pub(crate) fn len(&self) -> usize {
        self.evaluations.len() + usize::from(self.begun.is_some())
    }
}

/// What nobody waits for: it goes with the next commit.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Attempts that have ended.
    pub(crate) ended: Vec<Attempt>,
    /// Samples that are asked next.
    pub(crate) announced: Vec<Arc<Sample>>,
}

impl Notes {
    pub(crate) fn is_empty(&self) -> bool {
        self.ended.is_empty() && self.announced.is_empty()
    }

    /// Takes over what others have left.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.ended.append(&mut other.ended);
        self.announced.append(&mut other.announced);
    }
}

/// What the writer knows of the database and need not ask again.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) samples: Seen,
    pub(crate) held: Held,
    #[cfg(feature = "postgres")]
    pub(crate) ids: postgres::Ids,
}

/// Hashes of samples that are known to be stored, so that the repeats of a question cost no statement.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashSet<String>);

impl Seen {
    const MOST: usize = 4096;

    pub(crate) fn contains(&self, hash: &str) -> bool {
        self.0.contains(hash)
    }

    /// Forgets everything: after a transaction that was given up.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    pub(crate) fn remember(&mut self, hash: String) {
        if self.0.len() >= Self::MOST {
            self.0.clear();
        }
        self.0.insert(hash);
    }
}

/// Inserts a run or replaces it. Its evaluations stay.
pub(crate) fn put_run(connection: &mut Connection, run: &Run) -> Result<(), Failure> {
    let row = RunRow::new(run)?;
    let (summary, categories) = (SummaryRow::new(run, &row.id), CategoryRow::all(run, &row.id));
    let tags = TagRow::all(run, &row.id);
    on!(connection, |c| {
        diesel::insert_into(runs::table).values(&row).on_conflict(runs::id).do_update().set(&row).execute(c)?;
        diesel::delete(run_tags::table.filter(run_tags::run_id.eq(&row.id))).execute(c)?;
        diesel::delete(run_summaries::table.find(&row.id)).execute(c)?;
        diesel::delete(run_categories::table.filter(run_categories::run_id.eq(&row.id))).execute(c)?;
        for tag in &tags {
            diesel::insert_into(run_tags::table).values(tag).execute(c)?;
        }
        if let Some(summary) = &summary {
            diesel::insert_into(run_summaries::table).values(summary).execute(c)?;
        }
        for category in &categories {
            diesel::insert_into(run_categories::table).values(category).execute(c)?;
        }
    });
    if run.status == RunStatus::Finished {
        forget_answers(connection, &row.id)?;
    }
    Ok(())
}

/// Stores several batches, and with them what was left since the last time.
pub(crate) fn put_batches(
    connection: &mut Connection,
    known: &mut Known,
    batches: &[Batch],
    notes: &Notes,
) -> Result<(), Failure> {
    let intents: HashSet<RunId> = batches.iter().filter(|batch| batch.begun.is_some()).map(|batch| batch.run).collect();
    for run in intents {
        known.held.check(connection, run)?;
    }
    match connection {
        #[cfg(feature = "sqlite")]
        Connection::Sqlite(connection) => {
            sqlite::put_samples(connection, &mut known.samples, &notes.announced)?;
            sqlite::put_batches(connection, &mut known.samples, batches)?;
            sqlite::put_ended(connection, &notes.ended)
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(connection, _) => {
            postgres::put_batches(connection, known, batches, &notes.announced)?;
            postgres::put_ended(connection, &notes.ended)
        }
    }
}
