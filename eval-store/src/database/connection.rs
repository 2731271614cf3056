//! Connections to SQLite, and what every one of them is told first.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::database::error::Failure;
use crate::database::location::Location;
use crate::database::options::Options;

/// A small cache: a run shares its memory with all requests in flight. A checkpoint each 16 MB instead of 4: each one
/// writes the hot pages of the indexes again, and a tenth of the CPU time of a writer goes into that.
const SETTINGS: &str = "PRAGMA foreign_keys = ON; PRAGMA cache_size = -2000; PRAGMA wal_autocheckpoint = 4000;";

/// Opens a connection; `create` makes the file where it is missing.
pub(crate) fn connect(location: &Location, options: &Options, create: bool) -> Result<SqliteConnection, String> {
    let uri = location.uri(create).ok_or("the path is not UTF-8")?;
    let mut connection = SqliteConnection::establish(&uri).map_err(|error| error.to_string())?;
    set_up(&mut connection, options).map_err(|error| error.to_string())?;
    Ok(connection)
}

fn set_up(connection: &mut SqliteConnection, options: &Options) -> QueryResult<()> {
    // The busy timeout comes first: the others may meet a lock.
    let wait = options.busy_timeout.as_millis();
    connection.batch_execute(&format!("PRAGMA busy_timeout = {wait}"))?;
    use_wal(connection, options.busy_timeout)?;
    connection.batch_execute(if options.full_sync {
        "PRAGMA synchronous = FULL"
    } else {
        "PRAGMA synchronous = NORMAL"
    })?;
    connection.batch_execute(SETTINGS)?;
    match options.max_bytes {
        Some(bytes) => limit(connection, bytes),
        None => Ok(()),
    }
}

/// Runs writes in one transaction that holds the write lock from the beginning: one that reads first and then wants
/// to write fails at once when another process wrote in between.
///
/// Not diesel's own: SQLite ends the transaction by itself on a full disk, and diesel then reports that nothing was
/// left to roll back instead of the cause, and gives the connection up.
pub(crate) fn immediate<T>(
    connection: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    connection.batch_execute("BEGIN IMMEDIATE")?;
    let result = work(connection).and_then(|value| Ok(connection.batch_execute("COMMIT").map(|()| value)?));
    if result.is_err() {
        let _ = connection.batch_execute("ROLLBACK");
    }
    result
}

/// Two processes that make the same file meet here, and SQLite does not wait for this lock by itself.
fn use_wal(connection: &mut SqliteConnection, patience: Duration) -> QueryResult<()> {
    let begun = Instant::now();
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if error.to_string().contains("locked") && begun.elapsed() < patience => {
                thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

fn limit(connection: &mut SqliteConnection, bytes: u64) -> QueryResult<()> {
    let page: i64 = diesel::select(sql::<BigInt>("page_size FROM pragma_page_size")).get_result(connection)?;
    let pages = bytes / u64::try_from(page).unwrap_or(4096).max(1);
    connection.batch_execute(&format!("PRAGMA max_page_count = {}", pages.max(1)))
}
