//! Where what was read is handed to the store.

use std::collections::BTreeMap;

use eval_core::{Evaluation, Run, RunId, RunStatus, Store, StoreError};

use super::admission::{admitted, outranks, unfinished};
use super::audit::{Finding, Found};
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
    /// Runs that had finished, but whose evaluations are not all here: they are interrupted.
    pub incomplete: u64,
    /// Runs whose own summary told other figures than their evaluations: they have the evaluations' now.
    pub corrected: u64,
}

/// What is known of a run of the file.
struct Told {
    /// The run as the file tells it; `None` when it holds evaluations alone.
    run: Option<Run>,
    /// Whether the store had it before.
    known: bool,
}

/// Stores runs as they come, and evaluations in batches.
///
/// Until the end of the file, a run that is new to the store stands there as interrupted: whatever stops the import, it
/// leaves no run behind that claims to be whole. Then each is held against its evaluations.
pub(super) struct Desk<'a> {
    store: &'a dyn Store,
    told: BTreeMap<RunId, Told>,
    run: Option<RunId>,
    batch: Vec<Evaluation>,
    /// The line that is being read.
    pub(super) line: u64,
    imported: Imported,
}

impl<'a> Desk<'a> {
    pub(super) fn new(store: &'a dyn Store) -> Self {
        let (told, batch) = (BTreeMap::new(), Vec::new());
        Self { store, told, run: None, batch, line: 0, imported: Imported::default() }
    }

    /// Takes a run. A spill file tells it again when it ends.
    pub(super) async fn run(&mut self, run: &Run) -> Result<(), ImportError> {
        self.flush().await?;
        if let Some(Told { run: Some(earlier), .. }) = self.told.get_mut(&run.id) {
            if earlier.finished <= run.finished {
                earlier.clone_from(run);
            }
            return Ok(());
        }
        let known = match self.store.get_run(run.id).await {
            Ok(_) => true,
            Err(StoreError::NotFound(_)) => false,
            Err(error) => return Err(self.failed(error)),
        };
        if !known {
            self.put(&unfinished(&admitted(run.clone(), None), "its import did not reach the end of the file")).await?;
        }
        self.imported.runs += 1;
        self.told.insert(run.id, Told { run: Some(run.clone()), known });
        Ok(())
    }

    pub(super) async fn evaluation(&mut self, run: RunId, evaluation: Evaluation) -> Result<(), ImportError> {
        if self.run != Some(run) || self.batch.len() >= BATCH {
            self.flush().await?;
            self.run = Some(run);
            self.told.entry(run).or_insert(Told { run: None, known: true });
        }
        self.imported.evaluations += 1;
        self.batch.push(evaluation);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), ImportError> {
        let batch = std::mem::take(&mut self.batch);
        match self.run {
            Some(run) if !batch.is_empty() => {
                let put = self.store.put_evaluations(run, &batch).await;
                put.map_err(|source| self.failed(source))
            }
            _ => Ok(()),
        }
    }

    /// Stores what is left and holds every run against its evaluations, also when the file could be read only in part.
    pub(super) async fn finish(mut self, read: Result<(), ImportError>) -> Result<Imported, ImportError> {
        let mut outcome = match self.flush().await {
            Ok(()) => read,
            // What went wrong first is the cause.
            Err(error) => read.and(Err(error)),
        };
        let whole = outcome.is_ok();
        for (id, told) in std::mem::take(&mut self.told) {
            if let Err(error) = self.settle(id, told, whole).await {
                outcome = outcome.and(Err(error));
            }
        }
        outcome.map(|()| self.imported)
    }

    async fn settle(&mut self, id: RunId, told: Told, whole: bool) -> Result<(), ImportError> {
        let stored = self.store.get_run(id).await.map_err(|source| self.failed(source))?;
        let own = told.known.then_some(&stored);
        let brought = told.run.filter(|run| own.is_none_or(|own| !outranks(own, run)));
        let is_own = brought.is_none();
        let run = brought.map_or_else(|| stored.clone(), |run| admitted(run, own));
        let found = Found::of(self.store, &run).await.map_err(|source| self.failed(source))?;
        let run = match found.hold_against(run, whole) {
            Finding::Whole(run) => run,
            Finding::Corrected(run) => {
                self.imported.corrected += 1;
                run
            }
            // What stood here before is not for a file to undo.
            Finding::Incomplete(_) if is_own || told.known && stored.status == RunStatus::Finished => return Ok(()),
            Finding::Incomplete(run) => {
                self.imported.incomplete += 1;
                let why = run.stop.as_ref().map(|stop| stop.message.as_str());
                tracing::warn!(run = run.id.short(), why, "the run is not whole, and so it is interrupted");
                run
            }
            Finding::Contradicts(message) => {
                if !told.known {
                    self.put(&unfinished(&stored, &message)).await?;
                }
                return Err(ImportError::Contradiction { run: id, message });
            }
        };
        // A run that goes on here is its process's to write.
        if run == stored || is_own && run.status != RunStatus::Finished {
            return Ok(());
        }
        self.put(&run).await
    }

    async fn put(&self, run: &Run) -> Result<(), ImportError> {
        self.store.put_run(run).await.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: StoreError) -> ImportError {
        ImportError::Store { line: self.line, source }
    }
}
