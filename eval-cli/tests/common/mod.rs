//! The binary, run as a user runs it: in an empty folder, with none of the variables of whoever runs the tests.

use std::process::Command;

use tempfile::TempDir;

/// An empty folder.
pub(crate) fn fresh() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// `evalctl` in this folder.
pub(crate) fn evalctl(folder: &TempDir) -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_evalctl")), folder)
}

/// A command in this folder with an environment of its own.
pub(crate) fn clean(mut command: Command, folder: &TempDir) -> Command {
    command.current_dir(folder.path()).env_clear();
    for name in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}
