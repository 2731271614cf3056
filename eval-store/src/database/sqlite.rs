//! What only SQLite needs.

mod backup;
mod connection;
mod identity;
mod insert;
mod row;

pub(crate) use backup::back_up;
pub(crate) use connection::File;
pub(crate) use insert::{put_batches, put_ended, put_samples};
pub(crate) use row::Row;
