//! Runs that are taken away, on SQLite and on Postgres.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use eval_core::conformance::fixtures::{finished, rich, run, scored, time};
use eval_core::{EvaluationQuery, Run, RunId, RunKind, RunQuery, Store, StoreError};
use eval_store::testing::{Postgres, query};
use eval_store::{Deletion, DieselStore, Protection, Retention};
use tempfile::TempDir;

/// A database, and a look behind the store.
enum Database {
    Sqlite(TempDir),
    Postgres(String),
}

impl Database {
    /// One of each kind that is there.
    fn all() -> Vec<Self> {
        let postgres = Postgres::shared().map(|postgres| Self::Postgres(postgres.database()));
        [Self::Sqlite(tempfile::tempdir().expect("a folder"))].into_iter().chain(postgres).collect()
    }

    fn file(folder: &TempDir) -> PathBuf {
        folder.path().join("eval.db")
    }

    async fn open(&self) -> DieselStore {
        let url = match self {
            Self::Sqlite(folder) => format!("sqlite:///{}", Self::file(folder).display()),
            Self::Postgres(url) => url.clone(),
        };
        DieselStore::open(&url).await.expect("a database")
    }

    fn sqlite(folder: &TempDir) -> SqliteConnection {
        SqliteConnection::establish(Self::file(folder).to_str().expect("UTF-8")).expect("a database")
    }

    fn execute(&self, statement: &str) {
        match self {
            Self::Sqlite(folder) => Self::sqlite(folder).batch_execute(statement).expect("a statement that runs"),
            Self::Postgres(url) => drop(query(url, statement)),
        }
    }

    fn count(&self, table: &str) -> i64 {
        let select = format!("(SELECT count(*) FROM {table})");
        match self {
            Self::Sqlite(folder) => {
                diesel::select(sql::<BigInt>(&select)).get_result(&mut Self::sqlite(folder)).expect("a table")
            }
            Self::Postgres(url) => query(url, &format!("SELECT {select}"))[0].parse().expect("a number"),
        }
    }

    fn bless(&self, run: RunId) {
        self.execute(&format!(
            "INSERT INTO baselines VALUES ('gpt-4o', 'golden', '{run}', 'good', 'me', '2026-01-01 00:00:00')"
        ));
    }

    fn mark(&self, run: RunId) {
        self.execute(&format!(
            "INSERT INTO marks VALUES ('m', 'gpt-4o', 'golden', '', '{{}}', '', '{run}', 'accepted', 'me', 'known', \
             '2026-01-01 00:00:00')"
        ));
    }

    fn lease(&self, run: RunId, expires: &str) {
        self.execute(&format!(
            "INSERT INTO leases (run_id, owner, host, pid, acquired_at, heartbeat_at, expires_at) \
             VALUES ('{run}', 'o', 'elsewhere', 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00', '{expires}')"
        ));
    }
}

async fn put(store: &DieselStore, run: &Run) {
    store.put_run(run).await.expect("it is stored");
    store.put_evaluations(run.id, &[scored(run.id, "shared", 1, 0.5)]).await.expect("it is stored");
}

/// So many finished runs of a model, oldest first, a minute apart.
async fn series(store: &DieselStore, model: &str, runs: i64) -> Vec<RunId> {
    let mut ids = Vec::new();
    for at in 0..runs {
        let run = finished(model, 60 * at, 0.5, 0);
        put(store, &run).await;
        ids.push(run.id);
    }
    ids
}

async fn expired(store: &DieselStore, retention: &Retention) -> Vec<(RunId, Option<Protection>)> {
    let found = store.expired(retention).await.expect("runs");
    found.into_iter().map(|expired| (expired.run.id, expired.protection)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_answers_stay_and_other_kinds_count_for_themselves() {
    for database in Database::all() {
        let store = database.open().await;
        let asked = series(&store, "gpt-4o", 2).await;
        let mut judged = Vec::new();
        for (at, group) in [(200, None), (300, Some(asked[0])), (400, Some(asked[1]))] {
            let mut run = finished("gpt-4o", at, 0.5, 0);
            (run.kind, run.group, run.of) = (RunKind::Anchor, group, Some(asked[0]));
            put(&store, &run).await;
            judged.push(run.id);
        }
        let gone = |ids: &[RunId]| ids.iter().map(|id| (*id, None)).collect::<Vec<_>>();
        assert_eq!(expired(&store, &Retention::new().keep(1)).await, gone(&[judged[1], asked[0]]));
        assert_eq!(expired(&store, &Retention::new().keep(0)).await.len(), 4, "the set alone stays");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_of_each_name_and_data_set_stay() {
    for database in Database::all() {
        let store = database.open().await;
        let (a, b) = (series(&store, "gpt-4o", 4).await, series(&store, "grok-3", 2).await);
        let mut other = finished("gpt-4o", 0, 0.5, 0);
        other.dataset.name = "other".to_owned();
        put(&store, &other).await;

        let gone = |ids: &[RunId]| ids.iter().map(|id| (*id, None)).collect::<Vec<_>>();
        assert_eq!(expired(&store, &Retention::new()).await, [], "no limit, and all stay");
        assert_eq!(expired(&store, &Retention::new().keep(2)).await, gone(&[a[1], a[0]]));
        assert_eq!(expired(&store, &Retention::new().keep(0).model("grok-3")).await, gone(&[b[1], b[0]]));
        assert_eq!(expired(&store, &Retention::new().keep(0).dataset("other")).await, gone(&[other.id]));
        let old = Retention::new().before(time(60)).dataset("golden").model("gpt-4o");
        assert_eq!(expired(&store, &old).await, gone(&[a[0]]));
        assert_eq!(expired(&store, &old.clone().keep(3)).await, gone(&[a[0]]), "both limits let it go");
        assert_eq!(expired(&store, &old.keep(4)).await, [], "one of them keeps it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_is_blessed_or_marked_is_never_deleted() {
    for database in Database::all() {
        let store = database.open().await;
        let ids = series(&store, "gpt-4o", 5).await;
        let unfinished = run("gpt-4o", 600);
        put(&store, &unfinished).await;
        database.bless(ids[0]);
        database.mark(ids[1]);
        database.lease(ids[2], "2999-01-01 00:00:00");
        database.lease(ids[3], "2026-01-01 00:00:30");
        let expected = [
            (unfinished.id, Some(Protection::Unfinished)),
            (ids[4], None),
            (ids[3], None),
            (ids[2], Some(Protection::Unfinished)),
            (ids[1], Some(Protection::Marked)),
            (ids[0], Some(Protection::Blessed)),
        ];
        assert_eq!(expired(&store, &Retention::new().keep(0)).await, expected);
        for (id, protection) in expected {
            let deletion = store.delete_run(id).await.unwrap();
            assert_eq!(deletion, protection.map_or(Deletion::Deleted(1), Deletion::Kept));
        }
        let left = store.list_runs(&RunQuery::default()).await.unwrap();
        let left: Vec<_> = left.iter().map(|run| run.id).collect();
        assert_eq!(left, [unfinished.id, ids[2], ids[1], ids[0]]);
        assert!(matches!(store.delete_run(ids[4]).await, Err(StoreError::NotFound(id)) if id == ids[4]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_belongs_to_a_run_goes_with_it_and_texts_that_others_ask_stay() {
    for database in Database::all() {
        let store = database.open().await;
        let (mine, other) = (finished("gpt-4o", 0, 0.5, 0), finished("gpt-4o", 1, 0.5, 0));
        let evaluations: Vec<_> = rich(mine.id).into_iter().filter(|one| one.sample.id.as_str() != "huge").collect();
        put(&store, &mine).await;
        put(&store, &other).await;
        store.put_evaluations(mine.id, &evaluations).await.unwrap();
        assert_eq!(store.delete_orphans().await.unwrap(), 0);

        let count = evaluations.len() as u64 + 1;
        assert_eq!(store.delete_run(mine.id).await.unwrap(), Deletion::Deleted(count));
        assert!(store.delete_orphans().await.unwrap() > 10);
        let tables = ["runs", "run_summaries", "evaluations", "verdicts", "samples"];
        assert_eq!(tables.map(|table| database.count(table)), [1; 5]);
        assert_eq!(store.get_run(other.id).await.unwrap(), other);
        let found = store.evaluations(other.id, &EvaluationQuery::default()).await.unwrap();
        assert_eq!(found, [scored(other.id, "shared", 1, 0.5)]);
    }
}

/// Another process still believes that the text is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_was_deleted_is_written_again_by_who_knew_it() {
    for database in Database::all() {
        let (store, other) = (database.open().await, database.open().await);
        let (old, new) = (finished("gpt-4o", 0, 0.5, 0), finished("gpt-4o", 1, 0.5, 0));
        put(&store, &old).await;
        other.delete_run(old.id).await.unwrap();
        assert_eq!(other.delete_orphans().await.unwrap(), 1);
        put(&store, &new).await;
        let found = store.evaluations(new.id, &EvaluationQuery::default()).await.unwrap();
        assert_eq!(found, [scored(new.id, "shared", 1, 0.5)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn room_is_given_back() {
    for database in Database::all() {
        let store = database.open().await;
        let run = finished("gpt-4o", 0, 0.5, 0);
        put(&store, &run).await;
        store.put_evaluations(run.id, &rich(run.id)).await.unwrap();
        store.delete_run(run.id).await.unwrap();
        store.delete_orphans().await.unwrap();
        let freed = store.shrink().await.unwrap();
        match &database {
            Database::Sqlite(folder) => {
                assert!(freed.is_some_and(|bytes| bytes > 1 << 20), "{freed:?}");
                let size = std::fs::metadata(Database::file(folder)).unwrap().len();
                assert!(size < 1 << 20, "{size}");
            }
            Database::Postgres(_) => assert_eq!(freed, None),
        }
        put(&store, &finished("gpt-4o", 1, 0.5, 0)).await;
    }
}
