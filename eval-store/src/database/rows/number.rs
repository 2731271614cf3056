//! Numbers between Rust and SQL.

use eval_core::Score;

use crate::database::error::Failure;

/// A count. SQL has no unsigned integers; nobody counts to 9.2 million million million.
pub(super) fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A count read back.
pub(super) fn counted(column: &str, n: i64) -> Result<u64, Failure> {
    u64::try_from(n).map_err(|_| Failure::Corrupt(format!("{column}: {n}")))
}

/// A figure that a provider reported. One too large for the column is nonsense, and nonsense is unknown.
pub(crate) fn reported(n: Option<u64>) -> Option<i64> {
    n.and_then(|n| i64::try_from(n).ok())
}

/// A reported figure read back.
pub(crate) fn known(column: &str, n: Option<i64>) -> Result<Option<u64>, Failure> {
    n.map(|n| counted(column, n)).transpose()
}

/// A small count read back, for instance of retries.
pub(super) fn small(column: &str, n: Option<i64>) -> Result<Option<u32>, Failure> {
    n.map(|n| epoch(column, n)).transpose()
}

/// An epoch read back.
pub(crate) fn epoch(column: &str, n: i64) -> Result<u32, Failure> {
    u32::try_from(n).map_err(|_| Failure::Corrupt(format!("{column}: {n}")))
}

/// A measurement. One that is no number was not measured; SQLite would store it as NULL anyway.
pub(super) fn measured(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

/// A score read back.
pub(super) fn score(column: &str, value: Option<f64>) -> Result<Option<Score>, Failure> {
    let checked = |value| Score::new(value).ok_or_else(|| Failure::Corrupt(format!("{column}: {value}")));
    value.map(checked).transpose()
}
