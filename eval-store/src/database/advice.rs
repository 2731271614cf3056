//! What to do when a database is not opened.

use std::path::Path;

use crate::database::location::{Location, folder};

/// What the database said, and what to do about it.
pub(crate) fn advice(location: &Location, why: &str) -> String {
    if matches!(location, Location::Postgres(_)) {
        return server_advice(why);
    }
    let folder = location.path().map_or(Path::new("."), folder).display();
    match why {
        why if why.contains("readonly") => {
            format!("{why}; make the file and the folder {folder} writable, or name another file")
        }
        why if why.contains("unable to open") => {
            format!("{why}; look at the rights of the file and of the folder {folder}, or name another file")
        }
        why if why.contains("not a database") => format!("{why}; name another file"),
        why if why.contains("locked") => format!("{why}; another program is writing to it: try again later"),
        why => why.to_owned(),
    }
}

fn server_advice(why: &str) -> String {
    match why {
        why if why.contains("refused") => format!("{why}; is the server running, and are host and port right?"),
        why if why.contains("password") => format!("{why}; look at user and password"),
        why if why.contains("role \"") && why.contains("does not exist") => {
            format!("{why}; create it first, for instance with createuser, or name another user")
        }
        why if why.contains("does not exist") => format!("{why}; create it first, for instance with createdb"),
        why if why.contains("permission denied for schema") => {
            format!("{why}; the user must be allowed to create tables in it")
        }
        why if why.contains("permission denied") => {
            format!("{why}; the user must be allowed to read the tables, and for a run to write to them")
        }
        why if why.contains("tables of another program") => {
            format!("{why}, or a schema of your own by ?options=-csearch_path%3Devals")
        }
        why if why.contains("TLS") || why.contains("certificate") => format!("{why}; look at sslmode and sslrootcert"),
        why => why.to_owned(),
    }
}
