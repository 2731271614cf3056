//! A store in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{Evaluation, EvaluationQuery, OutcomeKind, Reports, Run, RunId, RunQuery, SampleId, Store, StoreError};

/// A store that forgets when it is dropped: the reference of the conformance suite, and enough for tests and for
/// programs that only want the events.
#[derive(Debug, Default)]
pub struct InMemory {
    runs: Mutex<BTreeMap<RunId, Kept>>,
}

#[derive(Debug)]
struct Kept {
    run: Run,
    evaluations: BTreeMap<(SampleId, u32), Evaluation>,
}

impl InMemory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, Kept>> {
        // No code under the lock can leave a run half written, so a panic elsewhere does not spoil the map.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for InMemory {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        let mut runs = self.lock();
        match runs.get_mut(&run.id) {
            Some(kept) => kept.run = run.clone(),
            None => {
                runs.insert(run.id, Kept { run: run.clone(), evaluations: BTreeMap::new() });
            }
        }
        Ok(())
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        self.lock().get(&id).map(|kept| kept.run.clone()).ok_or(StoreError::NotFound(id))
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        let runs = self.lock();
        let wanted = runs.values().rev().map(|kept| &kept.run).filter(|run| query.matches(run));
        Ok(wanted.take(query.limit).cloned().collect())
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        let mut runs = self.lock();
        let kept = runs.get_mut(&run).ok_or(StoreError::NotFound(run))?;
        for evaluation in batch {
            let key = (evaluation.sample.id.clone(), evaluation.epoch);
            let scored = kept.evaluations.get(&key).is_some_and(|old| old.outcome.kind() == OutcomeKind::Scored);
            if !scored {
                kept.evaluations.insert(key, evaluation.clone());
            }
        }
        Ok(())
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        let runs = self.lock();
        let kept = runs.get(&run).ok_or(StoreError::NotFound(run))?;
        let wanted = kept.evaluations.values().filter(|evaluation| query.matches(evaluation));
        Ok(wanted.take(query.limit).cloned().collect())
    }
}

#[async_trait]
impl Reports for InMemory {}
