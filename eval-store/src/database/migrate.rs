//! Brings a database to the schema of this version, or refuses it.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Why a database was not brought up to date, for a person.
#[derive(Debug)]
struct Refused(String);

impl From<diesel::result::Error> for Refused {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.to_string())
    }
}

/// Runs the migrations that are missing, all or none. One immediate transaction, so that a second process that opens
/// the same file waits and then finds everything done. It also finds out whether the file can be written at all.
pub(crate) fn migrate(connection: &mut SqliteConnection) -> Result<(), String> {
    connection.immediate_transaction(run).map_err(|Refused(why)| why)
}

fn run(connection: &mut SqliteConnection) -> Result<(), Refused> {
    refuse_foreign(connection)?;
    refuse_newer(connection)?;
    let pending = connection.run_pending_migrations(MIGRATIONS);
    pending.map_err(|error| Refused(format!("its schema cannot be brought up to date: {error}")))?;
    // Changes nothing, but a file that is read-only has let everything pass until here.
    Ok(connection.batch_execute("UPDATE __diesel_schema_migrations SET version = version WHERE FALSE")?)
}

/// A file with tables of another program must not get ours as well.
fn refuse_foreign(connection: &mut SqliteConnection) -> Result<(), Refused> {
    let tables = "count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let ours = "count(*) FROM sqlite_master WHERE name = '__diesel_schema_migrations'";
    let mut count = |what: &str| diesel::select(sql::<BigInt>(what)).get_result::<i64>(connection);
    if count(tables)? > 0 && count(ours)? == 0 {
        return Err(Refused("it holds the tables of another program; name another file".to_owned()));
    }
    Ok(())
}

fn refuse_newer(connection: &mut SqliteConnection) -> Result<(), Refused> {
    let unreadable = |error| Refused(format!("its schema version cannot be read: {error}"));
    let known = known().map_err(unreadable)?;
    let applied = connection.applied_migrations().map_err(unreadable)?;
    let applied: BTreeSet<String> = applied.iter().map(ToString::to_string).collect();
    let Some(newer) = applied.difference(&known).last() else { return Ok(()) };
    let ours = known.last().map_or("none", String::as_str);
    Err(Refused(format!(
        "its schema has version {newer}, and this version of the program knows {ours} at most; \
         use a newer program or another database"
    )))
}

fn known() -> diesel::migration::Result<BTreeSet<String>> {
    let migrations: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS.migrations()?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}
