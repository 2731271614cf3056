//! Many rows in one statement.

use diesel::QueryResult;

use super::PgConnection;

/// Rows that are inserted together: an array a column, so that the statement is short and always the same. As a list
/// of `VALUES`, with a parameter for each field of each row, it costs Postgres and the client more than the rows.
pub(crate) trait Bulk: Sized {
    /// Inserts the rows, except where there is one of the same key already. How many were inserted.
    fn insert(rows: &[Self], connection: &mut PgConnection) -> QueryResult<usize>;
}

/// Named columns of a table, from as many arrays.
pub(crate) fn statement(table: &str, columns: &[&str]) -> String {
    let arrays: Vec<_> = (1..=columns.len()).map(|number| format!("${number}")).collect();
    let (columns, arrays) = (columns.join(", "), arrays.join(", "));
    format!("INSERT INTO {table} ({columns}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING")
}
