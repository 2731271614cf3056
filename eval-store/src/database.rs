//! Runs and evaluations in a database, through diesel.

mod connection;
mod error;
mod location;
mod migrate;
mod options;
mod read;
mod readers;
mod rows;
mod schema;
mod store;
mod write;
mod writer;

pub use location::public_url;
pub use options::Options;
pub use store::DieselStore;
