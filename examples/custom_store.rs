//! Shows: a store of your own, here a folder with one JSON file per run, held to the same tests as ours.
//!
//! `cargo run --example custom_store`

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use eval_core::{
    Dataset, Evaluation, EvaluationQuery, Evaluator, OutcomeKind, Reports, Run, RunId, RunQuery, Sample, Scripted,
    Store, StoreError, async_trait, conformance,
};
use eval_judge::Exact;
use serde::{Deserialize, Serialize};

/// One file per run. Simple, and slow for large runs: each batch rewrites the file of its run.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// One writer at a time: reading and rewriting a file is not atomic.
    writing: Mutex<()>,
}

#[derive(Serialize, Deserialize)]
struct File {
    run: Run,
    evaluations: Vec<Evaluation>,
}

impl Folder {
    fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), writing: Mutex::new(()) }
    }

    fn file(&self, id: RunId) -> PathBuf {
        self.path.join(format!("{id}.json"))
    }

    fn read(&self, id: RunId) -> Result<File, StoreError> {
        let text = match fs::read(self.file(id)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(StoreError::NotFound(id)),
            read => read.map_err(|error| StoreError::Backend(error.into()))?,
        };
        serde_json::from_slice(&text).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// Written beside and renamed, so that a kill leaves the old file or the new one.
    fn write(&self, file: &File) -> Result<(), StoreError> {
        let backend = |error: std::io::Error| StoreError::Backend(error.into());
        let text = serde_json::to_vec(file).map_err(|error| StoreError::Backend(error.into()))?;
        let part = self.path.join(format!("{}.part", file.run.id));
        fs::write(&part, text).map_err(backend)?;
        fs::rename(part, self.file(file.run.id)).map_err(backend)
    }
}

#[async_trait]
impl Store for Folder {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let evaluations = match self.read(run.id) {
            Ok(file) => file.evaluations,
            Err(StoreError::NotFound(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        self.write(&File { run: run.clone(), evaluations })
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        Ok(self.read(id)?.run)
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        let backend = |error: std::io::Error| StoreError::Backend(error.into());
        let mut ids = Vec::<RunId>::new();
        for entry in fs::read_dir(&self.path).map_err(backend)? {
            let name = entry.map_err(backend)?.file_name();
            ids.extend(name.to_string_lossy().strip_suffix(".json").and_then(|id| id.parse::<RunId>().ok()));
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let mut runs = Vec::new();
        for id in ids {
            let run = self.read(id)?.run;
            if runs.len() < query.limit && query.matches(&run) {
                runs.push(run);
            }
        }
        Ok(runs)
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = self.read(run)?;
        for new in batch {
            let same = |old: &Evaluation| old.sample.id == new.sample.id && old.epoch == new.epoch;
            match file.evaluations.iter_mut().find(|old| same(old)) {
                Some(old) if old.outcome.kind() == OutcomeKind::Scored => {}
                Some(old) => *old = new.clone(),
                None => file.evaluations.push(new.clone()),
            }
        }
        file.evaluations.sort_by(|a, b| (&a.sample.id, a.epoch).cmp(&(&b.sample.id, b.epoch)));
        self.write(&file)
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        let wanted = self.read(run)?.evaluations.into_iter().filter(|evaluation| query.matches(evaluation));
        Ok(wanted.take(query.limit).collect())
    }
}

/// The leaderboard and the other reads come for free.
impl Reports for Folder {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(Folder::new(folder.path()));
    let dataset = Dataset::from_samples("sums", vec![Sample::new("a", "1 + 1").target("2")])?;
    for (name, answer) in [("good", "2"), ("bad", "3")] {
        let model = Scripted::new(name, move |_| answer.to_owned());
        Evaluator::builder(model, Exact::new()).store(store.clone()).build()?.run(&dataset, &mut ()).await?;
    }
    for entry in store.leaderboard(None).await? {
        println!("{:<5} {:?}", entry.run.name, entry.run.score().map(|score| score.mean));
    }
    println!("{} files in the folder", fs::read_dir(folder.path())?.count());

    // The tests that our own stores pass.
    let tests = tempfile::tempdir()?;
    let fresh = || async { Folder::new(tempfile::tempdir_in(tests.path()).expect("a folder").keep()) };
    conformance::store(fresh).await;
    println!("the conformance suite passes");
    Ok(())
}
