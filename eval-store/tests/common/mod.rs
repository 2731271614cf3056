//! What several tests need.

use std::path::Path;
use std::process::Command;

use diesel::{Connection, SqliteConnection};
use eval_store::DieselStore;
use tempfile::TempDir;

/// The URL of a file in a folder.
pub(crate) fn url(folder: &TempDir, file: &str) -> String {
    format!("sqlite:///{}", folder.path().join(file).display())
}

pub(crate) async fn open(url: &str) -> DieselStore {
    DieselStore::open(url).await.expect("a database")
}

/// A connection of another program.
pub(crate) fn connection(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().expect("a path in UTF-8")).expect("a database")
}

/// Runs an ignored test of this program as a user without rights, or as the present user if that is none.
pub(crate) fn as_nobody(test: &str, folder: &Path) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    // A copy, because nobody may not be able to reach the folder of the build.
    let program = folder.join("program");
    std::fs::copy(std::env::current_exe().expect("a path"), &program).expect("a copy");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("rights");
    let mut command = Command::new(program);
    command.args([test, "--exact", "--ignored"]).env("FOLDER", folder).current_dir(folder);
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
        command.uid(65534).gid(65534);
    }
    let output = command.output().expect("a program that runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
