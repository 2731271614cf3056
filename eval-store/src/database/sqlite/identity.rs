//! Which file a database is in.

use std::ffi::OsString;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The file of a database and the log beside it, as they were when they were first looked at.
#[derive(Debug, Default)]
pub(super) struct Identity(OnceLock<[u128; 2]>);

impl Identity {
    /// Compares both files with what they were. Says what has become of them, for a person.
    pub(super) fn check(&self, path: &Path) -> Result<(), String> {
        let found = [path, &log(path)].map(|path| std::fs::metadata(path).map(|file| (number(&file), file.len())));
        let lost =
            |what: &str| Err(format!("{} {what} while it was open; the store must be opened anew", path.display()));
        match found {
            [Err(_), _] => lost("was deleted"),
            [Ok((_, 0)), _] => lost("was emptied"),
            [Ok(_), Err(_)] => lost("lost its -wal file"),
            [Ok((file, _)), Ok((log, _))] if self.0.get_or_init(|| [file, log]) != &[file, log] => lost("was replaced"),
            _ => Ok(()),
        }
    }
}

/// The log beside a file.
pub(super) fn log(path: &Path) -> PathBuf {
    let mut log = OsString::from(path);
    log.push("-wal");
    log.into()
}

#[cfg(unix)]
fn number(file: &Metadata) -> u128 {
    use std::os::unix::fs::MetadataExt;

    (u128::from(file.dev()) << 64) | u128::from(file.ino())
}

/// Without such numbers a replaced file is not noticed.
#[cfg(not(unix))]
fn number(_: &Metadata) -> u128 {
    0
}
