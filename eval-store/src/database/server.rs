//! What a long-lived server keeps, a file a table.
//!
//! What may happen to a job or an alert is written in eval-core. Here a row is loaded, changed and saved within one
//! transaction, and who changes rows of a table comes one after the other.

mod alerts;
mod audit;
mod job_row;
mod jobs;
mod notices;
mod outbox;
mod tokens;
mod vitals;

use chrono::NaiveDateTime;
use eval_core::Timestamp;

use crate::database::connection::Connection;
use crate::database::error::Failure;
use crate::database::rows::time;

/// Lets nobody else change the table until the transaction ends; reads go on. SQLite has one writer anyway.
fn lock(connection: &mut Connection, table: &str) -> Result<(), Failure> {
    match connection {
        #[cfg(feature = "sqlite")]
        Connection::Sqlite(_) => {
            let _ = table;
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(c, _) => {
            use diesel::connection::SimpleConnection;

            c.batch_execute(&format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))?;
        }
    }
    Ok(())
}

/// A time that may be unknown, as a column.
fn to_column(time: Option<Timestamp>) -> Option<NaiveDateTime> {
    time.map(time::to_column)
}

/// A time that may be unknown, read back.
fn from_column(column: &str, time: Option<NaiveDateTime>) -> Result<Option<Timestamp>, Failure> {
    time.map(|time| time::from_column(column, time)).transpose()
}
