//! Opening a database: what is made, what is kept, what is refused.
#![cfg(feature = "sqlite")]

mod common;

use std::path::Path;

use common::{connection, open, url};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use eval_core::conformance::fixtures::{rich, rich_run, run, scored};
use eval_core::{EvaluationQuery, RunQuery, Store, StoreError};
use eval_store::{DatabaseStatus, DieselStore, Options};

async fn refusal(url: &str) -> String {
    match DieselStore::open(url).await {
        Err(error @ StoreError::Open { .. }) => error.to_string(),
        other => panic!("{url} is not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_database_keeps_what_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let (url, run) = (url(&folder, "eval.db"), rich_run());
    let evaluations = rich(run.id);
    let store = open(&url).await;
    assert_eq!(store.path(), Some(folder.path().join("eval.db").as_path()));
    store.put_run(&run).await.unwrap();
    store.put_evaluations(run.id, &evaluations).await.unwrap();
    drop(store);
    let leftovers: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(leftovers, ["eval.db"], "a store that was dropped has closed its file");

    let store = open(&url).await;
    assert_eq!(store.get_run(run.id).await.unwrap(), run);
    assert_eq!(store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap().len(), evaluations.len());
}

#[tokio::test]
async fn a_database_in_memory_is_one_and_its_own() {
    let (one, two) = (open(":memory:").await, open("sqlite://:memory:").await);
    one.put_run(&run("gpt-4o", 0)).await.unwrap();
    assert_eq!(one.list_runs(&RunQuery::default()).await.unwrap().len(), 1);
    assert_eq!(two.list_runs(&RunQuery::default()).await.unwrap().len(), 0);
    assert_eq!(one.path(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_stores_on_one_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder, "eval.db");
    let run = run("gpt-4o", 0);
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..6 {
        let (url, run) = (url.clone(), run.clone());
        tasks.spawn(async move {
            // The first of them makes the tables, the others wait for it.
            let store = open(&url).await;
            store.put_run(&run).await.unwrap();
            for n in 0..20 {
                let evaluation = scored(run.id, &format!("{writer}-{n:02}"), 1, 0.5);
                store.put_evaluations(run.id, &[evaluation]).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let store = open(&url).await;
    assert_eq!(store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap().len(), 120);
}

#[tokio::test]
async fn a_writer_waits_for_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder, "eval.db");
    let (store, run) = (open(&url).await, run("gpt-4o", 0));
    store.put_run(&run).await.unwrap();
    let mut other = connection(&folder.path().join("eval.db"));
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let batch = [scored(run.id, "a", 1, 0.5)];
    let (put, ()) = tokio::join!(store.put_evaluations(run.id, &batch), async {
        // Reads do not wait at all.
        assert_eq!(store.get_run(run.id).await.unwrap(), run);
        other.batch_execute("COMMIT").unwrap();
    });
    put.unwrap();
}

#[tokio::test]
async fn f08_a_lock_that_lasts_is_passing_trouble_and_then_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder, "eval.db");
    let options = Options::new().busy_timeout(std::time::Duration::from_millis(20)).full_sync(true);
    let (store, run) = (DieselStore::open_with(&url, options).await.unwrap(), run("gpt-4o", 0));
    store.put_run(&run).await.unwrap();
    let mut other = connection(&folder.path().join("eval.db"));
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let batch = [scored(run.id, "a", 1, 0.5)];
    let (one, two) = tokio::join!(store.put_evaluations(run.id, &batch), store.put_evaluations(run.id, &batch));
    for result in [one, two] {
        let Err(StoreError::Unavailable(source)) = result else { panic!("{result:?}") };
        assert!(source.to_string().contains("locked"), "{source}");
    }
    other.batch_execute("COMMIT").unwrap();
    store.put_evaluations(run.id, &batch).await.unwrap();
    assert_eq!(store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap(), batch);
}

#[tokio::test]
async fn f10_paths_that_hold_no_database_are_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let missing = refusal(&url(&folder, "no/such/eval.db")).await;
    assert!(missing.contains("no/such does not exist; make it first"), "{missing}");
    assert!(!folder.path().join("no").exists(), "nothing is made on the way");

    let itself = refusal(&folder.path().display().to_string()).await;
    assert!(itself.contains("is a folder; name a file in it"), "{itself}");

    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database ".repeat(100)).unwrap();
    let not = refusal(&text.display().to_string()).await;
    assert!(not.contains("file is not a database; name another file"), "{not}");
    assert_eq!(std::fs::read(&text).unwrap().len(), 1500, "it is left as it was");

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let postgres = refusal(&format!("postgres://me:s3cret@{nobody}/evals")).await;
    assert!(postgres.contains("is the server running") && !postgres.contains("s3cret"), "{postgres}");
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    connection(&folder.path().join("x.db")).batch_execute("CREATE TABLE runs (miles REAL)").unwrap();
    let foreign = refusal(&url(&folder, "x.db")).await;
    assert!(foreign.contains("tables of another program; name another database"), "{foreign}");
}

#[tokio::test]
async fn f15_a_newer_schema_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&url(&folder, "eval.db")).await);
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')";
    connection(&folder.path().join("eval.db")).batch_execute(newer).unwrap();
    let error = refusal(&url(&folder, "eval.db")).await;
    assert!(error.contains("version 29990101000000"), "{error}");
    assert!(error.contains("knows 20261125000005 at most; use a newer program or another database"), "{error}");
}

/// What the first version made: its tables and a run with tags.
const FIRST_VERSION: &str = concat!(
    include_str!("../migrations/sqlite/2026-11-23-000000_runs_and_evaluations/up.sql"),
    "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                                              run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
     INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000000');
     INSERT INTO runs VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', NULL, 'gpt-4o', 'gpt-4o', 'golden', 'f00d', 50,
         NULL, '{}', 1, 0.5, '{\"team\":\"blue\",\"it''s\":\"\"}', 'p', 'exact', 'j', 'litellm', '0.1.0', 0, NULL, NULL,
         '2026-11-23 10:00:00', NULL, 'finished', NULL, NULL, 50);"
);

#[tokio::test]
async fn f15_an_older_database_is_copied_and_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    connection(&folder.path().join("eval.db")).batch_execute(FIRST_VERSION).unwrap();
    let status = DatabaseStatus::read(&url(&folder, "eval.db")).await.unwrap();
    assert_eq!((status.applied.as_deref(), &*status.known), (Some("20261123000000"), "20261125000005"));
    assert_eq!((status.runs, status.attempts, status.is_current()), (Some(1), None, false), "nothing was changed");
    let store = open(&url(&folder, "eval.db")).await;
    let mut query = RunQuery::default();
    query.tag = Some(("team".to_owned(), "blue".to_owned()));
    let found = store.list_runs(&query).await.unwrap();
    let tags: Vec<_> = found[0].tags.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!((found.len(), tags), (1, vec![("it's", ""), ("team", "blue")]));

    let mut copy = connection(&folder.path().join("eval.db.before-20261125000005"));
    let old = diesel::select(sql::<Text>("tags FROM runs")).get_result::<String>(&mut copy).unwrap();
    assert_eq!(old, r#"{"team":"blue","it's":""}"#, "the copy is as the database was");
    drop((store, copy));
    drop(open(&url(&folder, "eval.db")).await);
    let copies = std::fs::read_dir(&folder).unwrap().count() - 1;
    assert_eq!(copies, 1, "a database that is up to date is not copied again");
}

#[tokio::test]
async fn f15_a_migration_that_fails_half_way_leaves_the_older_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("eval.db");
    connection(&file).batch_execute(FIRST_VERSION).unwrap();
    let before = std::fs::metadata(&file).unwrap().len();
    let full = DieselStore::open_with(&url(&folder, "eval.db"), Options::new().max_bytes(before)).await;
    let error = full.unwrap_err().to_string();
    assert!(error.contains("cannot be brought up to date") && error.contains("full"), "{error}");
    let tags = diesel::select(sql::<BigInt>("count(tags) FROM runs")).get_result::<i64>(&mut connection(&file));
    assert_eq!(tags, Ok(1), "everything is as it was");
    assert_eq!(open(&url(&folder, "eval.db")).await.list_runs(&RunQuery::default()).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_an_older_database_is_migrated_once_however_many_open_it() {
    let folder = tempfile::tempdir().unwrap();
    let (file, url) = (folder.path().join("eval.db"), url(&folder, "eval.db"));
    connection(&file).batch_execute(FIRST_VERSION).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let url = url.clone();
        tasks.spawn(async move { open(&url).await.list_runs(&RunQuery::default()).await.unwrap().len() });
    }
    assert_eq!(tasks.join_all().await, [1; 6]);
    let mut copy = connection(&folder.path().join("eval.db.before-20261125000005"));
    let old = diesel::select(sql::<BigInt>("count(tags) FROM runs")).get_result::<i64>(&mut copy);
    assert_eq!((old, std::fs::read_dir(&folder).unwrap().count()), (Ok(1), 2), "one copy, of the older database");
}

/// What rights forbid, root may do all the same: so the test runs itself again as nobody.
#[cfg(unix)]
#[test]
fn f10_what_cannot_be_written_is_refused_before_anything_else() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let may = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let (sealed, file) = (folder.path().join("sealed"), folder.path().join("open/eval.db"));
    std::fs::create_dir(&sealed).unwrap();
    std::fs::create_dir(folder.path().join("open")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    drop(runtime.block_on(DieselStore::open(&file.display().to_string())).unwrap());
    std::fs::copy(&file, sealed.join("eval.db")).unwrap();
    may(&sealed.join("eval.db"), 0o666);
    may(&sealed, 0o555);
    may(&file, 0o444);
    may(&folder.path().join("open"), 0o777);
    may(folder.path(), 0o755);
    common::as_nobody("refusals_of_nobody", folder.path());
}

#[tokio::test]
#[ignore = "run by f10_what_cannot_be_written_is_refused_before_anything_else"]
async fn refusals_of_nobody() {
    let folder = std::path::PathBuf::from(std::env::var_os("FOLDER").unwrap());
    for (file, advice) in [
        ("sealed/new.db", "look at the rights of the file and of the folder"),
        ("sealed/eval.db", "or name another file"),
        ("open/eval.db", "make the file and the folder"),
    ] {
        let error = refusal(&folder.join(file).display().to_string()).await;
        assert!(error.contains(advice), "{error}");
    }
}
