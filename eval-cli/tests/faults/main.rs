//! What may go wrong with `evalctl` as a process: docs/faults.toml has the list.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod crash;
mod endpoint;
mod stop;
mod trouble;
mod watch;
