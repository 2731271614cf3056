//! The store on a database.

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use eval_core::{
    Evaluation, EvaluationQuery, LeaderboardEntry, Reports, Run, RunId, RunQuery, Store, StoreError, async_trait,
};
use tokio::task::spawn_blocking;

use crate::database::connection::{connect, immediate};
use crate::database::error::{Failure, backend};
use crate::database::location::{Location, folder, refused};
use crate::database::migrate::migrate;
use crate::database::options::Options;
use crate::database::readers::Readers;
use crate::database::writer::Writer;
use crate::database::{read, write};

/// A store on SQLite.
///
/// One thread writes: it commits whatever waits in one transaction, so that many callers share a commit and each
/// still returns only when its evaluations are safe. Reads have connections of their own and never wait for a write.
/// Several processes may have the same file open. Needs a tokio runtime.
///
/// ```
/// use eval_core::{DatasetRef, Evaluation, Outcome, Run, Sample, Score, Store, Timestamp};
/// use eval_store::DieselStore;
///
/// # tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
/// let store = DieselStore::open(":memory:").await?;
/// let run = Run::new("gpt-4o", DatasetRef::new("sums", "f00d", 1), 1);
/// store.put_run(&run).await?;
///
/// let sample = Sample::new("a", "1 + 1").target("2").into();
/// let evaluation = Evaluation::new(sample, 1, Outcome::Scored { score: Score::ONE }, Timestamp::UNIX_EPOCH);
/// store.put_evaluations(run.id, &[evaluation.clone()]).await?;
/// assert_eq!(store.evaluations(run.id, &Default::default()).await?, [evaluation]);
/// # Ok::<(), eval_core::StoreError>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct DieselStore {
    location: Location,
    writer: Writer,
    // None for a database in memory: it has one connection, which is the writer's.
    readers: Option<Readers>,
}

impl DieselStore {
    /// The file that a URL names, as [`open`](Self::open) reads it; `None` for a database in memory and for a URL that
    /// is not understood.
    ///
    /// ```
    /// use eval_store::DieselStore;
    /// assert_eq!(DieselStore::file("sqlite:///eval.db").unwrap().to_str(), Some("eval.db"));
    /// assert_eq!(DieselStore::file(":memory:"), None);
    /// ```
    pub fn file(url: &str) -> Option<PathBuf> {
        Location::parse(url).ok()?.path().map(Path::to_owned)
    }

    /// Opens a database with the default [`Options`], and makes it where there is none.
    ///
    /// | URL | database |
    /// |---|---|
    /// | `sqlite:///eval.db`, `sqlite://eval.db`, `eval.db` | `eval.db` in the working folder |
    /// | `sqlite:////var/eval.db`, `/var/eval.db` | `/var/eval.db` |
    /// | `:memory:`, `sqlite://:memory:` | in memory, gone when the store is dropped |
    ///
    /// # Errors
    /// [`StoreError::Open`] when the URL is not understood, the folder is missing, the file cannot be written, is no
    /// SQLite database, holds the tables of another program, or was made by a newer version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, Options::default()).await
    }

    /// Opens a database with these options.
    ///
    /// # Errors
    /// As [`open`](DieselStore::open).
    pub async fn open_with(url: &str, options: Options) -> Result<Self, StoreError> {
        let url = url.to_owned();
        spawn_blocking(move || Self::open_now(&url, options)).await.map_err(backend)?
    }

    fn open_now(url: &str, options: Options) -> Result<Self, StoreError> {
        let location = Location::parse(url)?;
        location.check(url)?;
        let fail = |why: String| refused(url, advice(&location, &why));
        let mut connection = connect(&location, &options, true).map_err(fail)?;
        migrate(&mut connection).map_err(fail)?;
        let writer = Writer::spawn(connection).map_err(|error| fail(error.to_string()))?;
        let readers = location.path().is_some().then(|| Readers::new(location.clone(), options));
        Ok(Self { location, writer, readers })
    }

    /// The file of the database; `None` for one in memory.
    pub fn path(&self) -> Option<&Path> {
        self.location.path()
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let query = |connection: &mut SqliteConnection| connection.transaction(query);
        match &self.readers {
            Some(readers) => readers.call(query).await,
            None => self.writer.call(query).await,
        }
    }
}

/// What SQLite said, and what to do about it.
fn advice(location: &Location, why: &str) -> String {
    let folder = location.path().map_or(Path::new("."), folder).display();
    match why {
        why if why.contains("readonly") => {
            format!("{why}; make the file and the folder {folder} writable, or name another file")
        }
        why if why.contains("unable to open") => {
            format!("{why}; look at the rights of the file and of the folder {folder}, or name another file")
        }
        why if why.contains("not a database") => format!("{why}; name another file"),
        why if why.contains("locked") => format!("{why}; another program is writing to it: try again later"),
        why => why.to_owned(),
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for DieselStore {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        let run = run.clone();
        self.writer.call(move |connection| immediate(connection, |connection| write::put_run(connection, &run))).await
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        self.read(move |connection| read::get_run(connection, id)).await
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        let query = query.clone();
        self.read(move |connection| read::list_runs(connection, &query)).await
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        self.writer.put(run, batch.to_vec()).await
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        let query = query.clone();
        self.read(move |connection| read::evaluations(connection, run, &query)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Reports for DieselStore {
    async fn leaderboard(&self, dataset: Option<&str>) -> Result<Vec<LeaderboardEntry>, StoreError> {
        let dataset = dataset.map(str::to_owned);
        let runs = self.read(move |connection| read::latest_comparable(connection, dataset)).await?;
        let mut entries: Vec<_> = runs.into_iter().map(LeaderboardEntry::new).collect();
        let mean = |entry: &LeaderboardEntry| entry.run.score().map_or(-1.0, |score| score.mean);
        entries.sort_by(|a, b| mean(b).total_cmp(&mean(a)).then_with(|| a.run.name.cmp(&b.run.name)));
        Ok(entries)
    }
}
