//! Settings of a database.

use std::time::Duration;

/// Settings of a [`DieselStore`](crate::DieselStore).
///
/// ```
/// use std::time::Duration;
/// let options = eval_store::Options::new().full_sync(true).busy_timeout(Duration::from_secs(30));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// SQLite: how long to wait for another process that is writing. Default: 5 seconds.
    pub busy_timeout: Duration,
    /// Postgres: how long one call may take, with the time for a new connection where the old one was lost. Then it
    /// fails with [`StoreError::Unavailable`](eval_core::StoreError::Unavailable). Default: 30 seconds.
    pub patience: Duration,
    /// SQLite: whether each commit waits for the disk (`synchronous=FULL`). Default: no. A process that is killed
    /// loses nothing either way; a power cut may lose the last commits.
    pub full_sync: bool,
    /// SQLite: the size in bytes that the database file must not pass. Default: the disk decides.
    pub max_bytes: Option<u64>,
    /// Postgres: whether statements are kept prepared from one call to the next. Default: yes. Not behind PgBouncer in
    /// transaction mode, where each transaction may meet another server; `?pgbouncer=true` in the URL says the same.
    pub statement_cache: bool,
    /// Whether its connections only read, and so want no right to write.
    pub(crate) reading: bool,
}

impl Options {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            patience: Duration::from_secs(30),
            full_sync: false,
            max_bytes: None,
            statement_cache: true,
            reading: false,
        }
    }

    /// The same settings for connections that only read.
    pub(crate) fn reading(mut self) -> Self {
        self.reading = true;
        self
    }

    /// The same settings with this time to wait for another process that is writing.
    pub fn busy_timeout(mut self, wait: Duration) -> Self {
        self.busy_timeout = wait;
        self
    }

    /// The same settings with this longest time for one call.
    pub fn patience(mut self, longest: Duration) -> Self {
        self.patience = longest;
        self
    }

    /// The same settings, with statements that stay prepared or do not.
    pub fn statement_cache(mut self, yes: bool) -> Self {
        self.statement_cache = yes;
        self
    }

    /// The same settings, with commits that wait for the disk or do not.
    pub fn full_sync(mut self, yes: bool) -> Self {
        self.full_sync = yes;
        self
    }

    /// The same settings with this largest size, in bytes. Writing more fails as on a full disk.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
