//! What may go wrong with `evalctl` as a process: docs/faults.toml has the list.

#![cfg(unix)]

mod away;
#[path = "../common/mod.rs"]
mod common;
mod crash;
mod endpoint;
mod refused;
mod stop;
mod strace;
mod trouble;
mod watch;
