//! A database in trouble that passes: nothing is lost, nothing is counted twice, and it is told once.

use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use eval_core::conformance::fixtures::{finished, run, scored};
use eval_core::{
    Evaluation, EvaluationQuery, InMemory, Run, RunId, RunQuery, Store, StoreError, Summary, Waits, async_trait,
};
use eval_store::{Spill, import};
use tokio::time::{Instant, sleep};

/// A store that is locked while it is told so.
#[derive(Debug, Default)]
struct Locked {
    inner: InMemory,
    locked: Arc<AtomicBool>,
    tries: AtomicUsize,
}

impl Locked {
    fn check(&self) -> Result<(), StoreError> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        match self.locked.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("database is locked".into())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Store for Locked {
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

/// Unlocks after this time.
fn unlock_after(locked: &Arc<AtomicBool>, time: Duration) {
    let locked = locked.clone();
    locked.store(true, Ordering::SeqCst);
    tokio::spawn(async move {
        sleep(time).await;
        locked.store(false, Ordering::SeqCst);
    });
}

async fn begun(path: &Path, waits: &Waits) -> (Spill<Locked>, Run) {
    let store = Spill::new(Locked::default()).to_file(path).waits(waits.clone());
    let run = run("gpt-4o", 0);
    store.put_run(&run).await.expect("it is not locked yet");
    (store, run)
}

#[tokio::test(start_paused = true)]
async fn f08_a_lock_of_thirty_seconds_is_waited_out_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spill.jsonl");
    let waits = Waits::new();
    let (store, run) = begun(&path, &waits).await;
    let rows: Vec<_> = (0..4).map(|at| scored(run.id, &format!("q{at}"), 1, 1.0)).collect();
    unlock_after(&store.inner().locked, Duration::from_secs(30));

    let began = Instant::now();
    let puts = rows.chunks(1).map(|row| store.put_evaluations(run.id, row));
    let watched = async {
        sleep(Duration::from_secs(4)).await;
        let wait = waits.now().expect("somebody waits");
        assert_eq!(
            (wait.count, wait.reason.as_str()),
            (4, "the database is not available for now: database is locked")
        );
        assert!(!path.exists(), "memory is enough for a short lock");
        sleep(Duration::from_secs(6)).await;
        assert_eq!(store.spilled().as_deref(), Some(path.as_path()), "what waits is safe on a disk by now");
        assert_eq!(lines(&path), 5, "the run and four evaluations");
    };
    let (a, b, c, d, ()) = {
        let mut puts = puts;
        let mut next = || puts.next().unwrap();
        tokio::join!(next(), next(), next(), next(), watched)
    };
    for put in [a, b, c, d] {
        put.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_secs(30) && began.elapsed() <= Duration::from_secs(32));
    assert_eq!(waits.now(), None);
    assert_eq!((store.spilled(), path.exists()), (None, false), "the database has it all, so the file is gone");
    assert_eq!(store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap(), rows);
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).expect("a file").lines().count()
}

#[tokio::test(start_paused = true)]
async fn trouble_without_end_is_given_up_with_everything_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spill.jsonl");
    std::fs::write(&path, "").unwrap();
    let waits = Waits::new();
    let store = Spill::new(Locked::default()).to_file(&path).waits(waits.clone()).patience(Duration::from_secs(60));
    let mut run = run("gpt-4o", 0);
    store.put_run(&run).await.unwrap();
    let row = scored(run.id, "q", 1, 1.0);
    store.inner().locked.store(true, Ordering::SeqCst);

    let began = Instant::now();
    let given_up = store.put_evaluations(run.id, std::slice::from_ref(&row)).await;
    assert!(matches!(&given_up, Err(StoreError::Spilled { path: at, .. }) if *at == path.display().to_string()));
    assert!(began.elapsed() >= Duration::from_secs(60) && began.elapsed() <= Duration::from_secs(62));
    let id = run.id;
    run = finished("gpt-4o", 0, 1.0, 0);
    (run.id, run.planned, run.summary) = (id, 1, Some(Summary::of([&row], 1, 0.5)));
    assert!(matches!(store.put_run(&run).await, Err(StoreError::Spilled { .. })));
    assert_eq!(waits.now(), None, "nobody waits any more");

    let other = InMemory::new();
    import(BufReader::new(std::fs::File::open(&path).unwrap()), &other).await.unwrap();
    assert_eq!(other.get_run(id).await.unwrap(), run);
    assert_eq!(other.evaluations(id, &EvaluationQuery::default()).await.unwrap(), [row]);
}

#[tokio::test(start_paused = true)]
async fn what_was_spilled_before_stays_in_a_file_that_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spill.jsonl");
    std::fs::write(&path, "{\"from\": \"yesterday\"}\n").unwrap();
    let (store, run) = begun(&path, &Waits::new()).await;
    unlock_after(&store.inner().locked, Duration::from_secs(20));
    store.put_evaluations(run.id, &[scored(run.id, "q", 1, 1.0)]).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"from\": \"yesterday\"}\n");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_not_begun_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = Spill::new(Locked::default()).to_folder(folder.path());
    store.inner().locked.store(true, Ordering::SeqCst);
    let refused = store.put_run(&run("gpt-4o", 0)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(store.inner().tries.load(Ordering::SeqCst), 1);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing is paid for yet");
}

#[tokio::test(start_paused = true)]
async fn who_is_stopped_while_waiting_leaves_its_answer_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spill.jsonl");
    let waits = Waits::new();
    let (store, run) = begun(&path, &waits).await;
    store.inner().locked.store(true, Ordering::SeqCst);
    let row = scored(run.id, "q", 1, 1.0);
    let stopped =
        tokio::time::timeout(Duration::from_secs(10), store.put_evaluations(run.id, std::slice::from_ref(&row)));
    assert!(stopped.await.is_err());
    assert_eq!((waits.now(), lines(&path), store.spilled()), (None, 2, Some(path)));
}
