//! A database in trouble: what is paid for is saved.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use eval_core::conformance::fixtures::{failed, finished, rich, run, scored};
use eval_core::{
    BoxError, Evaluation, EvaluationQuery, InMemory, Reports, Run, RunId, RunQuery, RunStatus, Store, StoreError,
    Summary, async_trait,
};
use eval_store::{Spill, import};

/// A store that can break.
#[derive(Debug, Default)]
struct Fragile {
    inner: InMemory,
    broken: AtomicBool,
}

impl Fragile {
    fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.broken.load(Ordering::SeqCst) { Err(StoreError::Backend("disk full".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Store for Fragile {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        self.check()?;
        self.inner.put_run(run).await
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        self.inner.get_run(id).await
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        self.inner.list_runs(query).await
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        self.check()?;
        self.inner.put_evaluations(run, batch).await
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        self.inner.evaluations(run, query).await
    }
}

impl Reports for Fragile {}

fn spilled(result: Result<(), StoreError>) -> (PathBuf, BoxError) {
    match result {
        Err(StoreError::Spilled { path, source }) => (path.into(), source),
        other => panic!("nothing was spilled: {other:?}"),
    }
}

async fn import_file(path: &Path, store: &dyn Store) -> (u64, u64) {
    let imported = import(BufReader::new(std::fs::File::open(path).expect("a file")), store).await.expect("lines");
    (imported.runs, imported.evaluations)
}

#[tokio::test]
async fn a_healthy_store_is_as_without() {
    let folder = tempfile::tempdir().unwrap();
    let make = async || Spill::new(InMemory::new()).to_folder(folder.path());
    eval_core::conformance::store(make).await;
    eval_core::conformance::reports(make).await;
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing is spilled");
}

#[tokio::test]
async fn what_the_store_cannot_take_comes_back_by_import() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.jsonl");
    let store = Spill::new(Fragile::default()).to_file(&path);
    let (mut run, before) = (run("gpt-4o", 0), scored(run("gpt-4o", 0).id, "before", 1, 1.0));
    store.put_run(&run).await.unwrap();
    store.put_evaluations(run.id, std::slice::from_ref(&before)).await.unwrap();

    store.inner().set_broken(true);
    let evaluations = rich(run.id);
    for batch in evaluations.chunks(5) {
        let (at, source) = spilled(store.put_evaluations(run.id, batch).await);
        assert_eq!(
            (at.as_path(), source.source().map(ToString::to_string)),
            (path.as_path(), Some("disk full".into()))
        );
    }
    run = finished("gpt-4o", 0, 0.5, 0).with_id(run.id);
    run.planned = 1 + evaluations.len() as u64;
    run.epochs = u32::MAX;
    run.summary = Some(summary_of(&evaluations, Some(&before)).await);
    spilled(store.put_run(&run).await);

    store.inner().set_broken(false);
    for _ in 0..2 {
        let counted = import_file(&path, &store).await;
        assert_eq!(counted, (1, evaluations.len() as u64), "the file tells the run twice: as it began and as it ended");
        assert_eq!(store.get_run(run.id).await.unwrap(), run);
        let found = store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap();
        assert_eq!(found.len(), evaluations.len() + 1);
        assert!(evaluations.iter().chain([&before]).all(|one| found.contains(one)));
    }
    let alone = InMemory::new();
    import_file(&path, &alone).await;
    let left = alone.get_run(run.id).await.unwrap();
    assert_eq!((left.status, left.can_resume()), (RunStatus::Interrupted, true), "the file does not hold all of it");
    assert_eq!(left.summary, Some(summary_of(&evaluations, None).await), "the file needs no store that knows the run");
}

/// The summary of evaluations in the order of a store.
async fn summary_of(evaluations: &[Evaluation], more: Option<&Evaluation>) -> Summary {
    let (store, run) = (InMemory::new(), run("gpt-4o", 0));
    store.put_run(&run).await.expect("it is stored");
    let all: Vec<_> = evaluations.iter().chain(more).cloned().collect();
    store.put_evaluations(run.id, &all).await.expect("it is stored");
    let stored = store.evaluations(run.id, &EvaluationQuery::default()).await.expect("they are read");
    Summary::of(&stored, u32::MAX, 0.5)
}

trait WithId {
    fn with_id(self, id: RunId) -> Self;
}

impl WithId for Run {
    fn with_id(mut self, id: RunId) -> Self {
        self.id = id;
        self
    }
}

#[tokio::test]
async fn a_run_that_has_not_begun_is_refused_and_not_spilled() {
    let folder = tempfile::tempdir().unwrap();
    let store = Spill::new(Fragile::default()).to_folder(folder.path());
    store.inner().set_broken(true);
    assert!(matches!(store.put_run(&run("gpt-4o", 0)).await, Err(StoreError::Backend(_))));
    store.inner().set_broken(false);
    let stranger = run("gpt-4o", 1).id;
    let batch = [failed("a", 1, "timeout")];
    let result = store.put_evaluations(stranger, &batch).await;
    assert!(matches!(result, Err(StoreError::NotFound(id)) if id == stranger));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[tokio::test]
async fn places_are_tried_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let state = folder.path().join("state/evalctl");
    let store = Spill::new(Fragile::default()).to_file(file.join("x.jsonl")).to_folder(&file).to_folder(&state);
    let run = run("gpt-4o", 0);
    store.put_run(&run).await.unwrap();
    store.inner().set_broken(true);
    let (first, _) = spilled(store.put_evaluations(run.id, &[failed("a", 1, "timeout")]).await);
    let (second, _) = spilled(store.put_evaluations(run.id, &[failed("b", 1, "timeout")]).await);
    assert_eq!(first, second, "one file as long as it takes lines");
    assert_eq!(first.parent(), Some(state.as_path()));
    assert!(first.to_string_lossy().ends_with(".spill.jsonl"));
    assert_eq!(import_file(&first, &InMemory::new()).await, (1, 2));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&first).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "answers are for the owner's eyes");
    }
}

#[tokio::test]
async fn the_temporary_folder_is_the_last_place() {
    let store = Spill::new(Fragile::default());
    let run = run("gpt-4o", 0);
    store.put_run(&run).await.unwrap();
    store.inner().set_broken(true);
    let (path, _) = spilled(store.put_evaluations(run.id, &[failed("a", 1, "timeout")]).await);
    assert_eq!(path.parent(), Some(std::env::temp_dir().as_path()));
    std::fs::remove_file(path).unwrap();
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_full_disk_loses_nothing() {
    use eval_store::{DieselStore, Options};

    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("eval.db");
    let full = Options::new().max_bytes(300_000);
    let store = DieselStore::open_with(&database.display().to_string(), full).await.unwrap();
    // Nobody will make room.
    let store = Spill::new(store).to_folder(folder.path()).patience(std::time::Duration::ZERO);
    let mut run = run("gpt-4o", 0);
    run.planned = 400;
    store.put_run(&run).await.unwrap();
    let mut spills = std::collections::BTreeSet::new();
    for n in 0..400 {
        match store.put_evaluations(run.id, &[scored(run.id, &format!("q{n:03}"), 1, 0.5)]).await {
            Ok(()) => {}
            failed => {
                let (path, source) = spilled(failed);
                assert!(source.source().is_some_and(|why| why.to_string().contains("full")), "{source:?}");
                spills.insert(path);
            }
        }
    }
    assert_eq!(spills.len(), 1, "{spills:?}");
    drop(store);

    let store = DieselStore::open(&database.display().to_string()).await.unwrap();
    let mut query = EvaluationQuery::default();
    query.limit = usize::MAX;
    let kept = store.evaluations(run.id, &query).await.unwrap().len() as u64;
    assert!((1..400).contains(&kept), "{kept}");
    let path = spills.first().unwrap();
    assert_eq!(import_file(path, &store).await, (1, 400 - kept), "each one is here or there");
    let expected: Vec<_> = (0..400).map(|n| scored(run.id, &format!("q{n:03}"), 1, 0.5)).collect();
    assert_eq!(store.evaluations(run.id, &query).await.unwrap(), expected);
}
