//! Connections to a server.

use std::time::{Duration, Instant};

use diesel::connection::{CacheSize, SimpleConnection};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{Connection as _, QueryResult};
use diesel_async::AsyncPgConnection;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout_at};
use tokio_postgres::Config;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::tls::connector;
use super::{PgConnection, drive};
use crate::database::connection::Connection;
use crate::database::error::Failure;
use crate::database::options::Options;

/// A server, and how to speak to it.
pub(crate) struct Server {
    config: Config,
    tls: MakeRustlsConnect,
    patience: Duration,
    /// No PgBouncer stands in front, so that a connection remembers.
    own: bool,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("hosts", &self.config.get_hosts()).finish_non_exhaustive()
    }
}

impl Server {
    pub(crate) fn new(url: &str, options: &Options) -> Result<Self, String> {
        let Address { config, trust, bouncer } = Address::parse(url)?;
        let tls = connector(&trust)?;
        let own = options.statement_cache && !bouncer;
        Ok(Self { config, tls, patience: options.patience, own })
    }

    /// Opens a connection, from a thread that may block.
    pub(crate) fn connect(&self, deadline: Instant) -> Result<Connection, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| unreachable(format!("no connection can be driven: {error}")))?;
        let connecting = async { timeout_at(deadline.into(), self.log_in(runtime.handle())).await };
        let late = |_| unreachable("the server did not answer in time".to_owned());
        let (connection, line) = runtime.block_on(connecting).map_err(late)??;
        let mut connection = drive(runtime, connection);
        let watch = line.watch(deadline);
        self.set_up(&mut connection)?;
        drop(watch);
        Ok(Connection::Postgres(connection.into(), line))
    }

    async fn log_in(&self, handle: &Handle) -> Result<(AsyncPgConnection, Line), Failure> {
        let (client, connection) = self.config.connect(self.tls.clone()).await.map_err(|error| refusal(&error))?;
        let task = handle.spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(error = eval_core::error_chain(&error), "the connection to Postgres broke");
            }
        });
        let line = Line { task, handle: handle.clone() };
        let connection = AsyncPgConnection::try_from(client).await;
        Ok((connection.map_err(|error| unreachable(error.to_string()))?, line))
    }

    fn set_up(&self, connection: &mut PgConnection) -> QueryResult<()> {
        if self.own {
            // What the caller has given up, the server need not go on with.
            let longest = self.patience.as_millis();
            return connection.batch_execute(&format!("SET statement_timeout = {longest}"));
        }
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        Ok(())
    }
}

/// Whether it helps to come back later: when the server is away, starting, stopping or full, not when it knows neither
/// us nor the database.
fn refusal(error: &tokio_postgres::Error) -> Failure {
    let why = eval_core::error_chain(error);
    let later = match error.code() {
        Some(code) => [
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::OUT_OF_MEMORY,
            SqlState::DISK_FULL,
        ]
        .contains(code),
        None => !why.contains("TLS") && !why.contains("invalid"),
    };
    if later { unreachable(why) } else { Failure::Refused(why) }
}

/// There is no connection, for now.
fn unreachable(why: String) -> Failure {
    Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(why)).into()
}

/// The task that carries a connection. Without it, whoever waits for an answer is told that there is none.
#[derive(Debug)]
pub(crate) struct Line {
    task: JoinHandle<()>,
    handle: Handle,
}

impl Line {
    pub(crate) fn is_open(&self) -> bool {
        !self.task.is_finished()
    }

    /// Cuts the line at the deadline, unless the watch is dropped before.
    pub(crate) fn watch(&self, deadline: Instant) -> Watch {
        let line = self.task.abort_handle();
        Watch(self.handle.spawn(async move {
            sleep_until(deadline.into()).await;
            tracing::warn!("Postgres did not answer in time; its connection is given up");
            line.abort();
        }))
    }
}

/// A deadline that stands.
#[derive(Debug)]
pub(crate) struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}
