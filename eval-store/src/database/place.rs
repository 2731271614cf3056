//! Where connections come from.

use std::time::Instant;

use crate::database::connection::Connection;
use crate::database::error::Failure;
use crate::database::location::Location;
use crate::database::options::Options;
#[cfg(feature = "postgres")]
use crate::database::postgres::Server;
#[cfg(feature = "sqlite")]
use crate::database::sqlite::File;

/// A database that was opened once and can be connected to again.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    #[cfg(feature = "sqlite")]
    Sqlite(std::sync::Arc<File>),
    #[cfg(feature = "postgres")]
    Postgres(std::sync::Arc<Server>),
}

impl Place {
    /// The place of a location; nothing is connected to yet.
    pub(crate) fn new(location: Location, options: Options) -> Result<Self, String> {
        match location {
            #[cfg(feature = "sqlite")]
            Location::Memory | Location::File(_) => Ok(Self::Sqlite(File::new(location, options).into())),
            #[cfg(feature = "postgres")]
            Location::Postgres(url) => Ok(Self::Postgres(Server::new(&url, &options)?.into())),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Err(format!("this build does not open it; it was built with other features ({options:?})")),
        }
    }

    /// A connection; `create` makes the file where it is missing.
    pub(crate) fn connect(&self, create: bool, deadline: Instant) -> Result<Connection, Failure> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => file.connect(create, deadline),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => {
                // A server makes no databases by itself.
                let _ = create;
                server.connect(deadline)
            }
        }
    }

    /// Whether the database is still the one that was opened.
    fn check(&self) -> Result<(), Failure> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => file.check(),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Runs work on the connection, which is made where it is missing, and once more where that may help: on a new
    /// connection when the first one was lost. So work must be idempotent.
    pub(crate) fn run<T>(
        &self,
        kept: &mut Option<Connection>,
        deadline: Instant,
        mut work: impl FnMut(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match self.once(kept, deadline, &mut work) {
            Err(failure) if failure.may_pass() && Instant::now() < deadline => self.once(kept, deadline, &mut work),
            result => result,
        }
    }

    fn once<T>(
        &self,
        kept: &mut Option<Connection>,
        deadline: Instant,
        work: &mut impl FnMut(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.check()?;
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => self.connect(false, deadline)?,
        };
        let result = connection.until(deadline, work);
        self.check()?;
        if result.as_ref().err().is_none_or(|failure| connection.survives(failure)) {
            *kept = Some(connection);
        }
        result
    }
}
