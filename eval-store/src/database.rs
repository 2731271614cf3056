//! Runs and evaluations in a database, through diesel.
//!
//! A query is written once and compiled for each database, by [`on!`](connection); `sqlite` and `postgres` hold what
//! really differs: how a connection is made, and the statements that write evaluations.

mod advice;
mod attempts;
mod baselines;
mod connection;
mod drift_log;
mod error;
mod labels;
mod leases;
mod location;
mod marks;
mod migrate;
mod options;
mod place;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
mod read;
mod readers;
mod recost;
mod retention;
mod rows;
mod schema;
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
mod status;
mod store;
mod write;
mod writer;

pub use location::public_url;
pub use options::Options;
pub use recost::Recost;
pub use retention::{Deletion, Expired, Protection, Retention};
pub use status::DatabaseStatus;
pub use store::DieselStore;
