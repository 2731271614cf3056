//! An OpenAI-compatible endpoint that misbehaves on purpose, and keeps a ledger of what reached it.
//!
//! It speaks HTTP by hand, so that it can lie below HTTP as well. What it does is chosen by the name of the model: see
//! [`BEHAVIOURS`]. The model [`BY_QUESTION`] does what the last word of the question says, so that one data set can hold
//! every fault. Every refusal repeats the key that it was sent, as careless endpoints do.
//!
//! Only for tests and for trying things out: `cargo run --example chaos`.

mod answers;
mod asked;
mod behaviour;
mod gzip;
mod ledger;
mod reply;
mod server;

pub use behaviour::{BEHAVIOURS, BY_QUESTION};
pub use ledger::Ledger;
pub use server::Chaos;
