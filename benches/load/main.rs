//! Loads a server over real sockets and says how it bears it.
//!
//! `cargo run --release -p eval-benches --example load -- [--runs N] [--keep FOLDER] [--postgres] [--seconds N]`. It fills a
//! new SQLite database, or with `--postgres` a database of a server that it starts, with 1,000 runs of 1,000 evaluations,
//! starts a server over it as a process of its own (`load serve`), and measures: the time from start to ready, memory at
//! rest, reads at 200 requests a second, `/healthz` as often as it answers, and 200 listeners on one live run.
//!
//! `load serve --database URL [--fill RUNS]` alone is a server whose models are simulated, which prints its address and a
//! token: `.ci/run api` asks it whatever schemathesis thinks of. Linux only, because it reads `/proc`.

mod client;
#[path = "../../examples/million/fill.rs"]
mod fill;
mod measure;
mod runner;
mod server;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use eval_store::DieselStore;
use eval_store::testing::Postgres;

/// Loads a server over real sockets and says how it bears it.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    only: Option<Only>,
    /// Runs of 1,000 evaluations each
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    runs: usize,
    /// Keeps the SQLite database in this folder, and takes it as it is the next time
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Postgres instead of SQLite, on a server that is started here
    #[arg(long)]
    postgres: bool,
    /// How long reads are made
    #[arg(long, value_name = "N", default_value_t = 30)]
    seconds: u64,
}

#[derive(Subcommand)]
enum Only {
    /// A server whose models are simulated; prints its address and a token
    Serve {
        /// Its database
        #[arg(long, value_name = "URL")]
        database: String,
        /// Runs of 1,000 evaluations that are put into an empty database
        #[arg(long, value_name = "RUNS", default_value_t = 0)]
        fill: usize,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(Only::Serve { database, fill }) = &arguments.only {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        return runtime.block_on(server::serve(database, *fill));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if arguments.postgres {
        let settings = ["shared_buffers=512MB", "max_wal_size=4GB"];
        let server = Postgres::start(&settings).context("Postgres is not installed here")?;
        return runtime.block_on(load("Postgres", &server.database(), &arguments));
    }
    let folder = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(folder.path());
    let url = format!("sqlite:///{}", folder.join("load.db").display());
    runtime.block_on(load("SQLite", &url, &arguments))
}

async fn load(name: &str, url: &str, arguments: &Arguments) -> Result<()> {
    println!("{name}, {} runs of {} evaluations", arguments.runs, fill::QUESTIONS);
    let mut filled = fill::fill(&DieselStore::open(url).await?, arguments.runs).await?;
    // Without the live run of an earlier time, which is the newest.
    filled.runs.truncate(arguments.runs);
    measure::all(url, &filled, arguments.seconds).await
}
