//! Runs that are taken away.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{RunId, StoreError};

/// Why a run is never taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protection {
    /// It waits, is paused or goes on.
    Unfinished,
    /// A person blessed it.
    Blessed,
    /// A person marked it.
    Marked,
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unfinished => "it goes on",
            Self::Blessed => "it is blessed",
            Self::Marked => "it is marked",
        })
    }
}

/// What became of a run that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deletion {
    /// It is gone, and so many evaluations with it.
    Deleted(u64),
    /// It is still there.
    Kept(Protection),
}

/// Takes runs away.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Deletes: Send + Sync + 'static {
    /// Deletes a run with all that belongs to it, unless it is [protected](Protection).
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run, another one when nothing is deleted.
    async fn delete(&self, run: RunId) -> Result<Deletion, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Deletes + ?Sized> Deletes for Arc<S> {
    async fn delete(&self, run: RunId) -> Result<Deletion, StoreError> {
        (**self).delete(run).await
    }
}
