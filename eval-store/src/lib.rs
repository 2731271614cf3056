#![doc = include_str!("../README.md")]

#[cfg(feature = "sqlite")]
mod database;

#[cfg(feature = "sqlite")]
pub use database::{DieselStore, Options};
