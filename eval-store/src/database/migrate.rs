//! Brings a database to the schema of this version, or refuses it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationConnection, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::database::connection::Connection as AnyConnection;

/// The migrations of a database, and where it lists its tables.
struct Schema {
    migrations: EmbeddedMigrations,
    tables: &'static str,
}

#[cfg(feature = "sqlite")]
const SQLITE: Schema = Schema {
    migrations: embed_migrations!("migrations/sqlite"),
    tables: "(SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%')",
};
#[cfg(feature = "postgres")]
const POSTGRES: Schema = Schema {
    migrations: embed_migrations!("migrations/postgres"),
    tables: "(SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema())",
};

/// Changes nothing, but a database that is read-only has let everything pass until here.
const TRY_TO_WRITE: &str = "UPDATE __diesel_schema_migrations SET version = version WHERE FALSE";

/// The versions of a schema, as diesel writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Versions {
    /// What this program can bring a database to.
    pub(crate) known: BTreeSet<String>,
    /// What the database has.
    pub(crate) applied: BTreeSet<String>,
}

impl Versions {
    /// Reads them and changes nothing.
    pub(crate) fn read(connection: &mut AnyConnection) -> Result<Self, String> {
        let read = match connection {
            #[cfg(feature = "sqlite")]
            AnyConnection::Sqlite(connection) => SQLITE.versions(connection),
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(connection, _) => POSTGRES.versions(&mut **connection),
        };
        read.map_err(|Refused(why)| why)
    }

    /// Whether there is nothing to change.
    ///
    /// # Errors
    /// Why a newer schema is refused.
    pub(crate) fn are_current(&self) -> Result<bool, String> {
        self.refuse_newer().map_err(|Refused(why)| why)?;
        Ok(self.applied == self.known)
    }

    /// Whether there is something to change, and something to lose.
    pub(crate) fn are_older(&self) -> bool {
        !self.applied.is_empty() && !self.known.is_subset(&self.applied)
    }

    fn refuse_newer(&self) -> Result<(), Refused> {
        let Some(newer) = self.applied.difference(&self.known).last() else { return Ok(()) };
        let ours = self.known.last().map_or("none", String::as_str);
        Err(Refused(format!(
            "its schema has version {newer}, and this version of the program knows {ours} at most; \
             use a newer program or another database"
        )))
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.last().map_or("none", String::as_str);
        let applied = self.applied.last().map_or("none", String::as_str);
        write!(f, "schema {applied}, which is older than {known}")
    }
}

/// Why a database was not brought up to date, for a person.
#[derive(Debug)]
struct Refused(String);

impl From<diesel::result::Error> for Refused {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.to_string())
    }
}

/// Runs the migrations that are missing, all or none, in one transaction that holds a lock: a second process that opens
/// the same database waits and then finds everything done. It also finds out whether the database can be written at
/// all. An older file is copied before.
pub(crate) fn migrate(connection: &mut AnyConnection, file: Option<&Path>) -> Result<(), String> {
    try_to_migrate(connection, file).map_err(|Refused(why)| why)
}

fn try_to_migrate(connection: &mut AnyConnection, file: Option<&Path>) -> Result<(), Refused> {
    match connection {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(connection) => {
            if let Some(file) = file {
                copy_older(connection, file)?;
            }
            connection.immediate_transaction(|connection| SQLITE.bring_up_to_date(connection))
        }
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection, _) => {
            // A server has backups of its own, and changes its schema in a transaction too.
            let _ = file;
            connection.transaction(|connection| {
                // A number of our own that other users of the server will hardly have taken.
                diesel::sql_query("SELECT pg_advisory_xact_lock(7307199742)").execute(connection)?;
                POSTGRES.bring_up_to_date(connection)
            })
        }
    }
}

#[cfg(feature = "sqlite")]
fn copy_older(connection: &mut SqliteConnection, file: &Path) -> Result<(), Refused> {
    let found = SQLITE.versions(connection)?;
    found.refuse_newer()?;
    let Some(newest) = found.known.last().filter(|_| found.are_older()) else { return Ok(()) };
    let still = |connection: &mut SqliteConnection| match SQLITE.versions(connection) {
        Ok(versions) => Ok(versions.are_older()),
        Err(Refused(why)) => Err(why),
    };
    crate::database::sqlite::back_up(connection, file, newest, still).map_err(Refused)
}

impl Schema {
    fn bring_up_to_date<C>(self, connection: &mut C) -> Result<(), Refused>
    where
        C: Connection + MigrationConnection + MigrationHarness<C::Backend> + Count,
        EmbeddedMigrations: MigrationSource<C::Backend>,
    {
        let versions = self.versions(connection)?;
        let others = format!("count(*) FROM {} AS tables WHERE name <> '__diesel_schema_migrations'", self.tables);
        if versions.applied.is_empty() && connection.count(&others)? > 0 {
            return Err(Refused("it holds the tables of another program; name another database".to_owned()));
        }
        versions.refuse_newer()?;
        if versions.applied != versions.known {
            let pending = connection.run_pending_migrations(self.migrations);
            pending.map_err(|error| Refused(format!("its schema cannot be brought up to date: {error}")))?;
        }
        Ok(connection.batch_execute(TRY_TO_WRITE)?)
    }

    fn versions<C>(&self, connection: &mut C) -> Result<Versions, Refused>
    where
        C: Connection + MigrationHarness<C::Backend> + Count,
        EmbeddedMigrations: MigrationSource<C::Backend>,
    {
        let unreadable = |error| Refused(format!("its schema version cannot be read: {error}"));
        let known: Vec<Box<dyn Migration<C::Backend>>> = self.migrations.migrations().map_err(unreadable)?;
        let known = known.iter().map(|migration| migration.name().version().to_string()).collect();
        let ours = format!("count(*) FROM {} AS tables WHERE name = '__diesel_schema_migrations'", self.tables);
        if connection.count(&ours)? == 0 {
            return Ok(Versions { known, applied: BTreeSet::new() });
        }
        // Not by diesel, which makes the table before it reads it.
        Ok(Versions {
            known,
            applied: connection.texts("version FROM __diesel_schema_migrations")?.into_iter().collect(),
        })
    }
}

/// A query for the names of all tables.
pub(crate) fn tables(connection: &AnyConnection) -> &'static str {
    match connection {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => SQLITE.tables,
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(..) => POSTGRES.tables,
    }
}

/// What SQL counts and lists.
pub(crate) trait Count {
    fn count(&mut self, what: &str) -> QueryResult<i64>;
    fn texts(&mut self, what: &str) -> QueryResult<Vec<String>>;
}

#[cfg(feature = "sqlite")]
impl Count for SqliteConnection {
    fn count(&mut self, what: &str) -> QueryResult<i64> {
        diesel::select(sql::<BigInt>(what)).get_result(self)
    }

    fn texts(&mut self, what: &str) -> QueryResult<Vec<String>> {
        diesel::select(sql::<Text>(what)).load(self)
    }
}

#[cfg(feature = "postgres")]
impl Count for crate::database::postgres::PgConnection {
    fn count(&mut self, what: &str) -> QueryResult<i64> {
        diesel::select(sql::<BigInt>(what)).get_result(self)
    }

    fn texts(&mut self, what: &str) -> QueryResult<Vec<String>> {
        diesel::select(sql::<Text>(what)).load(self)
    }
}
