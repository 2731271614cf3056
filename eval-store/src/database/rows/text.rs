//! Texts between Rust and SQL.

use std::borrow::Cow;
use std::ops::Deref;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;

/// A text that is borrowed when it is written and owned when it was read.
///
/// Postgres cannot keep U+0000 in a text, so that U+FFFD, the sign for what cannot be shown, takes its place there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Text)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "sqlite")]
impl ToSql<sql_types::Text, diesel::sqlite::Sqlite> for Text<'_> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::sqlite::Sqlite>) -> serialize::Result {
        <str as ToSql<sql_types::Text, diesel::sqlite::Sqlite>>::to_sql(&self.0, out)
    }
}

#[cfg(feature = "postgres")]
impl ToSql<sql_types::Text, diesel::pg::Pg> for Text<'_> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
        use std::io::Write;

        match self.0.contains('\0') {
            true => out.write_all(self.0.replace('\0', "\u{fffd}").as_bytes())?,
            false => out.write_all(self.0.as_bytes())?,
        }
        Ok(serialize::IsNull::No)
    }
}

impl<DB: Backend> FromSql<sql_types::Text, DB> for Text<'_>
where
    String: FromSql<sql_types::Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(bytes).map(Self::from)
    }
}
