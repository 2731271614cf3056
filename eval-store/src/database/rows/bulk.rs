//! Rows that Postgres takes together.

/// `bulk!(TagRow in run_tags: run_id, key, value)` inserts these columns of the rows.
macro_rules! bulk {
    ($row:ident in $table:ident: $($column:ident),*) => {
        // Nothing else inserts rows together.
        #[cfg(feature = "postgres")]
        impl $crate::database::postgres::Bulk for $row<'_> {
            fn insert(
                rows: &[Self],
                connection: &mut $crate::database::postgres::PgConnection,
            ) -> diesel::QueryResult<usize> {
                use diesel::dsl::SqlTypeOf;
                use diesel::sql_types::Array;

                let statement = $crate::database::postgres::statement(stringify!($table), &[$(stringify!($column)),*]);
                diesel::sql_query(statement)
                    $(.bind::<Array<SqlTypeOf<$table::$column>>, _>(rows.iter().map(|row| &row.$column).collect::<Vec<_>>()))*
                    .execute(connection)
            }
        }
    };
}
