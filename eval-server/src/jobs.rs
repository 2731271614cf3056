//! Runs in the background: a durable queue, the workers that empty it, and what is known of the runs meanwhile.

mod after;
mod builder;
pub(crate) mod control;
mod desk;
mod feed;
pub(crate) mod pages;
pub(crate) mod submit;
mod view;
mod work;
mod worker;
mod workers;

pub use after::AfterRuns;
pub use builder::WorkersBuilder;
pub(crate) use desk::{Desk, Limits, closed};
pub use workers::Workers;
