//! The database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eval_core::{StoreError, Waits};
use eval_store::{DieselStore, Spill};

use crate::config::Settings;
use crate::failure::Failure;

/// The database of a run: what it cannot take is spilled to a file.
pub(crate) type OpenStore = Arc<Spill<DieselStore>>;

/// Opens the database, making it where it is missing. When it fails in a run, what is paid for goes to the file that
/// was named, else beside the database, else into the user's state folder, else into the temporary folder.
/// While it is in trouble that may pass, `waits` says so.
pub(crate) async fn open(settings: &Settings, waits: Waits) -> Result<OpenStore, Failure> {
    Ok(over(Arc::new(plain(settings).await?), settings, waits))
}

/// The same over a database that is open already.
pub(crate) fn over(database: Arc<DieselStore>, settings: &Settings, waits: Waits) -> OpenStore {
    let mut store = Spill::over(database).waits(waits);
    if let Some(path) = &settings.spill.value {
        store = store.to_file(path);
    }
    if let Some(database) = DieselStore::file(&settings.database_url.value) {
        store = store.to_file(format!("{}.spill.jsonl", database.display()));
    }
    Arc::new(match state_folder() {
        Some(folder) => store.to_folder(folder),
        None => store,
    })
}

/// Where everything is when the database is closed.
#[derive(Debug)]
pub(crate) struct Closed {
    /// The file that holds what the database has not taken.
    pub(crate) spilled: Option<PathBuf>,
    /// Whether the database has taken everything.
    pub(crate) whole: bool,
}

/// Closes the database.
pub(crate) fn close(store: OpenStore) -> Closed {
    let spilled = store.spilled();
    let whole = spilled.is_none() && !store.is_behind();
    if !whole {
        // A database in trouble may hold its thread for half a minute yet, and nothing is won by waiting for it.
        std::mem::forget(store);
    }
    Closed { spilled, whole }
}

/// Where programs keep what they must not lose, by the XDG base directory specification.
fn state_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("evalctl"))
}

/// Opens the database, making it where it is missing.
pub(crate) async fn plain(settings: &Settings) -> Result<DieselStore, Failure> {
    DieselStore::open(&settings.database_url.value).await.map_err(|error| of_database(error, settings))
}

/// A database that cannot be opened, and who named it.
pub(crate) fn of_database(error: StoreError, settings: &Settings) -> Failure {
    let origin = &settings.database_url.origin;
    Failure::from(error).hint(format!("the database is named by {origin}; another one: --database-url URL"))
}

/// Opens a database to read it. One that is not there is not made: a typing error would look like an empty history.
pub(crate) async fn existing(settings: &Settings) -> Result<DieselStore, Failure> {
    must_exist(settings)?;
    plain(settings).await
}

/// Refuses a database that is a file and is not there.
pub(crate) fn must_exist(settings: &Settings) -> Result<(), Failure> {
    let url = &settings.database_url;
    if let Some(path) = DieselStore::file(&url.value)
        && !path.exists()
    {
        let missing = Failure::usage(format!("there is no database {} yet ({})", path.display(), url.origin));
        let demo = Path::new(crate::verbs::demo::DATABASE_FILE);
        return Err(match demo.exists() {
            true => missing.hint(format!("the demo's is here: --database-url sqlite://{}", demo.display())),
            false => missing.hint("start with `evalctl demo` or `evalctl run`, or name another: --database-url URL"),
        });
    }
    Ok(())
}
