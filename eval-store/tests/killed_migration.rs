//! A process that is killed while it brings an older database up to date.
#![cfg(all(feature = "sqlite", target_os = "linux"))]

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use common::{connection, open};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use eval_core::{RunQuery, Store};
use eval_store::DatabaseStatus;

/// What the first version made: its tables and a run with tags.
const FIRST_VERSION: &str = concat!(
    include_str!("../migrations/sqlite/2026-11-23-000000_runs_and_evaluations/up.sql"),
    "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                                              run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
     INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000000');
     INSERT INTO runs VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', NULL, 'gpt-4o', 'gpt-4o', 'golden', 'f00d', 50,
         NULL, '{}', 1, 0.5, '{\"team\":\"blue\"}', 'p', 'exact', 'j', 'litellm', '0.1.0', 0, NULL, NULL,
         '2026-11-23 10:00:00', NULL, 'finished', NULL, NULL, 50);"
);

/// Which writes are counted: those of each thread to any file, of which the migration and its commit are the most, or
/// those to the database itself, which follow the commit. Each with the distance of two tries.
const WRITES: [(&[&str], usize); 2] = [(&[], 6), (&["-P", "eval.db"], 6)];

/// More writes than a migration makes.
const MOST: u32 = 2_000;

#[tokio::test]
async fn f15_killed_at_any_write_of_a_migration_a_database_is_old_or_new() {
    let (mut old, mut new) = (0, 0);
    for (files, stride) in WRITES {
        for nth in (1..MOST).step_by(stride) {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("eval.db");
            connection(&file).batch_execute(FIRST_VERSION).unwrap();
            let Some(status) = migrate_and_kill(folder.path(), files, nth) else { return };
            if status.success() {
                break;
            }
            let status = DatabaseStatus::read(&file.display().to_string()).await.unwrap();
            *if status.is_current() { &mut new } else { &mut old } += 1;
            assert_eq!((status.runs, status.attempts.is_some()), (Some(1), status.is_current()), "{files:?} {nth}");
            assert_goes_on(&file, &format!("{files:?} {nth}")).await;
        }
    }
    assert!(old > 5 && new > 0, "{old} times old, {new} times new");
}

/// SQLite finds nothing wrong, and the next process does what was left to do.
async fn assert_goes_on(file: &Path, kill: &str) {
    let sound = "integrity_check FROM pragma_integrity_check";
    let sound = diesel::select(sql::<Text>(sound)).get_result::<String>(&mut connection(file));
    assert_eq!(sound.as_deref(), Ok("ok"), "{kill}");
    let url = file.display().to_string();
    let found = open(&url).await.list_runs(&RunQuery::default()).await.expect("they are read");
    assert_eq!((found.len(), found[0].tags["team"].as_str()), (1, "blue"), "{kill}");
    assert!(DatabaseStatus::read(&url).await.expect("it is read").is_current());
    let mut copy = connection(&file.with_file_name("eval.db.before-20261125000005"));
    let tags = diesel::select(sql::<Text>("tags FROM runs")).get_result::<String>(&mut copy);
    assert_eq!(tags.as_deref(), Ok(r#"{"team":"blue"}"#), "the copy is as the database was, {kill}");
}

/// Lets this program, started anew, migrate the database of a folder until one of its threads writes to these files for
/// the n-th time. `None`, said aloud, where that cannot be done.
fn migrate_and_kill(folder: &Path, files: &[&str], nth: u32) -> Option<ExitStatus> {
    // Without `--seccomp-bpf`: strace 6.1 loses the signals that it injects there.
    let inject = format!("inject=pwrite64:signal=KILL:when={nth}");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qqq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", &inject]).args(files);
    strace.arg(std::env::current_exe().expect("a path")).args(["migration_of_a_child", "--exact", "--ignored"]);
    let output = strace.env("FOLDER", folder).current_dir(folder).output();
    let untraced = |stderr: &[u8]| String::from_utf8_lossy(stderr).contains("ptrace");
    match output {
        Ok(output) if !untraced(&output.stderr) => {
            let killed = output.status.signal() == Some(9) || output.status.code() == Some(128 + 9);
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(killed || output.status.success() && said.contains("1 passed"), "{said}");
            Some(output.status)
        }
        _ => {
            // Not by a macro: the test harness would keep it to itself.
            let _ = writeln!(std::io::stderr(), "SKIPPED: a kill at a write needs strace, and that it may trace");
            None
        }
    }
}

#[tokio::test]
#[ignore = "run by f15_killed_at_any_write_of_a_migration_a_database_is_old_or_new"]
async fn migration_of_a_child() {
    let folder = PathBuf::from(std::env::var_os("FOLDER").unwrap());
    drop(open(&folder.join("eval.db").display().to_string()).await);
    assert!(fs::exists(folder.join("eval.db.before-20261125000005")).unwrap());
}
