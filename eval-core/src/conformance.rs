//! The tests that every [`Store`](crate::Store) and every [`Provider`](crate::Provider) must pass (feature
//! `conformance`).
//!
//! They are plain async functions, so that any test runtime can call them; they panic with a sentence that says what
//! did not hold. The suite is not part of the stable interface: a later version may ask for more.
//!
//! ```
//! use eval_core::{InMemory, conformance};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! conformance::store(async || InMemory::new()).await;
//! conformance::reports(async || InMemory::new()).await;
//! conformance::durable(async || InMemory::new()).await;
//! conformance::drift(async || InMemory::new()).await;
//! conformance::labels(async || InMemory::new()).await;
//! # });
//! ```

mod drift;
mod durable;
pub mod fixtures;
mod labels;
mod provider;
mod reports;
#[cfg(feature = "server")]
mod runner;
#[cfg(feature = "server")]
mod server;
mod store;

use std::error::Error;

pub use drift::drift;
pub use durable::durable;
pub use labels::labels;
pub use provider::provider;
pub use reports::reports;
#[cfg(feature = "server")]
pub use runner::runner;
#[cfg(feature = "server")]
pub use server::server;
pub use store::store;

/// The value, or a panic that says what was tried and everything that the error says.
fn must<T, E: Error + 'static>(result: Result<T, E>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {}", crate::error_chain(&error)),
    }
}
