//! What goes wrong inside, before it becomes a [`StoreError`].

use std::fmt;

use eval_core::{BoxError, RunId, StoreError};

/// Why a transaction was given up.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no such run.
    Missing(RunId),
    /// SQLite said no.
    Database(diesel::result::Error),
    /// A value cannot be read.
    Corrupt(String),
}

impl Failure {
    /// Whether another process held the database for longer than the busy timeout.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Database(error) if error.to_string().contains("locked"))
    }

    /// Whether the connection may be used again.
    pub(crate) fn is_harmless(&self) -> bool {
        !matches!(self, Self::Database(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(run) => write!(f, "there is no run {run}"),
            Self::Database(error) => error.fmt(f),
            Self::Corrupt(what) => f.write_str(what),
        }
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing(run) => Self::NotFound(run),
            Failure::Database(error) => Self::Backend(error.into()),
            Failure::Corrupt(what) => Self::Corrupt(what),
        }
    }
}

/// A database in trouble, or the store's own machinery gone: its thread, its runtime.
pub(crate) fn backend(what: impl Into<BoxError>) -> StoreError {
    StoreError::Backend(what.into())
}
