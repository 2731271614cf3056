//! Shows: what a killed run loses (nothing) and what it pays for twice (at most the calls in flight).
//!
//! `cargo run --release --example kill_sweep`. The real `evalctl run` asks fifty questions of an endpoint in this
//! program, which keeps a ledger of every request. The process is killed with SIGKILL at every k-th write (by strace
//! where it may trace, else at random times) and resumed, and then its books are held against the ledger.

mod books;
mod case;
mod checks;
mod ledger;
mod postgres;
mod process;
mod provider;
mod questions;
mod report;
mod sqlite;
mod strace;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::Value;

use books::Books;
use case::Bench;
use ledger::Ledger;
use process::{Evalctl, Kill};
use report::Report;

/// Kills evalctl in the middle of runs, resumes them, and checks that nothing is lost and nothing is counted twice.
#[derive(Debug, Parser)]
struct Arguments {
    /// Points at which a run on SQLite is killed, spread over all its writes [default: 120; with --short: 12]
    #[arg(long)]
    points: Option<u64>,
    /// Instead of so many points: every K-th write
    #[arg(long, value_name = "K", conflicts_with = "points")]
    every: Option<usize>,
    /// Only this point, as the table names it
    #[arg(long, value_name = "POINT", conflicts_with_all = ["points", "every"])]
    at: Option<String>,
    /// Instead of SQLite: Postgres, whose server is killed as well, at random times
    #[arg(long)]
    postgres: bool,
    /// So many random times on Postgres; the server itself is killed in two of three [default: 45; with --short: 3]
    #[arg(long)]
    times: Option<u64>,
    /// A form that takes one to two minutes, on both databases
    #[arg(long)]
    short: bool,
    /// Of all that is random [default: the time]
    #[arg(long)]
    seed: Option<u64>,
}

impl Arguments {
    fn points(&self) -> u64 {
        self.points.unwrap_or(if self.short { 12 } else { 120 }).max(1)
    }

    fn times(&self) -> u64 {
        self.times.unwrap_or(if self.short { 3 } else { 45 })
    }

    /// Whether the points on this database are wanted.
    fn wants(&self, postgres: bool) -> bool {
        match &self.at {
            Some(at) => at.starts_with("postgres:") == postgres,
            None => self.short || self.postgres == postgres,
        }
    }

    fn seed(&self) -> u64 {
        self.seed.unwrap_or_default()
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let mut arguments = Arguments::parse();
    let now = std::time::UNIX_EPOCH.elapsed()?.as_secs();
    let seed = *arguments.seed.get_or_insert(now % 100_000);
    let bench = bench().await?;
    println!("seed {seed}, concurrency {}", process::CONCURRENCY);
    Report::head();
    let mut report = Report::default();
    if arguments.wants(false) {
        sqlite::sweep(&bench, &arguments, &mut report).await?;
    }
    if arguments.wants(true) {
        postgres::sweep(&bench, &arguments, &mut report).await?;
    }
    let repeat = |point: &str| format!("cargo run --example kill_sweep -- --seed {seed} --at {point}");
    Ok(if report.close(repeat) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Everything that the cases share, with the run that nobody kills.
async fn bench() -> Result<Bench> {
    let ledger = Arc::new(Ledger::default());
    let endpoint = provider::serve(ledger.clone()).await?;
    let binary = process::build()?;
    let mut bench = Bench { binary, endpoint, ledger, uninterrupted: Value::Null };
    let folder = tempfile::tempdir()?;
    let evalctl = bench.evalctl(folder.path().to_owned(), "sqlite://eval.db")?;
    let ended = evalctl.run(&Evalctl::run_arguments(), Kill::Never).await?;
    ensure!(ended.status.success(), "the uninterrupted run ended with {}: {}", ended.status, ended.stderr);
    let runs = Books::runs(&evalctl).await?;
    let id = runs.first().and_then(|run| run["id"].as_str()).context("the uninterrupted run is not there")?;
    let books = Books::of(&evalctl, id).await?;
    bench.uninterrupted = books.essence();
    let found = checks::at_end(&books, &bench.ledger.since(0), 0, &bench.uninterrupted);
    ensure!(found.is_empty(), "the uninterrupted run does not hold: {found:?}");
    Ok(bench)
}
