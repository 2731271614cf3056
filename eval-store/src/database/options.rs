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
    /// How long to wait for another process that is writing. Default: 5 seconds.
    pub busy_timeout: Duration,
    /// Whether each commit waits for the disk (`synchronous=FULL`). Default: no. A process that is killed loses
    /// nothing either way; a power cut may lose the last commits.
    pub full_sync: bool,
    /// The size in bytes that the database file must not pass. Default: the disk decides.
    pub max_bytes: Option<u64>,
}

impl Options {
    /// The defaults.
    pub fn new() -> Self {
        Self { busy_timeout: Duration::from_secs(5), full_sync: false, max_bytes: None }
    }

    /// The same settings with this time to wait for another process that is writing.
    pub fn busy_timeout(mut self, wait: Duration) -> Self {
        self.busy_timeout = wait;
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
