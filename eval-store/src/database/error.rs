//! What goes wrong inside, before it becomes a [`StoreError`].

use std::fmt;

use diesel::result::{DatabaseErrorKind, Error};
use eval_core::{BoxError, Lease, RunId, StoreError};

/// Why a transaction was given up.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no such run.
    Missing(RunId),
    /// Another owner works on the run.
    Held(Box<Lease>),
    /// The database said no.
    Database(Error),
    /// The database does not let us in, now or later.
    Refused(String),
    /// A value cannot be read.
    Corrupt(String),
}

/// What SQLite and Postgres say of trouble that passes. Diesel hands on no codes, only a few kinds and the text.
const TRANSIENT: &[&str] = &[
    // SQLite
    "is locked",
    "disk is full",
    // Postgres: 40P01, 53xxx, 57014, 57P01 to 57P03
    "deadlock detected",
    "No space left on device",
    "Disk quota exceeded",
    "out of memory",
    "out of shared memory",
    "connection slots",
    "too many clients",
    "too many connections",
    "canceling statement due to",
    "terminating connection",
    "is shutting down",
    "is starting up",
    "in recovery mode",
    "not yet accepting connections",
];

impl Failure {
    /// Whether the same call may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Database(Error::DatabaseError(kind, why)) => {
                use DatabaseErrorKind::{ClosedConnection, SerializationFailure, UnableToSendCommand};
                matches!(kind, ClosedConnection | SerializationFailure | UnableToSendCommand)
                    || TRANSIENT.iter().any(|text| why.message().contains(text))
            }
            _ => false,
        }
    }

    /// Whether the same call may succeed at once. Room on a full disk comes later, and a lock was waited for already.
    pub(crate) fn may_pass(&self) -> bool {
        let later = ["disk is full", "is locked"].iter().any(|text| self.to_string().contains(text));
        self.is_stale() || self.is_transient() && !later
    }

    /// Whether something that was known to be stored is not, because another process has deleted it.
    fn is_stale(&self) -> bool {
        matches!(self, Self::Database(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(run) => write!(f, "there is no run {run}"),
            Self::Held(lease) => write!(f, "{} works on run {}", lease.owner, lease.run),
            Self::Database(error) => error.fmt(f),
            Self::Refused(what) | Self::Corrupt(what) => f.write_str(what),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let transient = failure.is_transient();
        match failure {
            Failure::Missing(run) => Self::NotFound(run),
            Failure::Held(lease) => Self::Held(lease),
            Failure::Database(error) if transient => Self::Unavailable(error.into()),
            Failure::Database(error) => Self::Backend(error.into()),
            Failure::Refused(what) => Self::Backend(what.into()),
            Failure::Corrupt(what) => Self::Corrupt(what),
        }
    }
}

/// The store's own machinery gone: its thread, its runtime.
pub(crate) fn backend(what: impl Into<BoxError>) -> StoreError {
    StoreError::Backend(what.into())
}
