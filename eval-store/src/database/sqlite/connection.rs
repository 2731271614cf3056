//! Connections to SQLite, and what every one of them is told first.

use std::fs::OpenOptions;
use std::thread;
use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::database::connection::Connection;
use crate::database::error::Failure;
use crate::database::location::Location;
use crate::database::options::Options;
use crate::database::sqlite::identity::{Identity, log};

/// A small cache: a run shares its memory with all requests in flight. A checkpoint each 16 MB instead of 4: each one
/// writes the hot pages of the indexes again, and a tenth of the CPU time of a writer goes into that.
const SETTINGS: &str = "PRAGMA foreign_keys = ON; PRAGMA cache_size = -4000; PRAGMA wal_autocheckpoint = 4000;";

/// A file, or a database in memory.
#[derive(Debug)]
pub(crate) struct File {
    location: Location,
    options: Options,
    identity: Identity,
}

impl File {
    pub(crate) fn new(location: Location, options: Options) -> Self {
        Self { location, options, identity: Identity::default() }
    }

    /// Whether the file is still the one that was opened. SQLite would go on with a file that nobody can reach.
    /// Who only reads may find it at rest, without its log.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let Some(path) = self.location.path().filter(|_| !self.options.reading) else { return Ok(()) };
        self.identity.check(path).map_err(Failure::Refused)
    }

    /// Opens a connection; `create` makes the file where it is missing.
    pub(crate) fn connect(&self, create: bool, deadline: Instant) -> Result<Connection, Failure> {
        if self.options.reading && self.location.path().is_some() {
            return Ok(Connection::Sqlite(self.connect_to_read()?));
        }
        let mut connection = establish(uri(&self.location, create))?;
        set_up(&mut connection, &self.options, deadline)?;
        Ok(Connection::Sqlite(connection))
    }

    /// Opens a connection that reads. One that has rights to write reads beside writers, by way of the log. A file that
    /// nobody writes to, and that we may not, is read as it stands: a log could not be made, or would be ours and in the
    /// way of those who may write.
    fn connect_to_read(&self) -> Result<SqliteConnection, Failure> {
        let open = |mode: &str| {
            let uri = uri(&self.location, false).map(|uri| format!("{uri}{mode}"));
            let mut connection = establish(uri)?;
            let wait = self.options.busy_timeout.as_millis();
            connection.batch_execute(&format!("PRAGMA busy_timeout = {wait}; PRAGMA query_only = ON"))?;
            // The first read is where rights are missed.
            diesel::select(sql::<BigInt>("count(*) FROM sqlite_master")).get_result::<i64>(&mut connection)?;
            Ok::<_, Failure>(connection)
        };
        let path = self.location.path().filter(|path| path.is_file() && !log(path).exists());
        let Some(path) = path else { return open("") };
        if OpenOptions::new().append(true).open(path).is_err() {
            return open("&immutable=1");
        }
        match open("") {
            Err(failure) if failure.to_string().contains("readonly") => open("&immutable=1"),
            opened => opened,
        }
    }
}

fn establish(uri: Option<String>) -> Result<SqliteConnection, Failure> {
    let uri = uri.ok_or_else(|| Failure::Refused("the path is not UTF-8".to_owned()))?;
    SqliteConnection::establish(&uri).map_err(|error| Failure::Refused(error.to_string()))
}

/// What SQLite opens. A URI, so that no path is taken for an option and a missing file is made only by `create`.
fn uri(location: &Location, create: bool) -> Option<String> {
    let Some(path) = location.path() else { return create.then(|| ":memory:".to_owned()) };
    let path = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // A relative path with a colon or two slashes in front would be read as something else.
    let here = if path.starts_with('/') { "//" } else { "./" };
    Some(format!("file:{here}{path}?mode={}", if create { "rwc" } else { "rw" }))
}

fn set_up(connection: &mut SqliteConnection, options: &Options, deadline: Instant) -> QueryResult<()> {
    // The busy timeout comes first: the others may meet a lock.
    let wait = options.busy_timeout.as_millis();
    connection.batch_execute(&format!("PRAGMA busy_timeout = {wait}"))?;
    use_wal(connection, deadline.min(Instant::now() + options.busy_timeout))?;
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

/// Two processes that make the same file meet here, and SQLite does not wait for this lock by itself.
fn use_wal(connection: &mut SqliteConnection, deadline: Instant) -> QueryResult<()> {
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if error.to_string().contains("locked") && Instant::now() < deadline => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_take_every_path_for_a_path() {
        let uri = |path: &str| uri(&Location::File(path.into()), false).unwrap();
        assert_eq!(uri("/a?b#c%d.db"), "file:///a%3fb%23c%25d.db?mode=rw");
        assert_eq!(uri("file:x.db"), "file:./file:x.db?mode=rw");
    }
}
