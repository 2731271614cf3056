//! A file that is taken away, or a disk that fails, while the store is open.
#![cfg(all(feature = "sqlite", unix))]

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{open, url};
use eval_core::conformance::fixtures::{run, scored};
use eval_core::{EvaluationQuery, Run, RunId, RunQuery, Store, StoreError};
use eval_store::{DieselStore, Options};

async fn begun(folder: &tempfile::TempDir) -> (DieselStore, Run, PathBuf) {
    let (store, run) = (open(&url(folder, "eval.db")).await, run("gpt-4o", 0));
    store.put_run(&run).await.expect("it is stored");
    put(&store, run.id, "before").await.expect("it is stored");
    (store, run, folder.path().join("eval.db"))
}

async fn put(store: &DieselStore, run: RunId, sample: &str) -> Result<(), StoreError> {
    store.put_evaluations(run, &[scored(run, sample, 1, 0.5)]).await
}

/// Both a write and a read say that the file is lost, and not that waiting would help.
async fn assert_lost(store: &DieselStore, run: RunId, expected: &str) {
    let errors = [
        put(store, run, "after").await.expect_err("nobody could read it again"),
        store.list_runs(&RunQuery::default()).await.expect_err("nobody knows what this was"),
    ];
    for error in errors {
        let text = eval_core::error_chain(&error);
        assert!(!error.is_transient() && text.contains(expected), "{text}");
        assert!(text.contains("while it was open; the store must be opened anew"), "{text}");
    }
}

#[tokio::test]
async fn f12_a_deleted_database_is_an_error_and_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, run, file) = begun(&folder).await;
    fs::remove_file(&file).unwrap();
    assert_lost(&store, run.id, "eval.db was deleted").await;
    drop(store);
    assert!(!file.exists(), "nothing was made in its place");
}

#[tokio::test]
async fn f12_a_replaced_database_is_an_error_and_the_new_one_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let (store, run, file) = begun(&folder).await;
    drop(open(&url(&folder, "other.db")).await);
    let other = fs::read(folder.path().join("other.db")).unwrap();
    fs::rename(folder.path().join("other.db"), &file).unwrap();
    assert_lost(&store, run.id, "eval.db was replaced").await;
    drop(store);
    assert!(fs::read(&file).unwrap() == other, "the new file is as it was");
}

#[tokio::test]
async fn f12_an_emptied_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (store, run, file) = begun(&folder).await;
    fs::File::options().write(true).truncate(true).open(&file).unwrap();
    assert_lost(&store, run.id, "eval.db was emptied").await;
}

#[tokio::test]
async fn f12_a_missing_log_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (store, run, _) = begun(&folder).await;
    fs::remove_file(folder.path().join("eval.db-wal")).unwrap();
    assert_lost(&store, run.id, "eval.db lost its -wal file").await;
}

/// A disk that fails cannot be had, so strace lies about it to this program, which is run again for that.
#[test]
fn f11_what_the_disk_did_not_take_is_not_reported_as_stored() {
    let folder = tempfile::tempdir().unwrap();
    let inject = "inject=fsync,fdatasync:error=EIO:when=20+";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", inject]).arg(std::env::current_exe().unwrap());
    strace.args(["puts_until_the_disk_fails", "--exact", "--ignored"]).env("FOLDER", folder.path());
    let Ok(output) = strace.output() else {
        writeln!(std::io::stderr(), "SKIPPED: a failing disk needs strace").unwrap();
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    if String::from_utf8_lossy(&output.stderr).contains("ptrace") {
        writeln!(std::io::stderr(), "SKIPPED: strace may not trace here").unwrap();
        return;
    }
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    let acknowledged: usize = fs::read_to_string(folder.path().join("acknowledged")).unwrap().parse().unwrap();
    assert!(acknowledged > 0, "the disk failed from the beginning");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let found = runtime.block_on(async {
        let store = open(&url(&folder, "eval.db")).await;
        let run = fs::read_to_string(folder.path().join("run")).unwrap().parse().unwrap();
        store.evaluations(run, &everything()).await.unwrap().len()
    });
    assert!(found >= acknowledged, "{acknowledged} were reported as stored, {found} are there");
}

#[tokio::test]
#[ignore = "run by f11_what_the_disk_did_not_take_is_not_reported_as_stored"]
async fn puts_until_the_disk_fails() {
    let folder = PathBuf::from(std::env::var_os("FOLDER").unwrap());
    let file = folder.join("eval.db");
    let store = DieselStore::open_with(&file.display().to_string(), Options::new().full_sync(true)).await.unwrap();
    let run = run("gpt-4o", 0);
    store.put_run(&run).await.unwrap();
    for n in 0..100 {
        if let Err(error) = put(&store, run.id, &format!("q{n:03}")).await {
            assert!(!error.is_transient(), "{error}");
            assert!(eval_core::error_chain(&error).contains("disk I/O error"), "{error}");
            return write(&folder, run.id, n);
        }
    }
    panic!("the disk never failed");
}

fn write(folder: &Path, run: RunId, acknowledged: usize) {
    fs::write(folder.join("run"), run.to_string()).expect("a note");
    fs::write(folder.join("acknowledged"), acknowledged.to_string()).expect("a note");
}

fn everything() -> EvaluationQuery {
    let mut query = EvaluationQuery::default();
    query.limit = usize::MAX;
    query
}
