//! The time of day for records.

use jiff::Timestamp;

/// Now, in whole microseconds: what every database can keep, so that a record read back equals the one written.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}
