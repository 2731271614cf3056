//! What is read, in which queries. Everything here runs inside one transaction, so that the parts fit together.

mod evaluations;
mod figures;
mod histories;
mod interim;
mod runs;
mod served;

pub(crate) use evaluations::{compared, evaluations};
pub(crate) use figures::{costs, stats};
pub(crate) use histories::{anchors, history, windows};
pub(crate) use interim::interim;
pub(crate) use runs::{datasets, get_run, latest_comparable, list_runs, runs_of};
pub(crate) use served::{prompt_tokens, served};

/// A limit as SQL takes it.
pub(crate) fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
