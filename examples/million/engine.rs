//! The store's writes beside multi-row inserts, which is the fastest that the engine takes rows one statement at a time.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use eval_core::{Evaluation, RunId, Store as _};
use eval_store::DieselStore;

use crate::fill::{self, Filled};

const RUNS: usize = 20;
const ROUNDS: usize = 3;
/// Evaluations in a batch of the store, and in a transaction of the engine.
const BATCH: usize = 1_000;
/// Rows in a statement.
const ROWS: usize = 250;
/// Ids of the engine's rows begin at multiples of this, out of the way of the store's.
const FIRST_ID: usize = 1 << 50;

/// Writes the same evaluations both ways, in turn, and prints the rates.
pub async fn compare(store: &DieselStore, url: &str, filled: &Filled) -> Result<()> {
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let (mine, theirs) = (runs(store, filled, 2 * round).await?, runs(store, filled, 2 * round + 1).await?);
        let begun = Instant::now();
        for (run, evaluations) in &mine {
            for batch in evaluations.chunks(BATCH) {
                store.put_evaluations(*run, batch).await?;
            }
        }
        let ours = begun.elapsed().as_secs_f64();
        let sql = statements(&theirs, FIRST_ID * (round + 1))?;
        let begun = Instant::now();
        run(url, sql).await?;
        let engine = begun.elapsed().as_secs_f64();
        rates.push(((RUNS * fill::QUESTIONS) as f64 / ours, (RUNS * fill::QUESTIONS) as f64 / engine));
    }
    run(url, "DELETE FROM runs WHERE status = 'running'".to_owned()).await?;
    rates.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (ours, engine) = rates[rates.len() / 2];
    println!(
        "   writes: put_evaluations {ours:.0} rows/s, multi-row inserts {engine:.0} rows/s: {:.0} % (median of {ROUNDS})",
        100.0 * ours / engine
    );
    Ok(())
}

/// Runs that are stored, each with evaluations that are not.
async fn runs(store: &DieselStore, filled: &Filled, part: usize) -> Result<Vec<(RunId, Vec<Evaluation>)>> {
    let mut found = Vec::with_capacity(RUNS);
    for at in 0..RUNS {
        let (day, model) = (1_000 + part, at);
        let run = fill::run(day, model);
        store.put_run(&run).await?;
        let evaluation = |sample| fill::evaluation(&run, sample, (day, model));
        found.push((run.id, filled.samples.iter().map(evaluation).collect()));
    }
    Ok(found)
}

/// Runs SQL past the store.
pub async fn run(url: &str, sql: String) -> Result<()> {
    match url.strip_prefix("sqlite:///").map(str::to_owned) {
        Some(path) => tokio::task::spawn_blocking(move || sqlite(Path::new(&path), &sql)).await?,
        None => {
            let url = url.to_owned();
            tokio::task::spawn_blocking(move || drop(eval_store::testing::query(&url, &sql))).await?;
            Ok(())
        }
    }
}

/// With the settings that the store has.
fn sqlite(path: &Path, sql: &str) -> Result<()> {
    let mut connection = SqliteConnection::establish(path.to_str().context("a path in UTF-8")?)?;
    connection.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -2000; \
         PRAGMA wal_autocheckpoint = 4000;",
    )?;
    Ok(connection.batch_execute(sql)?)
}

/// All rows as SQL, in transactions of a batch each.
fn statements(runs: &[(RunId, Vec<Evaluation>)], first_id: usize) -> Result<String> {
    let (mut sql, mut next) = (String::new(), first_id);
    for (run, evaluations) in runs {
        for batch in evaluations.chunks(BATCH) {
            sql.push_str("BEGIN;\n");
            for rows in batch.chunks(ROWS) {
                insert(&mut sql, *run, rows, next)?;
                next += rows.len();
            }
            sql.push_str("COMMIT;\n");
        }
    }
    Ok(sql)
}

fn insert(sql: &mut String, run: RunId, rows: &[Evaluation], first: usize) -> Result<()> {
    sql.push_str(
        "INSERT INTO evaluations (id, run_id, sample_id, epoch, sample_hash, category, outcome, score, error_kind, error, \
         answer, finish_reason, prompt_tokens, completion_tokens, cost_nanos, queued_ms, backing_off_ms, latency_ms, \
         started_at) VALUES ",
    );
    let mut verdicts = String::new();
    for (id, row) in (first..).zip(rows) {
        let (sample, outcome) = (&row.sample, row.outcome.name());
        let hash = sample.content_hash();
        write!(sql, "({id},'{run}','{}',{},'{hash}','{}','{outcome}',", sample.id, row.epoch, sample.category)?;
        match (row.score(), &row.completion) {
            (Some(score), Some(answer)) => {
                let (cost, latency) = (row.cost.map_or(0, |cost| cost.nanos()), row.timing.service_ms.unwrap_or(0.0));
                let why = row.verdicts[0].explanation.as_deref().unwrap_or_default();
                write!(sql, "{},NULL,NULL,'{}','unknown',90,220,{cost},0,0,{latency},", score.get(), answer.text)?;
                write!(verdicts, "({id},0,'llm:grader',{},'{why}',90000),", score.get())?;
            }
            _ => sql.push_str("NULL,'timeout','no answer after 60 s',NULL,NULL,NULL,NULL,NULL,0,0,NULL,"),
        }
        write!(sql, "'{}'),", row.started.strftime("%Y-%m-%d %H:%M:%S"))?;
    }
    sql.pop();
    write!(
        sql,
        ";\nINSERT INTO verdicts (evaluation_id, position, judge, score, explanation, cost_nanos) VALUES {verdicts}"
    )?;
    sql.pop();
    sql.push_str(";\n");
    Ok(())
}
