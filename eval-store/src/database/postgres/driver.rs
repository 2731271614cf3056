//! What drives a connection.

use std::cell::Cell;
use std::future::Future;

use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::BlockOn;
use tokio::runtime::Runtime;

use super::PgConnection;

/// A runtime of the connection's own, which stands still between two statements. So a statement is sent, carried and
/// answered on the thread that waits for it; a runtime for all connections would be woken twice by each.
///
/// Not the caller's runtime, because that one may have a single thread, which stands still while it waits.
pub(crate) struct Driver(Option<Runtime>);

thread_local! {
    /// The runtime of the connection that is just being wrapped: diesel-async asks for one without saying for which.
    static NEXT: Cell<Option<Runtime>> = const { Cell::new(None) };
}

/// Diesel's blocking connection, driven by the runtime on which it was made.
pub(super) fn drive(runtime: Runtime, connection: AsyncPgConnection) -> PgConnection {
    NEXT.set(Some(runtime));
    PgConnection::from(connection)
}

impl BlockOn for Driver {
    fn block_on<F: Future>(&self, work: F) -> F::Output {
        match &self.0 {
            Some(runtime) => runtime.block_on(work),
            None => unreachable!("a connection is only made by `drive`, and has its runtime until it is dropped"),
        }
    }

    fn get_runtime() -> Self {
        Self(NEXT.take())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Not by waiting: the last user may be an asynchronous task.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
