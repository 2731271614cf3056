//! Jobs that come by the clock.

mod cron;
pub(crate) mod routes;
mod schedule;
mod scheduler;

pub use cron::{Cron, CronError};
pub(crate) use routes::{Brief, brief};
pub use schedule::{Missed, Schedule};
pub use scheduler::{Schedules, Skipped};
