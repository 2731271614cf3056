//! Where what was read is handed to the store.

use std::collections::HashSet;

use eval_core::{Evaluation, Run, RunId, Store, StoreError};

use super::error::ImportError;

/// At most so many evaluations are put at a time, so that a long file needs little memory.
const BATCH: usize = 256;

/// What an import brought. What the store had already is counted too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Imported {
    /// Runs read, each counted once.
    pub runs: u64,
    /// Evaluations read.
    pub evaluations: u64,
}

/// Stores runs as they come, and evaluations in batches.
pub(super) struct Desk<'a> {
    store: &'a dyn Store,
    known: HashSet<RunId>,
    run: Option<RunId>,
    batch: Vec<Evaluation>,
    /// The line that is being read.
    pub(super) line: u64,
    pub(super) imported: Imported,
}

impl<'a> Desk<'a> {
    pub(super) fn new(store: &'a dyn Store) -> Self {
        Self { store, known: HashSet::new(), run: None, batch: Vec::new(), line: 0, imported: Imported::default() }
    }

    /// Stores a run, unless the stored one ended later: a file from the middle of a run does not undo its end.
    pub(super) async fn run(&mut self, run: &Run) -> Result<(), ImportError> {
        self.flush().await?;
        // A spill file tells a run again when it ends.
        self.imported.runs += u64::from(self.known.insert(run.id));
        match self.store.get_run(run.id).await {
            Ok(stored) if stored.finished > run.finished => Ok(()),
            Ok(_) | Err(StoreError::NotFound(_)) => {
                let put = self.store.put_run(run).await;
                put.map_err(|source| self.failed(source))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    pub(super) async fn evaluation(&mut self, run: RunId, evaluation: Evaluation) -> Result<(), ImportError> {
        if self.run != Some(run) || self.batch.len() >= BATCH {
            self.flush().await?;
            self.run = Some(run);
        }
        self.imported.evaluations += 1;
        self.batch.push(evaluation);
        Ok(())
    }

    pub(super) async fn flush(&mut self) -> Result<(), ImportError> {
        let batch = std::mem::take(&mut self.batch);
        match self.run {
            Some(run) if !batch.is_empty() => {
                let put = self.store.put_evaluations(run, &batch).await;
                put.map_err(|source| self.failed(source))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, source: StoreError) -> ImportError {
        ImportError::Store { line: self.line, source }
    }
}
