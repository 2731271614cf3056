//! Shows: how fast pages are over a million evaluations, and how near the store's writes come to the engine's own.
//!
//! `cargo run --release --example million -- [--runs N] [--keep FOLDER] [--no-sqlite] [--postgres [URL]]`. It fills a
//! new SQLite database, and with `--postgres` an empty database of that server or of one that it starts, with 1,000 runs
//! of 10 models over 1,000 questions, which takes some minutes and 3 GB on each; `--runs 50` is for a short look. Then it
//! times
//!
//! 1. *pages*: each query of `Store` and `Reports` with varied parameters and deep cursors, with the memory it takes;
//! 2. *writes*: `put_evaluations` in batches beside multi-row inserts of the same rows into the same tables.
//!
//! With `--keep` the SQLite database stays, and is taken as it is the next time. Linux only, because it reads `/proc`.

mod engine;
mod fill;
mod memory;
mod pages;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use eval_store::DieselStore;
use eval_store::testing::Postgres;

/// Times pages over a million evaluations, and writes beside the engine's own.
#[derive(Parser)]
struct Arguments {
    /// Runs of 1,000 evaluations each
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    runs: usize,
    /// Keeps the SQLite database in this folder, and takes it as it is the next time
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Leaves SQLite out
    #[arg(long)]
    no_sqlite: bool,
    /// Postgres too: an empty database of this server, or one of a server that is started here
    #[arg(long, value_name = "URL")]
    postgres: Option<Option<String>>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if !arguments.no_sqlite {
        let folder = tempfile::tempdir()?;
        let folder = arguments.keep.as_deref().unwrap_or(folder.path());
        let url = format!("sqlite:///{}", folder.join("million.db").display());
        runtime.block_on(measure("SQLite", &url, arguments.runs))?;
    }
    match arguments.postgres {
        None => {}
        Some(Some(url)) => runtime.block_on(measure("Postgres", &url, arguments.runs))?,
        Some(None) => {
            let settings = ["shared_buffers=512MB", "max_wal_size=4GB"];
            let server = Postgres::start(&settings).context("Postgres is not installed here")?;
            runtime.block_on(measure("Postgres", &server.database(), arguments.runs))?;
        }
    }
    Ok(())
}

async fn measure(name: &str, url: &str, runs: usize) -> Result<()> {
    println!("{name}");
    let store = DieselStore::open(url).await?;
    let filled = fill::fill(&store, runs).await?;
    if name == "Postgres" {
        // As autovacuum does by itself, a minute later.
        engine::run(url, "VACUUM ANALYZE".to_owned()).await?;
    }
    pages::time(&store, &filled).await?;
    engine::compare(&store, url, &filled).await
}
