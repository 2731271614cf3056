//! The database of who only reads.

use eval_store::DieselStore;

use super::store::{must_exist, of_database};
use crate::config::Settings;
use crate::failure::Failure;

/// Opens a database to read it, which takes no right to write. One that is not there is not made: a typing error would
/// look like an empty history.
pub(crate) async fn existing(settings: &Settings) -> Result<DieselStore, Failure> {
    must_exist(settings)?;
    let url = &settings.database_url.value;
    DieselStore::open_to_read(url).await.map_err(|error| of_database(error, settings))
}
