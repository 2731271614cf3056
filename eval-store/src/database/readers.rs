//! The connections that read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eval_core::StoreError;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::database::connection::Connection;
use crate::database::error::{Failure, backend};
use crate::database::place::Place;

/// At most so many connections read at once; the next reader waits.
const MOST: usize = 4;

/// A small pool. A connection is made when it is first needed and kept for the next reader.
#[derive(Debug, Clone)]
pub(crate) struct Readers(Arc<Shared>);

struct Shared {
    place: Place,
    patience: Duration,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Readers {
    pub(crate) fn new(place: Place, patience: Duration) -> Self {
        let (idle, permits) = (Mutex::default(), Semaphore::new(MOST));
        Self(Arc::new(Shared { place, patience, idle, permits }))
    }

    /// Runs reads on a connection of their own, on a thread that may block, and once more if the connection was lost.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.0.patience;
        let _permit = self.0.permits.acquire().await.map_err(backend)?;
        let shared = self.0.clone();
        Ok(spawn_blocking(move || shared.call(deadline, work)).await.map_err(backend)??)
    }
}

impl Shared {
    fn call<T>(
        &self,
        deadline: Instant,
        work: impl FnMut(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = idle().pop();
        let result = self.place.run(&mut connection, deadline, work);
        idle().extend(connection);
        result
    }
}
