//! Deleting, and giving room back.

use diesel::connection::SimpleConnection;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use eval_core::RunId;

use super::select::with_protection;
use super::{Deletion, Expired};
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::leases;
use crate::database::schema::{evaluations, runs, samples};

/// Deletes a run; all that belongs to it goes with it by its foreign keys.
pub(super) fn run(connection: &mut Connection, run: RunId) -> Result<Deletion, Failure> {
    let id = run.to_string();
    // Whoever wants to go on with the run waits, and then finds it gone.
    leases::lock_run(connection, run, &id)?;
    let found = with_protection(connection, vec![id.clone()])?.pop().ok_or(Failure::Missing(run))?;
    if let Expired { protection: Some(protection), .. } = found {
        return Ok(Deletion::Kept(protection));
    }
    let of_run = evaluations::table.filter(evaluations::run_id.eq(&id));
    let count: i64 = on!(connection, |c| of_run.count().get_result(c))?;
    on!(connection, |c| diesel::delete(runs::table.find(&id)).execute(c))?;
    Ok(Deletion::Deleted(u64::try_from(count).unwrap_or_default()))
}

/// Deletes samples without evaluations. Looking for them, and the check of the foreign key after each, need an index
/// that is of no use otherwise and would slow every evaluation down, so that it is made for this transaction only. Its
/// making waits for all who write, and whoever knows a sample to be there finds out that it is not and writes it again.
pub(super) fn orphans(connection: &mut Connection) -> Result<u64, Failure> {
    on!(connection, |c| c.batch_execute("CREATE INDEX evaluations_by_sample ON evaluations (sample_hash)"))?;
    let asked = exists(evaluations::table.filter(evaluations::sample_hash.eq(samples::hash)));
    let deleted = on!(connection, |c| diesel::delete(samples::table.filter(not(asked))).execute(c))?;
    on!(connection, |c| c.batch_execute("DROP INDEX evaluations_by_sample"))?;
    Ok(deleted as u64)
}

/// Writes an SQLite file anew, without its free pages. The log is emptied too: until then the file keeps its size.
pub(super) fn shrink(connection: &mut Connection) -> Result<Option<u64>, Failure> {
    match connection {
        #[cfg(feature = "sqlite")]
        Connection::Sqlite(connection) => {
            let before = size(connection)?;
            connection.batch_execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
            Ok(Some(before.saturating_sub(size(connection)?)))
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(..) => Ok(None),
    }
}

#[cfg(feature = "sqlite")]
fn size(connection: &mut SqliteConnection) -> QueryResult<u64> {
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;

    let size = "(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)";
    diesel::select(sql::<BigInt>(size)).get_result(connection).map(|size: i64| u64::try_from(size).unwrap_or_default())
}
