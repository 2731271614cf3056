//! The database of an import.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use eval_core::{
    Evaluation, EvaluationQuery, Interim, Reports as _, Run, RunId, RunQuery, Store, StoreError, async_trait,
};
use eval_store::DieselStore;
use tokio::sync::{Mutex, OnceCell};

use crate::compose;
use crate::config::Settings;
use crate::failure::Failure;

/// A database that is not there is made when the first thing is stored in it: a file that is refused makes none.
#[derive(Debug)]
pub(super) struct Late {
    url: String,
    store: OnceCell<DieselStore>,
    /// The runs of the file.
    put: Mutex<BTreeSet<RunId>>,
    /// What was stored of each run of the file before.
    before: Mutex<BTreeMap<RunId, Interim>>,
    /// Whether a run was new or another than the stored one.
    changed: AtomicBool,
}

impl Late {
    /// Opens the database if it is there.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let store = match compose::must_exist(settings) {
            Ok(()) => OnceCell::new_with(Some(compose::plain_store(settings).await?)),
            Err(_) => OnceCell::new(),
        };
        let url = settings.database_url.value.clone();
        Ok(Self { url, store, put: Mutex::default(), before: Mutex::default(), changed: AtomicBool::new(false) })
    }

    /// Whether anything was stored that was not there before.
    pub(super) async fn is_changed(&self) -> Result<bool, StoreError> {
        if self.changed.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let store = self.store().await?;
        for (run, before) in &*self.before.lock().await {
            if store.interim(*run).await?.counts != before.counts {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The database; `None` while nothing was stored.
    pub(super) fn database(&self) -> Option<&DieselStore> {
        self.store.get()
    }

    /// The runs that were stored, as they stand now.
    pub(super) async fn runs(&self) -> Result<Vec<Run>, StoreError> {
        let store = self.store().await?;
        let mut runs = Vec::new();
        for run in &*self.put.lock().await {
            runs.push(store.get_run(*run).await?);
        }
        Ok(runs)
    }

    async fn store(&self) -> Result<&DieselStore, StoreError> {
        self.store.get_or_try_init(|| DieselStore::open(&self.url)).await
    }

    fn there(&self, run: RunId) -> Result<&DieselStore, StoreError> {
        self.store.get().ok_or(StoreError::NotFound(run))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Late {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        let store = self.store().await?;
        self.put.lock().await.insert(run.id);
        if !store.get_run(run.id).await.is_ok_and(|stored| stored == *run) {
            self.changed.store(true, Ordering::Relaxed);
        }
        store.put_run(run).await
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        self.there(id)?.get_run(id).await
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        match self.store.get() {
            Some(store) => store.list_runs(query).await,
            None => Ok(Vec::new()),
        }
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        let store = self.store().await?;
        let mut before = self.before.lock().await;
        if let Entry::Vacant(first) = before.entry(run) {
            first.insert(store.interim(run).await?);
        }
        store.put_evaluations(run, batch).await
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        self.there(run)?.evaluations(run, query).await
    }
}
