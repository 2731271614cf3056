//! The connections that read.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::prelude::*;
use eval_core::StoreError;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::database::connection::connect;
use crate::database::error::{Failure, backend};
use crate::database::location::Location;
use crate::database::options::Options;

/// At most so many connections read at once; the next reader waits.
const MOST: usize = 4;

/// A small pool. A connection is made when it is first needed and kept for the next reader.
#[derive(Debug, Clone)]
pub(crate) struct Readers(Arc<Shared>);

struct Shared {
    location: Location,
    options: Options,
    idle: Mutex<Vec<SqliteConnection>>,
    permits: Semaphore,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("location", &self.location).finish_non_exhaustive()
    }
}

impl Readers {
    pub(crate) fn new(location: Location, options: Options) -> Self {
        let (idle, permits) = (Mutex::default(), Semaphore::new(MOST));
        Self(Arc::new(Shared { location, options, idle, permits }))
    }

    /// Runs a function on a connection of its own, on a thread that may block.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _permit = self.0.permits.acquire().await.map_err(backend)?;
        let shared = self.0.clone();
        spawn_blocking(move || shared.call(work)).await.map_err(backend)?
    }
}

impl Shared {
    fn call<T>(&self, work: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>) -> Result<T, StoreError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => connect(&self.location, &self.options, false).map_err(backend)?,
        };
        let result = work(&mut connection);
        if result.as_ref().err().is_none_or(Failure::is_harmless) {
            idle().push(connection);
        }
        Ok(result?)
    }
}
