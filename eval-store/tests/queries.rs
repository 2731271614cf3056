//! What a person sees who opens the file with another program.
#![cfg(feature = "sqlite")]

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use common::{connection, open, url};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable, Text};
use eval_core::conformance::fixtures::{failed, finished, rich, rich_run, unscored};
use eval_core::{Run, Store};

#[derive(QueryableByName, Debug, PartialEq)]
struct Line {
    #[diesel(sql_type = Text)]
    run: String,
    #[diesel(sql_type = Text)]
    started_at: String,
    #[diesel(sql_type = Nullable<Double>)]
    accuracy: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    wall_s: Option<f64>,
}

async fn filled(folder: &tempfile::TempDir) -> (SqliteConnection, Run) {
    let (store, run) = (open(&url(folder, "eval.db")).await, finished("gpt-4o", 1, 0.875, 2));
    store.put_run(&rich_run()).await.expect("it is stored");
    store.put_run(&run).await.expect("it is stored");
    store.put_evaluations(run.id, &rich(run.id)).await.expect("it is stored");
    (connection(&folder.path().join("eval.db")), run)
}

#[tokio::test]
async fn results_are_in_percent_and_seconds_and_times_are_readable() {
    let folder = tempfile::tempdir().unwrap();
    let (mut connection, run) = filled(&folder).await;
    let lines: Vec<Line> =
        diesel::sql_query("SELECT * FROM results WHERE name = 'gpt-4o'").load(&mut connection).unwrap();
    let started_at = "2026-01-01 00:00:01.123457".to_owned();
    assert_eq!(lines, [Line { run: run.id.short(), started_at, accuracy: Some(87.5), wall_s: Some(60.0) }]);
}

#[tokio::test]
async fn what_is_replaced_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (store, run) = (open(&url(&folder, "eval.db")).await, finished("gpt-4o", 1, 0.875, 2));
    store.put_run(&run).await.unwrap();
    for reason in ["garbled", "garbled again"] {
        store.put_evaluations(run.id, &[unscored(run.id, "a", 1, reason)]).await.unwrap();
        store.put_evaluations(run.id, &[failed("a", 1, reason)]).await.unwrap();
    }
    let mut connection = connection(&folder.path().join("eval.db"));
    let counts = "(SELECT count(*) FROM evaluations), (SELECT count(*) FROM verdicts), (SELECT count(*) FROM samples)";
    let found = diesel::select(sql::<(BigInt, BigInt, BigInt)>(counts)).get_result(&mut connection);
    assert_eq!(found, Ok((1_i64, 0_i64, 1_i64)));
}

#[tokio::test]
async fn the_queries_of_the_readme_run() {
    let folder = tempfile::tempdir().unwrap();
    let (mut connection, _) = filled(&folder).await;
    let readme = include_str!("../README.md");
    let queries: Vec<_> = readme.split("```sql\n").skip(1).filter_map(|part| part.split("```").next()).collect();
    assert!(queries.len() >= 5, "{queries:?}");
    for query in queries {
        let done = diesel::sql_query(query).execute(&mut connection);
        assert!(done.is_ok(), "{query}: {done:?}");
    }
}
