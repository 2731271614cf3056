//! A connection to one of the databases.

use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::database::error::Failure;
#[cfg(feature = "postgres")]
use crate::database::postgres::{Line, PgConnection};

/// A connection to one of the databases. [`on!`] gives access to what is inside.
pub(crate) enum Connection {
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(Box<PgConnection>, Line),
}

/// Runs diesel on a [`Connection`]: `on!(connection, |c| query.load(c))`. The expression is compiled once for each
/// database, so that boxed queries are built inside of it.
macro_rules! on {
    ($connection:expr, |$c:ident| $body:expr) => {
        match $connection {
            #[cfg(feature = "sqlite")]
            $crate::database::connection::Connection::Sqlite($c) => $body,
            #[cfg(feature = "postgres")]
            $crate::database::connection::Connection::Postgres(connection, _) => {
                let $c = &mut **connection;
                $body
            }
        }
    };
}
pub(crate) use on;

impl Connection {
    /// Runs reads that see one state of the database.
    pub(crate) fn read<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let begin = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "BEGIN",
            #[cfg(feature = "postgres")]
            Self::Postgres(..) => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        };
        self.transact(begin, work)
    }

    /// Runs writes in one transaction. On SQLite it holds the write lock from the beginning: one that reads first and
    /// then wants to write fails at once when another process wrote in between.
    pub(crate) fn write<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let begin = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            #[cfg(feature = "postgres")]
            Self::Postgres(..) => "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
        };
        self.transact(begin, work)
    }

    /// Not diesel's own: SQLite ends the transaction by itself on a full disk, and diesel then reports that nothing was
    /// left to roll back instead of the cause, and gives the connection up.
    fn transact<T>(&mut self, begin: &str, work: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        self.execute(begin)?;
        let result = work(self).and_then(|value| Ok(self.execute("COMMIT").map(|()| value)?));
        if result.is_err() {
            let _ = self.execute("ROLLBACK");
        }
        result
    }

    fn execute(&mut self, sql: &str) -> QueryResult<()> {
        on!(self, |c| c.batch_execute(sql))
    }

    /// Runs work that must have ended by then. SQLite needs no watching: it waits for a lock only as long as it was
    /// told to. A server that does not answer is given up, so that whatever waits for it fails.
    pub(crate) fn until<T>(&mut self, deadline: Instant, work: impl FnOnce(&mut Self) -> T) -> T {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => {
                let _ = deadline;
                work(self)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_, line) => {
                let _watch = line.watch(deadline);
                work(self)
            }
        }
    }

    /// Whether the connection can be used again after this failure.
    pub(crate) fn survives(&self, failure: &Failure) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => {
                let _ = failure;
                true
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_, line) => !failure.is_transient() && line.is_open(),
        }
    }
}
