//! The store on a database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use eval_core::{
    Attempt, AttemptId, AttemptLog, Comparison, ComparisonQuery, CostQuery, DailyCost, Evaluation, EvaluationQuery,
    History, HistoryQuery, Interim, LeaderboardEntry, Lease, Leases, Owner, PromptTokens, Reports, Run, RunId,
    RunQuery, Sample, SampleScore, Scope, ServedSummary, Spending, Stats, Store, StoreError, Timestamp, UsedDataset,
    async_trait,
};
use tokio::task::spawn_blocking;

use crate::database::advice::advice;
use crate::database::connection::Connection;
use crate::database::error::{Failure, backend};
use crate::database::leases::Held;
use crate::database::location::{Location, refused};
use crate::database::migrate::{Versions, migrate};
use crate::database::options::Options;
use crate::database::place::Place;
use crate::database::readers::Readers;
use crate::database::write::Batch;
use crate::database::writer::Writer;
use crate::database::{attempts, leases, read, write};

/// A store on SQLite or Postgres, whichever the URL names.
///
/// One thread writes: it commits whatever waits in one transaction, so that many callers share a commit and each
/// still returns only when its evaluations are safe. Reads have connections of their own and never wait for a write.
/// Several processes may have the same database open. Needs a tokio runtime.
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
    held: Held,
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

    /// Opens a database with the default [`Options`], makes the file where there is none, and brings the schema up to
    /// date.
    ///
    /// | URL | database |
    /// |---|---|
    /// | `sqlite:///eval.db`, `sqlite://eval.db`, `eval.db` | `eval.db` in the working folder |
    /// | `sqlite:////var/eval.db`, `/var/eval.db` | `/var/eval.db` |
    /// | `:memory:`, `sqlite://:memory:` | in memory, gone when the store is dropped |
    /// | `postgres://user:password@host:5432/database`, `postgresql://…` | on a server; it must exist |
    ///
    /// A Postgres URL takes the options of libpq, with `sslmode` and `sslrootcert` as there: `prefer` and `require`
    /// encrypt without looking at the certificate, `verify-full` looks. `pgbouncer=true` says that PgBouncer stands in
    /// front in transaction mode.
    ///
    /// # Errors
    /// [`StoreError::Open`] when the URL is not understood, the folder is missing, the file cannot be written, is no
    /// SQLite database, holds the tables of another program, or was made by a newer version; when the server cannot be
    /// reached or does not let us in.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, Options::default()).await
    }

    /// Opens a database with these options.
    ///
    /// # Errors
    /// As [`open`](DieselStore::open).
    pub async fn open_with(url: &str, options: Options) -> Result<Self, StoreError> {
        let url = url.to_owned();
        spawn_blocking(move || Self::open_now(&url, &options)).await.map_err(backend)?
    }

    /// Opens a database that is there, to read it. Where the schema is up to date nothing is written and nothing locked,
    /// so that a user may do it who has no right to write, and what writes fails. A schema that is missing or older is
    /// brought up to date as by [`open`](Self::open), which needs that right.
    ///
    /// A SQLite file that lies at rest and that we may not write to is read as it stands.
    ///
    /// # Errors
    /// As [`open`](Self::open); and when there is no such file.
    pub async fn open_to_read(url: &str) -> Result<Self, StoreError> {
        let url = url.to_owned();
        spawn_blocking(move || Self::open_to_read_now(&url)).await.map_err(backend)?
    }

    fn open_now(url: &str, options: &Options) -> Result<Self, StoreError> {
        let location = Location::parse(url)?;
        location.check(url)?;
        let fail = |why: String| refused(url, advice(&location, &why));
        let place = Place::new(location.clone(), options.clone()).map_err(fail)?;
        let connection = place.connect(true, Instant::now() + options.patience);
        let mut connection = connection.map_err(|failure| fail(failure.to_string()))?;
        migrate(&mut connection, location.path()).map_err(fail)?;
        Self::on(location.clone(), place, connection, options).map_err(|error| fail(error.to_string()))
    }

    fn open_to_read_now(url: &str) -> Result<Self, StoreError> {
        let options = Options::default();
        let location = Location::parse(url)?;
        location.check(url)?;
        let fail = |why: String| refused(url, advice(&location, &why));
        let place = Place::new(location.clone(), options.clone().reading()).map_err(fail)?;
        let deadline = Instant::now() + options.patience;
        let connection = place.connect(location == Location::Memory, deadline);
        let mut connection = connection.map_err(|failure| fail(failure.to_string()))?;
        let versions = connection.until(deadline, Versions::read).map_err(fail)?;
        if versions.are_current().map_err(fail)? {
            return Self::on(location.clone(), place, connection, &options).map_err(|error| fail(error.to_string()));
        }
        drop(connection);
        Self::open_now(url, &options).map_err(|error| match error {
            StoreError::Open { url, reason } if versions.are_older() => {
                let reason = format!("it has {versions}, and has to be brought up to date first: {reason}");
                StoreError::Open { url, reason }
            }
            other => other,
        })
    }

    fn on(location: Location, place: Place, connection: Connection, options: &Options) -> std::io::Result<Self> {
        let (patience, held) = (options.patience, Held::default());
        let readers = (location != Location::Memory).then(|| Readers::new(place.clone(), patience));
        let writer = Writer::spawn(place, connection, patience, held.clone())?;
        Ok(Self { location, writer, readers, held })
    }

    /// The file of the database; `None` for one in memory and for Postgres.
    pub fn path(&self) -> Option<&Path> {
        self.location.path()
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        mut query: impl FnMut(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let query = move |connection: &mut Connection| connection.read(&mut query);
        match &self.readers {
            Some(readers) => readers.call(query).await,
            None => self.writer.call(query).await,
        }
    }

    /// Runs writes in one transaction.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.maintain(move |connection| connection.write(&mut work)).await
    }

    /// Runs work on the writing connection, outside of a transaction.
    pub(crate) async fn maintain<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.call(work).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for DieselStore {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        let run = run.clone();
        self.write(move |connection| write::put_run(connection, &run)).await
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        self.read(move |connection| read::get_run(connection, id)).await
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        let query = query.clone();
        self.read(move |connection| read::list_runs(connection, &query)).await
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        self.writer.put(Batch::of(run, batch.to_vec())).await
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        let query = query.clone();
        self.read(move |connection| read::evaluations(connection, run, &query)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl AttemptLog for DieselStore {
    async fn begin(&self, attempt: &Attempt) -> Result<(), StoreError> {
        self.writer.put(Batch::intent(attempt.clone())).await
    }

    fn end(&self, attempt: Attempt) {
        self.writer.end(attempt);
    }

    fn announce(&self, samples: Vec<Arc<Sample>>) {
        self.writer.announce(samples);
    }

    async fn abandon(&self, run: RunId) -> Result<u64, StoreError> {
        let abandon = move |connection: &mut Connection| attempts::abandon(connection, run);
        self.writer.call(move |connection| connection.write(abandon)).await
    }

    async fn attempts(&self, run: RunId, after: Option<AttemptId>, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        // On the writing connection, so that it sees every end that was told.
        self.writer.call(move |connection| attempts::read(connection, run, after, limit)).await
    }

    async fn spent(&self, since: Timestamp, scope: &Scope) -> Result<Spending, StoreError> {
        let scope = scope.clone();
        self.writer.call(move |connection| attempts::spent(connection, since, &scope)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Leases for DieselStore {
    async fn acquire(&self, lease: &Lease) -> Result<(), StoreError> {
        let wanted = lease.clone();
        self.writer.call(move |connection| connection.write(|connection| leases::acquire(connection, &wanted))).await?;
        self.held.insert(lease);
        Ok(())
    }

    async fn release(&self, run: RunId, owner: &Owner) -> Result<(), StoreError> {
        self.held.remove(run);
        let owner = owner.clone();
        self.writer
            .call(move |connection| connection.write(|connection| leases::release(connection, run, &owner)))
            .await
    }

    async fn lease(&self, run: RunId) -> Result<Option<Lease>, StoreError> {
        self.read(move |connection| leases::read(connection, run)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Reports for DieselStore {
    async fn leaderboard(&self, dataset: Option<&str>) -> Result<Vec<LeaderboardEntry>, StoreError> {
        let dataset = dataset.map(str::to_owned);
        let runs = self.read(move |connection| read::latest_comparable(connection, dataset.as_deref())).await?;
        let mut entries: Vec<_> = runs.into_iter().map(LeaderboardEntry::new).collect();
        let mean = |entry: &LeaderboardEntry| entry.run.score().map_or(-1.0, |score| score.mean);
        entries.sort_by(|a, b| mean(b).total_cmp(&mean(a)).then_with(|| a.run.name.cmp(&b.run.name)));
        Ok(entries)
    }

    async fn compared(&self, run: RunId, query: &ComparisonQuery) -> Result<Vec<Comparison>, StoreError> {
        let query = query.clone();
        self.read(move |connection| read::compared(connection, run, &query)).await
    }

    async fn interim(&self, run: RunId) -> Result<Interim, StoreError> {
        self.read(move |connection| read::interim(connection, run)).await
    }

    async fn served(&self, run: RunId) -> Result<ServedSummary, StoreError> {
        self.read(move |connection| read::served(connection, run)).await
    }

    async fn prompt_tokens(&self, run: RunId, other: RunId) -> Result<PromptTokens, StoreError> {
        self.read(move |connection| read::prompt_tokens(connection, run, other)).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Vec<Run>, StoreError> {
        let query = query.clone();
        self.read(move |connection| read::history(connection, &query)).await
    }

    async fn windows(&self, query: &HistoryQuery) -> Result<History, StoreError> {
        let query = query.clone();
        self.read(move |connection| read::windows(connection, &query)).await
    }

    async fn anchors(&self, run: &Run) -> Result<Vec<SampleScore>, StoreError> {
        let run = run.clone();
        self.read(move |connection| read::anchors(connection, &run)).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.read(read::stats).await
    }

    async fn datasets(&self) -> Result<Vec<UsedDataset>, StoreError> {
        self.read(read::datasets).await
    }

    async fn costs(&self, query: &CostQuery) -> Result<Vec<DailyCost>, StoreError> {
        let query = query.clone();
        self.read(move |connection| read::costs(connection, &query)).await
    }
}
