//! A copy of a database before it is changed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel::sql_types::Text;
use eval_core::RunId;

/// Copies the database to `<file>.before-<version>`, if after that it is still `wanted`: when another process has
/// changed the database in between, it has made the copy, and this one would be of what is already changed.
pub(crate) fn back_up(
    connection: &mut SqliteConnection,
    file: &Path,
    version: &str,
    wanted: impl FnOnce(&mut SqliteConnection) -> Result<bool, String>,
) -> Result<(), String> {
    let draft = beside(file, &format!(".copy-{}", RunId::new().short()));
    let copy = beside(file, &format!(".before-{version}"));
    let made = vacuum_into(connection, &draft).and_then(|()| match wanted(connection)? {
        true => std::fs::rename(&draft, &copy).map_err(|error| error.to_string()),
        false => std::fs::remove_file(&draft).map_err(|error| error.to_string()),
    });
    made.map_err(|why| {
        let _ = std::fs::remove_file(&draft);
        format!(
            "its schema is older, and the copy that is made before it is changed, {}, failed: {why}",
            copy.display()
        )
    })
}

fn vacuum_into(connection: &mut SqliteConnection, draft: &Path) -> Result<(), String> {
    let name = draft.to_str().ok_or("the path is not UTF-8")?;
    let copied = diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(name).execute(connection);
    copied.map(drop).map_err(|error| error.to_string())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}
