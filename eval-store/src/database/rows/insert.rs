//! How rows are inserted: one by one into SQLite, many together into Postgres.

/// `rows!(TagRow in run_tags: run_id, key, value)` inserts these columns of the rows.
macro_rules! rows {
    ($row:ident in $table:ident: $first:ident $(, $column:ident)*) => {
        /// What diesel derives walks over all columns half a dozen times for each row, this twice.
        #[cfg(feature = "sqlite")]
        impl $crate::database::sqlite::Row for $row<'_> {
            type Kind = $row<'static>;

            fn walk<'b>(&'b self, mut out: diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>) -> diesel::QueryResult<()> {
                use diesel::dsl::SqlTypeOf;

                out.push_sql(concat!(
                    "INSERT INTO ", stringify!($table), " (", stringify!($first) $(, ", ", stringify!($column))*, ") VALUES ("
                ));
                out.push_bind_param::<SqlTypeOf<$table::$first>, _>(&self.$first)?;
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<SqlTypeOf<$table::$column>, _>(&self.$column)?;
                )*
                out.push_sql(")");
                Ok(())
            }
        }

        #[cfg(feature = "postgres")]
        impl $crate::database::postgres::Bulk for $row<'_> {
            fn insert(
                rows: &[Self],
                connection: &mut $crate::database::postgres::PgConnection,
            ) -> diesel::QueryResult<usize> {
                use diesel::dsl::SqlTypeOf;
                use diesel::sql_types::Array;

                let columns = [stringify!($first) $(, stringify!($column))*];
                let statement = $crate::database::postgres::statement(stringify!($table), &columns);
                diesel::sql_query(statement)
                    .bind::<Array<SqlTypeOf<$table::$first>>, _>(rows.iter().map(|row| &row.$first).collect::<Vec<_>>())
                    $(.bind::<Array<SqlTypeOf<$table::$column>>, _>(rows.iter().map(|row| &row.$column).collect::<Vec<_>>()))*
                    .execute(connection)
            }
        }
    };
}
