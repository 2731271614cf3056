//! Times: [`Timestamp`] in Rust, UTC text that sorts in SQL.

use chrono::{DateTime, NaiveDateTime};
use eval_core::Timestamp;

use crate::database::error::Failure;

const NANOS: i128 = 1_000_000_000;

pub(super) fn to_column(time: Timestamp) -> NaiveDateTime {
    let nanos = time.as_nanosecond();
    // Every `Timestamp` fits: chrono spans more years, and the remainder is below a thousand million.
    let seconds = i64::try_from(nanos.div_euclid(NANOS)).unwrap_or_default();
    let rest = u32::try_from(nanos.rem_euclid(NANOS)).unwrap_or_default();
    DateTime::from_timestamp(seconds, rest).unwrap_or_default().naive_utc()
}

pub(super) fn from_column(column: &str, time: NaiveDateTime) -> Result<Timestamp, Failure> {
    let utc = time.and_utc();
    let rest = i32::try_from(utc.timestamp_subsec_nanos()).unwrap_or(i32::MAX);
    Timestamp::new(utc.timestamp(), rest).map_err(|error| Failure::Corrupt(format!("{column}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_and_read_as_utc() {
        for text in ["1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z", "2038-01-19T03:14:08.000001Z"] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(from_column("t", to_column(time)).unwrap(), time);
            assert_eq!(to_column(time).format("%FT%T%.fZ").to_string(), text);
        }
    }
}
