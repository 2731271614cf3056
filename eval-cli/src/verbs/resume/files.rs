//! The files of a stored run.

use std::path::{Path, PathBuf};

use eval_core::RunSpec;

use crate::failure::Failure;
use crate::output::clean;

/// A file that the run names: in the folder where it was named, else in the working folder.
pub(super) fn find(spec: &RunSpec, what: &str, file: &str) -> Result<PathBuf, Failure> {
    let here = PathBuf::from(file);
    let folder = spec.folder.as_deref().filter(|folder| !is_here(Path::new(folder)));
    let there = folder.map(|folder| Path::new(folder).join(file)).filter(|there| *there != here);
    if let Some(found) = there.iter().chain([&here]).find(|path| path.is_file()) {
        return Ok(found.clone());
    }
    let missing = Failure::usage(format!("the {what} of the run is gone: there is no file {}", clean(file)));
    Err(match folder {
        Some(folder) => {
            missing.hint(format!("it was named in {}; put it back there, or into this folder", clean(folder)))
        }
        None => missing.hint("put it back, or start a new run"),
    })
}

fn is_here(folder: &Path) -> bool {
    std::env::current_dir().is_ok_and(|here| here == folder)
}
