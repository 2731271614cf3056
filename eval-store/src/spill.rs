//! What saves paid answers when the database is in trouble.

mod drift;
mod file;
mod trouble;
mod write;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eval_core::{
    Attempt, AttemptId, AttemptLog, Comparison, ComparisonQuery, CostQuery, DailyCost, Evaluation, EvaluationQuery,
    History, HistoryQuery, Interim, LeaderboardEntry, Lease, Leases, Owner, PromptTokens, Reports, Run, RunId,
    RunQuery, Sample, SampleScore, Scope, ServedSummary, Spending, Stats, Store, StoreError, Timestamp, UsedDataset,
    Waits, async_trait,
};
use thiserror::Error;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use file::{Place, SpillFile};
use trouble::{Patience, Trouble};
use write::{Write, head};

/// A store around another one, which waits out trouble and loses nothing that was paid for.
///
/// [Trouble that may pass](StoreError::is_transient), as a lock, a full disk or a lost connection, is waited for: the
/// call is tried again until it succeeds, and [`Waits`] tells the run to ask nothing new meanwhile. What waits stands in
/// memory, which the run's concurrency bounds; after [`hold`](Self::hold) it is copied to a file as well, and after
/// [`patience`](Self::patience) it is given up. Other trouble is given up at once. A run that was
/// [asked to end](Waits::end_by) has what waits copied at once, and makes no further call.
///
/// What is given up stands in a file of JSON lines that [`import`](crate::import) takes back, and the error says where:
/// [`StoreError::Spilled`]. The places are tried in the order in which they were given, and after them the temporary
/// folder of the system: a full disk is often full for the next file too. A file whose lines the database has taken
/// after all is removed again. A run that the inner store refuses before it has begun is neither waited for nor spilled:
/// nothing is paid for yet. Needs a tokio runtime with a timer.
///
/// ```
/// use eval_core::{DatasetRef, InMemory, Run, Store};
/// use eval_store::Spill;
///
/// # tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
/// let store = Spill::new(InMemory::new()).to_file("eval.spill.jsonl").to_folder("/var/lib/evals");
/// store.put_run(&Run::new("gpt-4o", DatasetRef::new("sums", "f00d", 1), 1)).await?;
/// # Ok::<(), eval_core::StoreError>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Spill<S> {
    inner: Arc<S>,
    places: Vec<Place>,
    patience: Patience,
    waits: Waits,
    /// Runs that have begun, and whose end is not safe yet: a file must be able to stand alone.
    begun: Mutex<HashMap<RunId, Run>>,
    /// Since when the store has taken nothing.
    since: Mutex<Option<Instant>>,
    file: Arc<Mutex<SpillFile>>,
}

/// Neither the store nor a file took it.
#[derive(Debug, Error)]
#[error("it could not be saved to a file either ({why})")]
struct Lost {
    why: String,
    #[source]
    cause: StoreError,
}

impl<S> Spill<S> {
    /// Spills into the temporary folder of the system.
    pub fn new(inner: S) -> Self {
        Self::over(Arc::new(inner))
    }

    /// The same over a store that others use too.
    pub fn over(inner: Arc<S>) -> Self {
        Self {
            inner,
            places: Vec::new(),
            patience: Patience { hold: Self::DEFAULT_HOLD, end: Self::DEFAULT_PATIENCE },
            waits: Waits::new(),
            begun: Mutex::default(),
            since: Mutex::default(),
            file: Arc::default(),
        }
    }

    /// How long answers wait in memory alone, unless said otherwise: 5 s.
    pub const DEFAULT_HOLD: Duration = Duration::from_secs(5);
    /// How long trouble is waited for, unless said otherwise: 10 minutes.
    pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(600);

    /// How long answers wait in memory alone before they are copied to a file. Default
    /// [`DEFAULT_HOLD`](Self::DEFAULT_HOLD).
    pub fn hold(mut self, hold: Duration) -> Self {
        self.patience.hold = hold;
        self
    }

    /// How long trouble that may pass is waited for. Default [`DEFAULT_PATIENCE`](Self::DEFAULT_PATIENCE).
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience.end = patience;
        self
    }

    /// Where it says that it waits. The evaluators that use the store must have the same.
    pub fn waits(mut self, waits: Waits) -> Self {
        self.waits = waits;
        self
    }

    /// The file that holds what the database has not taken; `None` when it has taken everything.
    pub fn spilled(&self) -> Option<PathBuf> {
        lock(&self.file).path()
    }

    /// Whether the end of a run is neither in the store nor in a file.
    pub fn is_behind(&self) -> bool {
        !lock(&self.begun).is_empty()
    }

    /// Tries this file next. Lines are appended to what is in it.
    pub fn to_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.places.push(Place::File(path.into()));
        self
    }

    /// Tries a new file in this folder next, which is made where it is missing.
    pub fn to_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.places.push(Place::Folder(folder.into()));
        self
    }

    /// The store inside.
    pub fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S: Store> Spill<S> {
    fn begun(&self, id: RunId) -> Option<Run> {
        lock(&self.begun).get(&id).cloned()
    }

    /// The store has taken something.
    fn is_well(&self) {
        *lock(&self.since) = None;
    }

    /// The store has not taken something.
    fn trouble(&self, cause: &StoreError) -> Trouble {
        let since = *lock(&self.since).get_or_insert_with(Instant::now);
        Trouble::new(self.patience, since, &self.waits, cause)
    }

    /// Copies it to a file, and gives its path.
    async fn copy(&self, write: Write<'_>) -> io::Result<PathBuf> {
        let (run, lines) = (write.run(), write.lines()?);
        let head = match write {
            Write::Run(run) => Some(head(run)?),
            Write::Evaluations(..) => self.begun(run).as_ref().map(head).transpose()?,
        };
        let (file, places) = (self.file.clone(), self.places.clone());
        let append = move || lock(&file).append(&places, run, head, &lines);
        spawn_blocking(append).await.map_err(io::Error::other)?
    }

    /// Stores it: tries until the inner store takes it, the trouble is no passing one, or the patience ends.
    async fn save(&self, write: Write<'_>) -> Result<(), StoreError> {
        let (mut copied, mut trouble) = (None, None);
        loop {
            let Err(cause) = self.once(write, &mut copied).await else {
                self.is_well();
                copied.iter().for_each(|_| lock(&self.file).settle());
                return Ok(());
            };
            if let (StoreError::NotFound(_), true) = (&cause, self.begun(write.run()).is_none()) {
                // Not this store's run: a mistake of the caller. One that has begun here was paid for.
                return Err(cause);
            }
            let over = !cause.is_transient() || trouble.get_or_insert_with(|| self.trouble(&cause)).is_over();
            if copied.is_none() && (over || trouble.as_ref().is_some_and(Trouble::is_long)) {
                match self.copy(write).await {
                    Ok(path) => copied = Some(path),
                    Err(why) if over => return Err(StoreError::Backend(Lost { why: why.to_string(), cause }.into())),
                    // The next round tries again.
                    Err(why) => tracing::debug!(%why, "what waits for the database could not be copied to a file"),
                }
            }
            if let (Some(path), true) = (&copied, over) {
                return Err(StoreError::Spilled { path: path.display().to_string(), source: cause.into() });
            }
            if let Some(trouble) = &mut trouble {
                trouble.pause().await;
            }
        }
    }

    /// Tries once. Where the run is to end before the inner store has answered, a copy is made meanwhile.
    async fn once(&self, write: Write<'_>, copied: &mut Option<PathBuf>) -> Result<(), StoreError> {
        let mut put = pin!(write.to(&*self.inner));
        if copied.is_none() {
            tokio::select! {
                biased;
                done = &mut put => return done,
                () = self.waits.ended() => {}
            }
            let copy = self.copy(write).await;
            *copied = copy.inspect_err(|why| tracing::warn!(%why, "what waits could not be copied to a file")).ok();
        }
        put.await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Spill<S> {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        if self.begun(run.id).is_none() && run.finished.is_none() {
            self.inner.put_run(run).await?;
            lock(&self.begun).insert(run.id, run.clone());
            return Ok(());
        }
        let saved = self.save(Write::Run(run)).await;
        // Refused or dropped, the run is where it was.
        if let Ok(()) | Err(StoreError::Spilled { .. }) = &saved {
            let mut begun = lock(&self.begun);
            match run.finished {
                Some(_) => drop(begun.remove(&run.id)),
                None => drop(begun.insert(run.id, run.clone())),
            }
        }
        saved
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        self.inner.get_run(id).await
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        self.inner.list_runs(query).await
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        self.save(Write::Evaluations(run, batch)).await
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        self.inner.evaluations(run, query).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Store + AttemptLog> AttemptLog for Spill<S> {
    async fn begin(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let mut trouble = None;
        loop {
            let begun = tokio::select! {
                biased;
                done = self.inner.begin(attempt) => done,
                () = self.waits.ended() => Err(StoreError::Unavailable("the run is to end, and the store waits".into())),
            };
            let cause = match begun {
                Err(cause) if cause.is_transient() => cause,
                Err(cause) => return Err(cause),
                Ok(()) => {
                    self.is_well();
                    return Ok(());
                }
            };
            let trouble = trouble.get_or_insert_with(|| self.trouble(&cause));
            if trouble.is_over() || self.waits.has_ended() {
                return Err(cause);
            }
            trouble.pause().await;
        }
    }

    fn end(&self, attempt: Attempt) {
        self.inner.end(attempt);
    }

    fn announce(&self, samples: Vec<Arc<Sample>>) {
        self.inner.announce(samples);
    }

    async fn abandon(&self, run: RunId) -> Result<u64, StoreError> {
        self.inner.abandon(run).await
    }

    async fn attempts(&self, run: RunId, after: Option<AttemptId>, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        self.inner.attempts(run, after, limit).await
    }

    async fn spent(&self, since: Timestamp, scope: &Scope) -> Result<Spending, StoreError> {
        self.inner.spent(since, scope).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Store + Leases> Leases for Spill<S> {
    async fn acquire(&self, lease: &Lease) -> Result<(), StoreError> {
        self.inner.acquire(lease).await
    }

    async fn release(&self, run: RunId, owner: &Owner) -> Result<(), StoreError> {
        self.inner.release(run, owner).await
    }

    async fn lease(&self, run: RunId) -> Result<Option<Lease>, StoreError> {
        self.inner.lease(run).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Reports> Reports for Spill<S> {
    async fn leaderboard(&self, dataset: Option<&str>) -> Result<Vec<LeaderboardEntry>, StoreError> {
        self.inner.leaderboard(dataset).await
    }

    async fn compared(&self, run: RunId, query: &ComparisonQuery) -> Result<Vec<Comparison>, StoreError> {
        self.inner.compared(run, query).await
    }

    async fn interim(&self, run: RunId) -> Result<Interim, StoreError> {
        self.inner.interim(run).await
    }

    async fn served(&self, run: RunId) -> Result<ServedSummary, StoreError> {
        self.inner.served(run).await
    }

    async fn prompt_tokens(&self, run: RunId, other: RunId) -> Result<PromptTokens, StoreError> {
        self.inner.prompt_tokens(run, other).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Vec<Run>, StoreError> {
        self.inner.history(query).await
    }

    async fn windows(&self, query: &HistoryQuery) -> Result<History, StoreError> {
        self.inner.windows(query).await
    }

    async fn anchors(&self, run: &Run) -> Result<Vec<SampleScore>, StoreError> {
        self.inner.anchors(run).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.inner.stats().await
    }

    async fn datasets(&self) -> Result<Vec<UsedDataset>, StoreError> {
        self.inner.datasets().await
    }

    async fn costs(&self, query: &CostQuery) -> Result<Vec<DailyCost>, StoreError> {
        self.inner.costs(query).await
    }
}
