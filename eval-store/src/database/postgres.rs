//! What only Postgres needs.

mod address;
mod bulk;
mod driver;
mod insert;
mod server;
mod tls;

use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;

#[cfg(feature = "testing")]
pub(crate) use address::Address;
pub(crate) use bulk::{Bulk, statement};
use driver::{Driver, drive};
pub(crate) use insert::{Ids, put_batches, put_ended};
pub(crate) use server::{Line, Server};
#[cfg(feature = "testing")]
pub(crate) use tls::connector;

/// Diesel's blocking connection over tokio-postgres: no libpq anywhere.
pub(crate) type PgConnection = AsyncConnectionWrapper<AsyncPgConnection, Driver>;
