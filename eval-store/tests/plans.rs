//! How the databases go about each query: by an index, never over all evaluations, never sorting more than a run.

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use common::{connection, open, url};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use eval_core::conformance::fixtures::{finished, scored, time};
use eval_core::{
    Changes, ComparisonQuery, CostQuery, EvaluationQuery, HistoryQuery, OutcomeKind, Params, Reports, Run, RunId,
    RunQuery, RunStatus, Store,
};
use eval_store::DieselStore;
use eval_store::testing::{Postgres, query};

/// The statements of the queries, as diesel writes them for this database.
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn note() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let text = text.split(" -- binds").next().unwrap_or_default().to_owned();
            SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
        }
    }))
}

const RUNS: i64 = 30;
const QUESTIONS: usize = 200;

/// Enough runs and evaluations that an index is worth its while.
async fn fill(store: &DieselStore) -> Vec<Run> {
    let mut runs: Vec<_> = (0..RUNS).map(|at| finished(&format!("model-{}", at % 3), at, 0.5, 3)).collect();
    for (at, run) in runs.iter_mut().enumerate() {
        run.tags = [("branch".to_owned(), format!("b{}", at % 4))].into();
        run.group = Some(RunId::at(time(0)));
        store.put_run(run).await.expect("it is stored");
        let question = |n: usize| scored(run.id, &format!("q{n:04}"), 1, ((n + at) % 3) as f64 / 2.0);
        let batch: Vec<_> = (0..QUESTIONS).map(question).collect();
        store.put_evaluations(run.id, &batch).await.expect("it is stored");
    }
    runs
}

/// Every query with every filter.
async fn ask(store: &DieselStore, runs: &[Run]) {
    let (run, other) = (&runs[20], &runs[17]);
    store.get_run(run.id).await.expect("a run");
    for query in run_queries(run) {
        store.list_runs(&query).await.expect("runs");
    }
    for evaluations in evaluation_queries() {
        store.evaluations(run.id, &evaluations).await.expect("evaluations");
        for changes in [Changes::All, Changes::Changed, Changes::Regressed, Changes::Improved] {
            let mut query = ComparisonQuery::against(other.id).changes(changes);
            query.evaluations = evaluations.clone();
            store.compared(run.id, &query).await.expect("a comparison");
        }
    }
    store.interim(run.id).await.expect("interim figures");
    for dataset in [None, Some("golden")] {
        store.leaderboard(dataset).await.expect("a leaderboard");
    }
    for query in history_queries(run) {
        store.history(&query).await.expect("a history");
        store.windows(&query.clone().details(true)).await.expect("windows");
        store.windows(&query).await.expect("windows");
    }
    store.stats().await.expect("stats");
    for query in cost_queries(run) {
        store.costs(&query).await.expect("costs");
    }
}

fn run_queries(run: &Run) -> Vec<RunQuery> {
    let mut queries = vec![RunQuery::default(); 8];
    queries[1].model = Some(run.model.clone());
    queries[2].dataset = Some(run.dataset.name.clone());
    queries[3].status = Some(RunStatus::Finished);
    queries[4].tag = Some(("branch".into(), "b1".into()));
    queries[5].group = run.group;
    (queries[6].since, queries[6].until) = (Some(time(3)), Some(time(9)));
    queries[7].before = Some(run.id);
    queries
}

fn evaluation_queries() -> Vec<EvaluationQuery> {
    let mut queries = vec![EvaluationQuery::default(); 6];
    queries[1].category = Some("math".into());
    queries[2].outcome = Some(OutcomeKind::Failed);
    (queries[3].min_score, queries[3].max_score) = (Some(0.25), Some(0.75));
    queries[4].text = Some("needle".into());
    queries[5].after = Some(("q0100".into(), 1));
    queries
}

fn history_queries(run: &Run) -> Vec<HistoryQuery> {
    let mut bounded = HistoryQuery::of(run);
    (bounded.since, bounded.until, bounded.before) = (Some(time(3)), Some(time(20)), Some(run.id));
    bounded.params = Some(Params::new());
    vec![HistoryQuery::new(&run.name, &run.dataset.name), bounded]
}

fn cost_queries(run: &Run) -> Vec<CostQuery> {
    let mut queries = vec![CostQuery::default(); 3];
    queries[1].model = Some(run.model.clone());
    (queries[2].since, queries[2].until) = (Some(time(3)), Some(time(9)));
    queries
}

/// What the queries of this store look like in SQL.
async fn statements(store: &DieselStore) -> Vec<String> {
    let runs = fill(store).await;
    SEEN.lock().expect("nobody panicked").clear();
    ask(store, &runs).await;
    let seen = SEEN.lock().expect("nobody panicked").clone();
    let queries: Vec<_> = seen.into_iter().filter(|text| text.starts_with("SELECT")).collect();
    assert!(queries.len() > 30, "the queries were seen: {queries:#?}");
    queries
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

/// One test, because what is noted is noted for the whole process.
#[tokio::test(flavor = "multi_thread")]
async fn every_query_uses_an_index() {
    set_default_instrumentation(note).expect("no connection was made before");
    sqlite().await;
    if let Some(postgres) = Postgres::shared() {
        on_postgres(&postgres.database()).await;
    }
}

async fn sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&url(&folder, "eval.db")).await;
    let statements = statements(&store).await;
    let mut connection = connection(&folder.path().join("eval.db"));
    for statement in statements {
        let plan: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
            .load(&mut connection)
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        let plan: Vec<_> = plan.into_iter().map(|step| step.detail).collect();
        reads_no_table_whole(&statement, &plan, "SCAN");
        // Runs may be sorted: there are a thousand times fewer of them.
        let large = LARGE.iter().any(|table| statement.contains(table));
        for step in &plan {
            let sorts = large && step.contains("TEMP B-TREE FOR ORDER");
            assert!(!sorts, "rows are sorted: {statement}\n{plan:#?}");
            let scans_runs = step.starts_with("SCAN runs") && !step.contains("USING");
            assert!(!scans_runs, "runs are read without an index: {statement}\n{plan:#?}");
        }
    }
}

/// Tables that grow with each question asked, and what a query calls the evaluations of another run.
const LARGE: [&str; 5] = ["evaluations", "verdicts", "samples", "attempts", "other"];

fn reads_no_table_whole(statement: &str, plan: &[String], scan: &str) {
    let whole = |step: &String| LARGE.iter().any(|table| step.contains(&format!("{scan} {table}")));
    assert!(!plan.iter().any(whole), "everything is read: {statement}\n{plan:#?}");
}

async fn on_postgres(url: &str) {
    let statements = statements(&DieselStore::open(url).await.expect("a database")).await;
    // Other data sets: with a handful of samples it is best to read them all.
    query(url, "INSERT INTO samples (hash, question) SELECT n::text, n::text FROM generate_series(1, 20000) n");
    query(url, "VACUUM ANALYZE");
    for statement in statements {
        // The plan that is made without looking at the parameters, so that there need not be any.
        let parameters = (1..100).rev().find(|n| statement.contains(&format!("${n}"))).unwrap_or(0);
        let nulls = vec!["NULL"; parameters].join(", ");
        let execute = if parameters == 0 { "asked".to_owned() } else { format!("asked({nulls})") };
        let explain = format!(
            "SET plan_cache_mode = force_generic_plan; PREPARE asked AS {statement}; EXPLAIN EXECUTE {execute}"
        );
        let plan = query(url, &explain);
        // It may sort the rows of one run, where it thinks that this is less than walking them in order.
        reads_no_table_whole(&statement, &plan, "Seq Scan on");
        let scores = statement.starts_with("SELECT \"evaluations\".\"sample_id\"");
        let from_index = plan.iter().any(|step| step.contains("Index Only Scan"));
        assert!(!scores || from_index, "the scores of a history are not in the index: {statement}\n{plan:#?}");
    }
}
