//! The queries of docs/schema.md, run as they stand on both databases.

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use common::{connection, open, url};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use eval_core::conformance::fixtures::{failed, finished, scored};
use eval_core::{Evaluation, Money, Run, Store, Summary, Timing};
use eval_store::DieselStore;
use eval_store::testing::{Postgres, query};

const PAGE: &str = include_str!("../../docs/schema.md");

/// What each of the ten gives, in their order.
const COLUMNS: [&str; 10] = [
    "run, started_at, name, dataset, accuracy, low, high, questions, cost_usd, status",
    "name, accuracy, accuracy_low, accuracy_high, accuracy_n, failed, latency_p50_ms",
    "started_at, accuracy, accuracy_n, accuracy_low, accuracy_high, scored, unscored, failed, git_commit",
    "category, accuracy, accuracy_n, failed",
    "sample_id, question, expected_output, answer, explanation",
    "sample_id, epoch, score_before, score_now, answer",
    "sample_id, scored, mean_score",
    "day, model, runs, answers_usd, judges_usd, calls_without_price",
    "model, error_kind, failures, for_instance",
    "model, served_model, served_fingerprint, first_seen, last_seen, answers",
];

/// The blocks of SQL, as statements that count what they give and fail where a column is missing.
fn counts() -> Vec<String> {
    let blocks = PAGE.split("```sql\n").skip(1).filter_map(|part| part.split("```").next());
    let queries: Vec<_> = blocks.map(|block| block.trim().trim_end_matches(';')).collect();
    assert_eq!(queries.len(), COLUMNS.len(), "{queries:#?}");
    let count = |(query, columns)| format!("count(*) FROM (SELECT {columns} FROM ({query}) AS asked) AS counted");
    queries.into_iter().zip(COLUMNS).map(count).collect()
}

/// Two runs of which the second got worse at one question, and a question that failed.
async fn fill(store: &DieselStore) {
    for (at, score) in [(0, 1.0), (60, 0.0)] {
        let mut run = finished("gpt-4o", at, 0.5, 0);
        let mut evaluations = vec![scored(run.id, "a", 1, score), scored(run.id, "b", 1, 1.0), failed("c", 1, "late")];
        evaluations.iter_mut().for_each(priced);
        run.summary = Some(Summary::of(&evaluations, 1, 0.5));
        put(store, &run, &evaluations).await;
    }
}

fn priced(evaluation: &mut Evaluation) {
    let answered = evaluation.completion.is_some();
    evaluation.cost = answered.then(|| Money::from_nanos(5));
    evaluation.timing = Timing::service(100.0);
    if let Some(completion) = &mut evaluation.completion {
        completion.served.model = Some("gpt-4o-2026-01-01".into());
    }
}

async fn put(store: &DieselStore, run: &Run, evaluations: &[Evaluation]) {
    store.put_run(run).await.expect("it is stored");
    store.put_evaluations(run.id, evaluations).await.expect("it is stored");
}

/// How many rows each of the ten gives over what [`fill`] stores.
const ROWS: [i64; 10] = [2, 1, 2, 1, 1, 1, 1, 1, 1, 1];

#[tokio::test]
async fn the_queries_of_the_page_run_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    fill(&open(&url(&folder, "eval.db")).await).await;
    let mut connection = connection(&folder.path().join("eval.db"));
    for (count, rows) in counts().iter().zip(ROWS) {
        let found = diesel::select(sql::<BigInt>(count)).get_result::<i64>(&mut connection);
        assert_eq!(found, Ok(rows), "{count}");
    }
}

#[tokio::test]
async fn the_queries_of_the_page_run_on_postgres() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    fill(&DieselStore::open(&url).await.expect("a database")).await;
    for (count, rows) in counts().iter().zip(ROWS) {
        assert_eq!(query(&url, &format!("SELECT {count}")), [rows.to_string()], "{count}");
    }
}

#[tokio::test]
async fn the_page_names_every_table() {
    let folder = tempfile::tempdir().expect("a folder");
    open(&url(&folder, "eval.db")).await;
    let mut connection = connection(&folder.path().join("eval.db"));
    let tables = "name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE '\\_\\_%' ESCAPE '\\' \
                  AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let tables: Vec<String> =
        diesel::select(sql::<diesel::sql_types::Text>(tables)).load(&mut connection).expect("tables");
    assert!(tables.len() >= 13, "{tables:?}");
    for table in tables {
        assert!(PAGE.contains(&format!("| `{table}` |")), "docs/schema.md does not name {table}");
    }
}
