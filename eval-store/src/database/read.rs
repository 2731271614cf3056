//! What is read, in which queries. Everything here runs inside one transaction, so that the parts fit together.

mod evaluations;
mod runs;

pub(crate) use evaluations::evaluations;
pub(crate) use runs::{get_run, latest_comparable, list_runs};

/// A limit as SQL takes it.
fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
