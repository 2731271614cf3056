//! A look at a database that changes nothing in it.

use std::time::Instant;

use diesel::prelude::QueryResult;
use eval_core::StoreError;
use tokio::task::spawn_blocking;

use crate::database::advice::advice;
use crate::database::connection::{Connection, on};
use crate::database::error::backend;
use crate::database::location::{Location, public_url, refused};
use crate::database::migrate::{Count, Versions, tables};
use crate::database::options::Options;
use crate::database::place::Place;

/// What there is to say of a database before it is opened and so brought up to date.
///
/// ```
/// use eval_store::{DatabaseStatus, DieselStore};
///
/// # tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// # let url = folder.path().join("eval.db").display().to_string();
/// let store = DieselStore::open(&url).await?;
/// let status = DatabaseStatus::read(&url).await?;
/// assert!(status.is_current());
/// assert_eq!((status.backend, status.runs), ("SQLite", Some(0)));
/// # Ok::<(), eval_core::StoreError>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseStatus {
    /// The URL, without user, password and options.
    pub url: String,
    /// `SQLite` or `Postgres`.
    pub backend: &'static str,
    /// The newest schema version that this program knows.
    pub known: String,
    /// The newest schema version that the database has; `None` before it has one.
    pub applied: Option<String>,
    /// How large it is, in bytes; `None` in memory.
    pub bytes: Option<u64>,
    /// How many runs it holds; `None` when it has no table for them yet.
    pub runs: Option<u64>,
    /// How many evaluations; `None` as above.
    pub evaluations: Option<u64>,
    /// How many calls that cost money; `None` as above.
    pub attempts: Option<u64>,
}

impl DatabaseStatus {
    /// Looks at the database that a URL names.
    ///
    /// # Errors
    /// [`StoreError::Open`] when the URL is not understood, there is no such database, or it cannot be read.
    pub async fn read(url: &str) -> Result<Self, StoreError> {
        let url = url.to_owned();
        spawn_blocking(move || Self::read_now(&url)).await.map_err(backend)?
    }

    /// Whether the schema is the one that this program works with.
    pub fn is_current(&self) -> bool {
        self.applied.as_ref() == Some(&self.known)
    }

    fn read_now(url: &str) -> Result<Self, StoreError> {
        let location = Location::parse(url)?;
        location.check(url)?;
        let fail = |why: String| refused(url, advice(&location, &why));
        let options = Options::new().reading();
        let deadline = Instant::now() + options.patience;
        let place = Place::new(location.clone(), options).map_err(fail)?;
        let connection = place.connect(location == Location::Memory, deadline);
        let mut connection = connection.map_err(|failure| fail(failure.to_string()))?;
        connection.until(deadline, |connection| look(connection, &location, url)).map_err(fail)
    }
}

fn look(connection: &mut Connection, location: &Location, url: &str) -> Result<DatabaseStatus, String> {
    let versions = Versions::read(connection)?;
    let mut rows = |table| count_rows(connection, table).map_err(|error| error.to_string());
    let (runs, evaluations, attempts) = (rows("runs")?, rows("evaluations")?, rows("attempts")?);
    Ok(DatabaseStatus {
        url: public_url(url),
        backend: if matches!(location, Location::Postgres(_)) { "Postgres" } else { "SQLite" },
        known: versions.known.last().cloned().unwrap_or_default(),
        applied: versions.applied.last().cloned(),
        bytes: bytes(connection, location).map_err(|error| error.to_string())?,
        runs,
        evaluations,
        attempts,
    })
}

/// The rows of a table; `None` where there is no such table.
fn count_rows(connection: &mut Connection, table: &str) -> QueryResult<Option<u64>> {
    let tables = tables(connection);
    let count = |connection: &mut Connection, what: &str| on!(connection, |c| c.count(what));
    if count(connection, &format!("count(*) FROM {tables} AS tables WHERE name = '{table}'"))? == 0 {
        return Ok(None);
    }
    count(connection, &format!("count(*) FROM {table}")).map(|rows| u64::try_from(rows).ok())
}

fn bytes(connection: &mut Connection, location: &Location) -> QueryResult<Option<u64>> {
    let bytes = match location {
        Location::Memory => return Ok(None),
        Location::File(_) => "page_count * page_size FROM pragma_page_count, pragma_page_size",
        Location::Postgres(_) => "pg_database_size(current_database())",
    };
    on!(connection, |c| c.count(bytes)).map(|bytes| u64::try_from(bytes).ok())
}
