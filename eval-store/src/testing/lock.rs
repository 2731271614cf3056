//! A SQLite file that somebody else writes to.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

/// Another writer of a SQLite file, who has it locked until this is dropped: for who shows what a process does meanwhile.
pub struct SqliteLock(SqliteConnection);

impl std::fmt::Debug for SqliteLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteLock")
    }
}

impl SqliteLock {
    /// Locks a file that is there, between two writes of whoever writes to it now.
    ///
    /// # Panics
    /// When the file is none of SQLite's, or is locked by another for half a minute.
    pub fn of(file: &Path) -> Self {
        let mut connection = SqliteConnection::establish(file.to_str().expect("a path in UTF-8")).expect("a database");
        connection.batch_execute("PRAGMA busy_timeout = 30000; BEGIN IMMEDIATE").expect("a lock");
        Self(connection)
    }
}

impl Drop for SqliteLock {
    fn drop(&mut self) {
        // The connection that ends with this lets go too.
        let _ = self.0.batch_execute("ROLLBACK");
    }
}
