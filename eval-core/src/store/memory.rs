//! A store in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    Attempt, AttemptEnd, AttemptId, AttemptLog, AttemptOutcome, Baseline, Baselines, DriftLog, DriftReport, Evaluation,
    EvaluationQuery, HistoryKey, Label, Labels, Lease, Leases, Mark, Marks, OutcomeKind, Owner, Reports, Run, RunId,
    RunQuery, RunStatus, SampleId, Scope, Spending, Store, StoreError, clock,
};

/// A store that forgets when it is dropped: the reference of the conformance suite, and enough for tests and for
/// programs that only want the events.
#[derive(Debug, Default)]
pub struct InMemory {
    runs: Mutex<BTreeMap<RunId, Kept>>,
    baselines: Mutex<Vec<Baseline>>,
    marks: Mutex<Vec<Mark>>,
    /// Sorted by run, sample, epoch, author and time.
    labels: Mutex<Vec<Label>>,
    #[cfg(feature = "server")]
    pub(crate) server: crate::server::Memory,
}

#[derive(Debug)]
struct Kept {
    run: Run,
    evaluations: BTreeMap<(SampleId, u32), Evaluation>,
    attempts: BTreeMap<AttemptId, Attempt>,
    lease: Option<Lease>,
    /// What was found, by the version of the marks and the method.
    reports: BTreeMap<(u64, String), DriftReport>,
}

impl Kept {
    fn new(run: Run) -> Self {
        Self { run, evaluations: BTreeMap::new(), attempts: BTreeMap::new(), lease: None, reports: BTreeMap::new() }
    }

    /// The run as it is now: one that goes on under a lease that nobody keeps alive is interrupted.
    fn run(&self) -> Run {
        let mut run = self.run.clone();
        let lost = |lease: &Lease| !lease.is_alive(clock::now());
        if run.status == RunStatus::Running && self.lease.as_ref().is_some_and(lost) {
            run.status = RunStatus::Interrupted;
        }
        run
    }
}

impl InMemory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Attempts that began at this time or later, those of the newest run first.
    #[cfg(feature = "server")]
    pub(crate) fn newest_attempts(&self, since: Timestamp, limit: usize) -> Vec<Attempt> {
        let runs = self.lock();
        let all = runs.values().rev().flat_map(|kept| kept.attempts.values().rev());
        all.filter(|attempt| attempt.begun >= since).take(limit).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, Kept>> {
        lock(&self.runs)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under a lock can leave something half written, so a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Store for InMemory {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        let mut runs = self.lock();
        match runs.get_mut(&run.id) {
            Some(kept) => kept.run = run.clone(),
            None => {
                runs.insert(run.id, Kept::new(run.clone()));
            }
        }
        Ok(())
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        self.lock().get(&id).map(Kept::run).ok_or(StoreError::NotFound(id))
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        let runs = self.lock();
        let wanted = runs.values().rev().map(Kept::run).filter(|run| query.matches(run));
        Ok(wanted.take(query.limit).collect())
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
impl AttemptLog for InMemory {
    async fn begin(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let run = attempt.origin.run;
        let mut runs = self.lock();
        let kept = runs.get_mut(&run).ok_or(StoreError::NotFound(run))?;
        kept.attempts.insert(attempt.id, attempt.clone());
        Ok(())
    }

    fn end(&self, attempt: Attempt) {
        if let Some(kept) = self.lock().get_mut(&attempt.origin.run) {
            kept.attempts.insert(attempt.id, attempt);
        }
    }

    async fn abandon(&self, run: RunId) -> Result<u64, StoreError> {
        let mut runs = self.lock();
        let kept = runs.get_mut(&run).ok_or(StoreError::NotFound(run))?;
        let open = kept.attempts.values_mut().filter(|attempt| attempt.end.is_none());
        let abandoned = open.map(|attempt| attempt.end = Some(AttemptEnd::new(AttemptOutcome::Abandoned)));
        Ok(abandoned.count() as u64)
    }

    async fn attempts(&self, run: RunId, after: Option<AttemptId>, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        let runs = self.lock();
        let kept = runs.get(&run).ok_or(StoreError::NotFound(run))?;
        let later = kept.attempts.values().filter(|attempt| after.is_none_or(|after| attempt.id > after));
        Ok(later.take(limit).cloned().collect())
    }

    async fn spent(&self, since: Timestamp, scope: &Scope) -> Result<Spending, StoreError> {
        let (runs, mut spent) = (self.lock(), Spending::default());
        let all = runs.values().flat_map(|kept| kept.attempts.values());
        let meant = all.filter(|attempt| attempt.begun >= since && scope.covers(&attempt.origin, &attempt.model));
        meant.filter_map(|attempt| attempt.end.as_ref()).for_each(|end| spent.add(end));
        Ok(spent)
    }
}

#[async_trait]
impl Leases for InMemory {
    async fn acquire(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut runs = self.lock();
        let kept = runs.get_mut(&lease.run).ok_or(StoreError::NotFound(lease.run))?;
        match &mut kept.lease {
            Some(held) if !held.yields_to(&lease.owner, lease.heartbeat) => Err(StoreError::Held(held.clone().into())),
            Some(held) if held.owner == lease.owner => {
                (held.heartbeat, held.expires) = (lease.heartbeat, lease.expires);
                Ok(())
            }
            free => {
                *free = Some(lease.clone());
                Ok(())
            }
        }
    }

    async fn release(&self, run: RunId, owner: &Owner) -> Result<(), StoreError> {
        if let Some(kept) = self.lock().get_mut(&run) {
            kept.lease.take_if(|lease| lease.owner == *owner);
        }
        Ok(())
    }

    async fn lease(&self, run: RunId) -> Result<Option<Lease>, StoreError> {
        Ok(self.lock().get(&run).and_then(|kept| kept.lease.clone()))
    }
}

#[async_trait]
impl Baselines for InMemory {
    async fn bless(&self, baseline: &Baseline) -> Result<(), StoreError> {
        self.get_run(baseline.run).await?;
        let Baseline { name, dataset, at, .. } = baseline;
        let mut baselines = lock(&self.baselines);
        baselines.retain(|old| (&old.name, &old.dataset, &old.at) != (name, dataset, at));
        baselines.push(baseline.clone());
        baselines.sort_by(|a, b| (b.at, &b.name, &b.dataset).cmp(&(a.at, &a.name, &a.dataset)));
        Ok(())
    }

    async fn baselines(&self, name: Option<&str>, dataset: Option<&str>) -> Result<Vec<Baseline>, StoreError> {
        let wants = |wanted: Option<&str>, found: &str| wanted.is_none_or(|wanted| wanted == found);
        let all = lock(&self.baselines);
        let wanted = all.iter().filter(|found| wants(name, &found.name) && wants(dataset, &found.dataset));
        Ok(wanted.cloned().collect())
    }

    async fn clear_baselines(&self, name: &str, dataset: &str) -> Result<u64, StoreError> {
        let mut all = lock(&self.baselines);
        let before = all.len();
        all.retain(|found| (&*found.name, &*found.dataset) != (name, dataset));
        Ok((before - all.len()) as u64)
    }
}

#[async_trait]
impl Marks for InMemory {
    async fn put_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let mut marks = lock(&self.marks);
        if marks.iter().all(|old| old.id != mark.id) {
            marks.push(mark.clone());
            marks.sort_by_key(|mark| mark.id);
        }
        Ok(())
    }

    async fn marks(&self, key: &HistoryKey) -> Result<Vec<Mark>, StoreError> {
        Ok(lock(&self.marks).iter().filter(|mark| mark.key == *key).cloned().collect())
    }
}

/// What tells a label from others.
fn place(label: &Label) -> (RunId, &SampleId, u32, &str, Timestamp) {
    (label.run, &label.sample, label.epoch, &label.author, label.at)
}

#[async_trait]
impl Labels for InMemory {
    async fn put_labels(&self, labels: &[Label]) -> Result<(), StoreError> {
        let runs = self.lock();
        if let Some(label) = labels.iter().find(|label| !runs.contains_key(&label.run)) {
            return Err(StoreError::NotFound(label.run));
        }
        let mut all = lock(&self.labels);
        for label in labels {
            if let Err(at) = all.binary_search_by(|other| place(other).cmp(&place(label))) {
                all.insert(at, label.clone());
            }
        }
        Ok(())
    }

    async fn labels(&self, run: RunId) -> Result<Vec<Label>, StoreError> {
        let all = lock(&self.labels);
        // In this order the last one of an author on an answer is the newest.
        let of_run = all.iter().filter(|label| label.run == run);
        let mut found: Vec<Label> = Vec::new();
        for label in of_run {
            let is_same =
                |last: &Label| (&last.sample, last.epoch, &last.author) == (&label.sample, label.epoch, &label.author);
            match found.last_mut().filter(|last| is_same(last)) {
                Some(last) => *last = label.clone(),
                None => found.push(label.clone()),
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl DriftLog for InMemory {
    async fn put_report(&self, run: RunId, marks_version: u64, report: &DriftReport) -> Result<(), StoreError> {
        let mut runs = self.lock();
        let kept = runs.get_mut(&run).ok_or(StoreError::NotFound(run))?;
        kept.reports.insert((marks_version, report.method.to_string()), report.clone());
        Ok(())
    }

    async fn reports(&self, run: RunId, marks_version: u64) -> Result<Vec<DriftReport>, StoreError> {
        let runs = self.lock();
        let all = runs.get(&run).into_iter().flat_map(|kept| &kept.reports);
        Ok(all.filter(|((version, _), _)| *version == marks_version).map(|(_, report)| report.clone()).collect())
    }
}

#[async_trait]
impl Reports for InMemory {}

#[cfg(feature = "server")]
#[async_trait]
impl crate::server::Deletes for InMemory {
    async fn delete(&self, run: RunId) -> Result<crate::server::Deletion, StoreError> {
        use crate::server::{Deletion, Protection};

        let mut runs = self.lock();
        let kept = runs.get(&run).ok_or(StoreError::NotFound(run))?;
        let is_worked_on = kept.lease.as_ref().is_some_and(|lease| lease.is_alive(clock::now()));
        let protection = match kept.run().status {
            RunStatus::Queued | RunStatus::Running | RunStatus::Paused => Some(Protection::Unfinished),
            _ if is_worked_on => Some(Protection::Unfinished),
            _ if lock(&self.baselines).iter().any(|baseline| baseline.run == run) => Some(Protection::Blessed),
            _ if lock(&self.marks).iter().any(|mark| mark.run == run) => Some(Protection::Marked),
            _ => None,
        };
        if let Some(protection) = protection {
            return Ok(Deletion::Kept(protection));
        }
        let gone = runs.remove(&run).map_or(0, |kept| kept.evaluations.len() as u64);
        lock(&self.labels).retain(|label| label.run != run);
        self.server.forget(run);
        Ok(Deletion::Deleted(gone))
    }
}
