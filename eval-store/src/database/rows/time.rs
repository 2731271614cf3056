//! Times: [`Timestamp`] in Rust, UTC text that sorts in SQL.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use eval_core::Timestamp;

use crate::database::error::Failure;

const NANOS: i128 = 1_000_000_000;

pub(crate) fn to_column(time: Timestamp) -> NaiveDateTime {
    let nanos = time.as_nanosecond();
    // Every `Timestamp` fits: chrono spans more years, and the remainder is below a thousand million.
    let seconds = i64::try_from(nanos.div_euclid(NANOS)).unwrap_or_default();
    let rest = u32::try_from(nanos.rem_euclid(NANOS)).unwrap_or_default();
    DateTime::from_timestamp(seconds, rest).unwrap_or_default().naive_utc()
}

pub(crate) fn from_column(column: &str, time: NaiveDateTime) -> Result<Timestamp, Failure> {
    let utc = time.and_utc();
    let rest = i32::try_from(utc.timestamp_subsec_nanos()).unwrap_or(i32::MAX);
    Timestamp::new(utc.timestamp(), rest).map_err(|error| Failure::Corrupt(format!("{column}: {error}")))
}

/// A time in a row that is written often: the same text as diesel's, at a tenth of the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Timestamp)]
pub(crate) struct Stamp(NaiveDateTime);

impl Stamp {
    pub(crate) fn new(time: Timestamp) -> Self {
        Self(to_column(time))
    }

    pub(crate) fn read(self, column: &str) -> Result<Timestamp, Failure> {
        from_column(column, self.0)
    }
}

#[cfg(feature = "sqlite")]
impl ToSql<sql_types::Timestamp, diesel::sqlite::Sqlite> for Stamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::sqlite::Sqlite>) -> serialize::Result {
        out.set_value(text(self.0));
        Ok(serialize::IsNull::No)
    }
}

#[cfg(feature = "postgres")]
impl ToSql<sql_types::Timestamp, diesel::pg::Pg> for Stamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
        ToSql::<sql_types::Timestamp, diesel::pg::Pg>::to_sql(&self.0, out)
    }
}

impl<DB: Backend> FromSql<sql_types::Timestamp, DB> for Stamp
where
    NaiveDateTime: FromSql<sql_types::Timestamp, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        NaiveDateTime::from_sql(bytes).map(Self)
    }
}

/// `2026-01-31 23:59:59.123456`, with as many threes of digits of a second as it has. Chrono's own `%F %T%.f` reads its
/// pattern again each time.
#[cfg(feature = "sqlite")]
fn text(time: NaiveDateTime) -> String {
    let Some(year) = u32::try_from(time.year()).ok().filter(|year| *year <= 9999) else {
        return time.format("%F %T%.f").to_string();
    };
    let mut text = String::with_capacity(29);
    let mut put = |separator: &str, number: u32, digits: u32| {
        text.push_str(separator);
        for place in (0..digits).rev() {
            text.push(char::from_digit(number / 10_u32.pow(place) % 10, 10).unwrap_or('0'));
        }
    };
    put("", year, 4);
    put("-", time.month(), 2);
    put("-", time.day(), 2);
    put(" ", time.hour(), 2);
    put(":", time.minute(), 2);
    put(":", time.second(), 2);
    match time.nanosecond() {
        0 => {}
        nanos if nanos % 1_000_000 == 0 => put(".", nanos / 1_000_000, 3),
        nanos if nanos % 1_000 == 0 => put(".", nanos / 1_000, 6),
        nanos => put(".", nanos, 9),
    }
    text
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

    #[cfg(feature = "sqlite")]
    #[test]
    fn the_text_of_a_time_is_that_of_diesel() {
        for time in [
            "1969-12-31T23:59:59.999999999Z",
            "1970-01-01T00:00:00Z",
            "2026-02-03T04:05:06.5Z",
            "2038-01-19T03:14:08.000001Z",
            "2038-01-19T03:14:08.12345Z",
            "-000001-01-01T00:00:00.1Z",
            "9999-12-30T21:00:00.000000001Z",
        ] {
            let time = to_column(time.parse().unwrap());
            assert_eq!(text(time), time.format("%F %T%.f").to_string());
        }
    }
}
