//! Postgres in trouble, with a server of our own.

use std::time::Duration;

use eval_core::conformance::fixtures::{failed, run, scored};
use eval_core::{EvaluationQuery, Run, RunId, RunQuery, Store, StoreError};
use eval_store::testing::{Postgres, query};
use eval_store::{DatabaseStatus, DieselStore, Options};

/// Short, because it is waited for where a server does not answer.
const PATIENCE: Duration = Duration::from_millis(700);

async fn open(url: &str) -> DieselStore {
    DieselStore::open_with(url, Options::new().patience(PATIENCE)).await.expect("a database")
}

async fn begun(url: &str) -> (DieselStore, Run) {
    let (store, run) = (open(url).await, run("gpt-4o", 0));
    store.put_run(&run).await.expect("it is stored");
    put(&store, run.id, "before").await.expect("it is stored");
    (store, run)
}

async fn put(store: &DieselStore, run: RunId, sample: &str) -> Result<(), StoreError> {
    store.put_evaluations(run, &[scored(run, sample, 1, 0.5)]).await
}

async fn stored(store: &DieselStore, run: RunId) -> Vec<String> {
    let found = store.evaluations(run, &EvaluationQuery::default()).await.expect("they are read");
    found.iter().map(|evaluation| evaluation.sample.id.to_string()).collect()
}

/// Writes and reads fail as trouble that passes.
async fn assert_away(store: &DieselStore, run: RunId) {
    let everything = RunQuery::default();
    let (write, read) = tokio::join!(put(store, run, "away"), store.list_runs(&everything));
    for error in [write.expect_err("it is away"), read.expect_err("it is away")] {
        assert!(error.is_transient(), "{}", eval_core::error_chain(&error));
    }
}

#[tokio::test]
async fn f16_a_server_that_was_killed_and_came_back_is_found_again() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let (store, run) = begun(&postgres.database()).await;
    postgres.stop();
    assert_away(&store, run.id).await;
    postgres.start_again();
    for _ in 0..2 {
        put(&store, run.id, "after").await.unwrap();
    }
    assert_eq!(stored(&store, run.id).await, ["after", "before"], "what was committed survived, and counts once");
}

#[tokio::test]
async fn f17_a_server_that_stands_still_hangs_nobody() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.database();
    let (store, run) = begun(&url).await;
    stored(&store, run.id).await;
    postgres.freeze();
    assert_away(&store, run.id).await;
    let closed = DieselStore::open_with(&url, Options::new().patience(PATIENCE)).await.unwrap_err().to_string();
    assert!(closed.contains("did not answer in time"), "{closed}");
    postgres.thaw();
    put(&store, run.id, "after").await.unwrap();
    let found = stored(&store, run.id).await;
    assert!(found == ["after", "before"] || found == ["after", "away", "before"], "{found:?}");
}

#[tokio::test]
async fn f17_connections_that_were_ended_are_made_again() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    let (store, run) = begun(&url).await;
    for sample in ["one", "two"] {
        stored(&store, run.id).await;
        let others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        assert_eq!(query(&url, &format!("SELECT pg_terminate_backend(pid) {others}")), ["t", "t"]);
        put(&store, run.id, sample).await.unwrap();
    }
    assert_eq!(stored(&store, run.id).await, ["before", "one", "two"]);
}

#[tokio::test]
async fn f17_a_server_without_a_free_connection_is_passing_trouble() {
    let settings = ["max_connections = 4", "superuser_reserved_connections = 0"];
    let Some(postgres) = Postgres::start(&settings) else { return };
    let url = postgres.database();
    let (store, run) = begun(&url).await;
    let mut others = Vec::new();
    let refused = loop {
        match DieselStore::open(&url).await {
            Ok(other) => others.push(other),
            Err(error) => break error.to_string(),
        }
    };
    assert!(refused.contains("too many clients"), "{refused}");
    let error = store.list_runs(&RunQuery::default()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    put(&store, run.id, "after").await.unwrap();
    drop(others);
    // The server notices in its own time.
    while query_count(&store).await.is_err() {}
    assert_eq!(stored(&store, run.id).await, ["after", "before"]);
}

async fn query_count(store: &DieselStore) -> Result<usize, StoreError> {
    store.list_runs(&RunQuery::default()).await.map(|runs| runs.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_a_lock_that_lasts_is_passing_trouble() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    let (store, run) = begun(&url).await;
    let hold = format!("BEGIN; LOCK TABLE evaluations; SELECT pg_sleep({}); COMMIT", 4.0 * PATIENCE.as_secs_f64());
    let other = std::thread::spawn({
        let url = url.clone();
        move || query(&url, &hold)
    });
    let held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND database = \
                (SELECT oid FROM pg_database WHERE datname = current_database())";
    while query(&url, held) == ["0"] {}
    let error = put(&store, run.id, "meanwhile").await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    other.join().unwrap();
    put(&store, run.id, "after").await.unwrap();
    assert_eq!(stored(&store, run.id).await, ["after", "before"]);
}

/// A trigger that gives up the first transaction, as Postgres does with one that lost against another.
const GIVE_UP_ONCE: &str = "
    CREATE SEQUENCE tries;
    CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('tries') = 1 THEN RAISE EXCEPTION '{message}' USING ERRCODE = '{code}'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER give_up BEFORE INSERT ON evaluations FOR EACH ROW EXECUTE FUNCTION give_up();";

#[tokio::test]
async fn f17_a_transaction_that_lost_against_another_is_repeated() {
    let Some(postgres) = Postgres::shared() else { return };
    for (code, message) in [("40001", "could not serialize access"), ("40P01", "deadlock detected")] {
        let url = postgres.database();
        let (store, run) = begun(&url).await;
        query(&url, &GIVE_UP_ONCE.replace("{message}", message).replace("{code}", code));
        put(&store, run.id, "after").await.unwrap();
        assert_eq!(stored(&store, run.id).await, ["after", "before"]);
        assert_eq!(query(&url, "SELECT last_value FROM tries"), ["2"], "{code} was met, and once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_the_same_rows_in_other_orders_do_not_block_each_other() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    let run = run("gpt-4o", 0);
    let stores = [DieselStore::open(&url).await.unwrap(), DieselStore::open(&url).await.unwrap()];
    stores[0].put_run(&run).await.unwrap();
    let names: Vec<_> = (0..200).map(|n| format!("q{n:03}")).collect();
    for round in 0..10 {
        // Each replaces what the round before has left.
        let ahead: Vec<_> = names.iter().map(|name| failed(name, 1, &format!("ahead {round}"))).collect();
        let back: Vec<_> = names.iter().rev().map(|name| failed(name, 1, &format!("back {round}"))).collect();
        let (one, two) =
            tokio::join!(stores[0].put_evaluations(run.id, &ahead), stores[1].put_evaluations(run.id, &back));
        one.and(two).unwrap();
    }
    assert_eq!(stored(&stores[0], run.id).await, names);
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_an_empty_database_is_made_once_however_many_open_it() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    let run = run("gpt-4o", 0);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (url, run) = (url.clone(), run.clone());
        tasks.spawn(async move {
            let store = DieselStore::open(&url).await.unwrap();
            store.put_run(&run).await.unwrap();
            put(&store, run.id, &format!("q{n}")).await.unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(
        query(&url, "SELECT version FROM __diesel_schema_migrations"),
        [
            "20261124000000",
            "20261125000000",
            "20261125000001",
            "20261125000002",
            "20261125000003",
            "20261125000004",
            "20261125000005"
        ]
    );
    assert_eq!(query(&url, "SELECT count(*) FROM evaluations"), ["8"]);
}

async fn refusal(url: &str) -> String {
    match DieselStore::open(url).await {
        Err(error @ StoreError::Open { .. }) => error.to_string(),
        other => panic!("{url} is not refused: {other:?}"),
    }
}

#[tokio::test]
async fn f15_a_newer_schema_is_refused_by_the_server_too() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    drop(open(&url).await);
    query(&url, "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')");
    let error = refusal(&url).await;
    assert!(error.contains("version 29990101000000") && error.contains("knows 20261125000005 at most"), "{error}");
}

#[tokio::test]
async fn f10_what_a_server_does_not_let_in_is_refused_with_advice() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    let missing = refusal(&format!("{url}_no")).await;
    assert!(missing.contains("does not exist; create it first"), "{missing}");
    query(&url, "CREATE TABLE miles (flown double precision)");
    let foreign = refusal(&url).await;
    assert!(foreign.contains("tables of another program") && foreign.contains("search_path"), "{foreign}");
    query(&url, "CREATE SCHEMA evals");
    let apart = format!("{url}?options=-csearch_path%3Devals");
    begun(&apart).await;
    assert_eq!(query(&url, "SELECT count(*) FROM evals.evaluations"), ["1"]);
    query(&url, &format!("ALTER DATABASE {} SET default_transaction_read_only = on", url.rsplit('/').next().unwrap()));
    let read_only = refusal(&apart).await;
    assert!(read_only.contains("read-only transaction"), "{read_only}");
}

#[tokio::test]
async fn a_status_changes_nothing_and_tells_what_is_there() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    let empty = DatabaseStatus::read(&url).await.unwrap();
    assert_eq!((empty.backend, empty.applied, empty.runs), ("Postgres", None, None));
    assert_eq!(query(&url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), ["0"]);
    begun(&url).await;
    let status = DatabaseStatus::read(&url).await.unwrap();
    assert!(status.is_current() && status.bytes > Some(1 << 20), "{status:?}");
    assert_eq!((status.runs, status.evaluations, status.attempts), (Some(1), Some(1), Some(0)));
    assert!(!status.url.contains("postgres@"), "{}", status.url);
}

#[tokio::test]
async fn no_statement_stays_prepared_behind_a_bouncer() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    let (store, run) = begun(&format!("{url}?pgbouncer=true")).await;
    store.put_evaluations(run.id, &[failed("later", 1, "timeout"), scored(run.id, "later", 1, 1.0)]).await.unwrap();
    assert_eq!(stored(&store, run.id).await, ["before", "later"]);
}
