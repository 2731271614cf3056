#![doc = include_str!("../README.md")]

mod error;
mod evaluations;
mod models;
mod query;
mod router;
mod runs;
mod state;

pub use router::router;
pub use state::AppState;
