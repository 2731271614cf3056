//! What saves paid answers when the database is in trouble.

mod file;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use eval_core::{
    Evaluation, EvaluationQuery, LeaderboardEntry, Reports, Run, RunId, RunQuery, Store, StoreError, async_trait,
};
use thiserror::Error;
use tokio::task::spawn_blocking;

use crate::lines::{write_evaluations, write_run};
use file::{Place, SpillFile};

/// A store around another one. What the inner store cannot take is appended to a file of JSON lines that
/// [`import`](crate::import) takes back, and the error says where: [`StoreError::Spilled`].
///
/// The places are tried in the order in which they were given, and after them the temporary folder of the system: a
/// full disk is often full for the next file too. A run that the inner store refuses before it has begun is not
/// spilled: nothing is paid for yet. Needs a tokio runtime.
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
    inner: S,
    places: Vec<Place>,
    /// Runs that have begun and not ended: a file must be able to stand alone.
    begun: Mutex<HashMap<RunId, Run>>,
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
        Self { inner, places: Vec::new(), begun: Mutex::default(), file: Arc::default() }
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
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn remember(&self, run: &Run) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        match run.finished {
            Some(_) => drop(begun.remove(&run.id)),
            None => drop(begun.insert(run.id, run.clone())),
        }
    }

    /// Saves the lines of a run and tells of it.
    async fn spill(&self, run: RunId, head: Option<Run>, evaluations: &[Evaluation], cause: StoreError) -> StoreError {
        let written = async {
            let head = head.map(|run| encode(|line| write_run(line, &run))).transpose()?;
            let lines = encode(|lines| write_evaluations(lines, run, evaluations))?;
            let (file, places) = (self.file.clone(), self.places.clone());
            let append = move || {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.append(&places, run, head, &lines)
            };
            spawn_blocking(append).await.map_err(std::io::Error::other)?
        };
        match written.await {
            Ok(path) => StoreError::Spilled { path: path.display().to_string(), source: cause.into() },
            Err(why) => StoreError::Backend(Lost { why: why.to_string(), cause }.into()),
        }
    }
}

fn encode(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    write(&mut text)?;
    Ok(text)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Spill<S> {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        let begun = self.begun(run.id).is_some() || run.finished.is_some();
        match self.inner.put_run(run).await {
            Err(cause) if begun && !matches!(cause, StoreError::Spilled { .. }) => {
                self.remember(run);
                Err(self.spill(run.id, Some(run.clone()), &[], cause).await)
            }
            Err(error) => Err(error),
            Ok(()) => {
                self.remember(run);
                Ok(())
            }
        }
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        self.inner.get_run(id).await
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        self.inner.list_runs(query).await
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        let Err(cause) = self.inner.put_evaluations(run, batch).await else { return Ok(()) };
        let begun = self.begun(run);
        match cause {
            StoreError::Spilled { .. } => Err(cause),
            // Not this store's run: a mistake of the caller. One that has begun here was paid for.
            StoreError::NotFound(_) if begun.is_none() => Err(cause),
            cause => Err(self.spill(run, begun, batch, cause).await),
        }
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        self.inner.evaluations(run, query).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Reports> Reports for Spill<S> {
    async fn leaderboard(&self, dataset: Option<&str>) -> Result<Vec<LeaderboardEntry>, StoreError> {
        self.inner.leaderboard(dataset).await
    }
}
