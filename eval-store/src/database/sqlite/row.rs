//! Rows that SQLite takes one by one.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;

/// A row that can be inserted.
pub(crate) trait Row {
    /// The row without its lifetime: each kind of row has one statement, which stays prepared.
    type Kind: 'static;

    /// The statement and its parameters.
    fn walk<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()>;
}

/// Inserts a row.
pub(super) fn insert(connection: &mut SqliteConnection, row: &impl Row) -> QueryResult<usize> {
    Insert(row).execute(connection)
}

#[derive(Debug)]
struct Insert<'a, R>(&'a R);

impl<R: Row> QueryFragment<Sqlite> for Insert<'_, R> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk(out)
    }
}

impl<R: Row> QueryId for Insert<'_, R> {
    type QueryId = Insert<'static, R::Kind>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R> RunQueryDsl<SqliteConnection> for Insert<'_, R> {}
