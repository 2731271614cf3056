//! Reading takes no right to write, and no lock.
#![cfg(feature = "sqlite")]

mod common;

use std::path::Path;

use common::{connection, open, url};
use diesel::connection::SimpleConnection;
use eval_core::conformance::fixtures::{run, scored};
use eval_core::{EvaluationQuery, RunQuery, Store};
use eval_store::testing::{Postgres, query};
use eval_store::{DatabaseStatus, DieselStore};

/// A database with a run and an evaluation.
async fn fill(url: &str) {
    let (store, run) = (open(url).await, run("gpt-4o", 0));
    store.put_run(&run).await.expect("it is stored");
    store.put_evaluations(run.id, &[scored(run.id, "a", 1, 0.5)]).await.expect("it is stored");
}

/// Everything can be read, and nothing written.
async fn assert_reads(url: &str) {
    let status = DatabaseStatus::read(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    assert!(status.is_current(), "{status:?}");
    assert_eq!((status.runs, status.evaluations), (Some(1), Some(1)));
    let store = DieselStore::open_to_read(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    let runs = store.list_runs(&RunQuery::default()).await.expect("they are read");
    let evaluations = store.evaluations(runs[0].id, &EvaluationQuery::default()).await.expect("they are read");
    assert_eq!((runs.len(), evaluations.len()), (1, 1));
    let refused = store.put_run(&run("gpt-4o", 9)).await.expect_err("it only reads");
    assert!(!refused.is_transient());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_while_others_write_and_is_never_made() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder, "eval.db");
    let missing = DieselStore::open_to_read(&url).await.unwrap_err().to_string();
    assert!(missing.contains("unable to open"), "{missing}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    fill(&url).await;
    let mut writer = connection(&folder.path().join("eval.db"));
    writer.batch_execute("BEGIN IMMEDIATE; DELETE FROM evaluations").unwrap();
    let begun = std::time::Instant::now();
    assert_reads(&url).await;
    // The busy timeout of a writer would be five seconds.
    assert!(begun.elapsed() < std::time::Duration::from_secs(4), "it waited for the lock");
    assert_reads(&format!("{}", folder.path().join("eval.db").display())).await;
}

#[tokio::test]
async fn a_database_in_memory_is_opened_as_ever() {
    let store = DieselStore::open_to_read(":memory:").await.unwrap();
    assert!(store.list_runs(&RunQuery::default()).await.unwrap().is_empty());
    DatabaseStatus::read(":memory:").await.unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_that_we_may_not_write_is_read_and_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let may = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let source = folder.path().join("source.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(fill(&source.display().to_string()));
    for (name, file_mode, folder_mode) in [("a", 0o444, 0o777), ("b", 0o444, 0o555), ("c", 0o666, 0o555)] {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).unwrap();
        std::fs::copy(&source, place.join("eval.db")).unwrap();
        let mut older = connection(&place.join("older.db"));
        older.batch_execute(FIRST_VERSION).unwrap();
        drop(older);
        may(&place.join("eval.db"), file_mode);
        may(&place.join("older.db"), file_mode);
        may(&place, folder_mode);
    }
    may(folder.path(), 0o755);
    common::as_nobody("reads_of_nobody", folder.path());
}

const FIRST_VERSION: &str = concat!(
    include_str!("../migrations/sqlite/2026-11-23-000000_runs_and_evaluations/up.sql"),
    "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                                              run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
     INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000000');"
);

#[tokio::test]
#[ignore = "run by a_file_that_we_may_not_write_is_read_and_left_as_it_is"]
async fn reads_of_nobody() {
    let folder = std::path::PathBuf::from(std::env::var_os("FOLDER").unwrap());
    for name in ["a", "b", "c"] {
        let place = folder.join(name);
        assert_reads(&place.join("eval.db").display().to_string()).await;
        let older = place.join("older.db").display().to_string();
        let refused = DieselStore::open_to_read(&older).await.unwrap_err().to_string();
        assert!(refused.contains("schema 20261123000000, which is older than"), "{refused}");
        assert!(refused.contains("brought up to date first"), "{refused}");
        let status = DatabaseStatus::read(&older).await.unwrap();
        assert_eq!((status.is_current(), status.runs), (false, Some(0)));
        assert_eq!(std::fs::read_dir(place).unwrap().count(), 2, "nothing lies beside the files");
    }
}

#[tokio::test]
async fn a_user_of_the_server_who_may_only_select_reads() {
    let Some(postgres) = Postgres::shared() else { return };
    let admin = postgres.database();
    let reader = postgres.user(&admin);
    let empty = DieselStore::open_to_read(&reader).await.unwrap_err().to_string();
    assert!(empty.contains("permission denied for schema") && empty.contains("allowed to create tables"), "{empty}");
    let status = DatabaseStatus::read(&reader).await.unwrap();
    assert_eq!((status.applied, status.runs), (None, None));

    fill(&admin).await;
    let closed = DieselStore::open_to_read(&reader).await.unwrap_err().to_string();
    assert!(closed.contains("permission denied for table") && closed.contains("allowed to read"), "{closed}");
    query(&admin, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC");
    assert_reads(&reader).await;
    let refused = DieselStore::open(&reader).await.unwrap_err().to_string();
    assert!(refused.contains("permission denied") && refused.contains("for a run to write"), "{refused}");
}

#[tokio::test]
async fn who_is_missing_is_made_by_createuser_and_what_is_missing_by_createdb() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    let nobody = url.replace("postgres@", "nobody_here@");
    if nobody == url {
        return; // A server that was given, with users of its own.
    }
    for (url, program) in [(nobody, "createuser"), (format!("{url}_no"), "createdb")] {
        for error in [DieselStore::open(&url).await.map(drop), DatabaseStatus::read(&url).await.map(drop)] {
            let error = error.unwrap_err().to_string();
            assert!(error.contains("does not exist") && error.contains(program), "{error}");
        }
    }
}
