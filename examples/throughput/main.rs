//! Shows: what the harness costs beside a bare loop that makes the same calls, and how much of its speed it reaches.
//!
//! `cargo run --release --example throughput` (add `-- --quick` for a short look). Needs nothing: the endpoint is a
//! small server that this program starts as a process of its own. Linux only, because it reads `/proc`.
//!
//! 1. *Cost*: one model, 2,000 questions, an LLM judge (4,000 calls), 64 in flight, answers at once. The bare loop is
//!    one thread with reqwest that writes its rows into SQLite in batches. The harness writes each call down before it
//!    makes it, and keeps results in memory, in SQLite and, where PostgreSQL is installed, on a server of its own. All run
//!    in turn, each in a process of its own; the figures are medians of five ratios of CPU time. The server's own time
//!    is not in them.
//! 2. *Memory*: the peak of the harness with 2,000 and with 50,000 questions.
//! 3. *Speed*: answers take 500 ms and verdicts 500 ms, three models, 200 questions each, 100 in flight for each model.

mod bare;
mod harness;
mod load;
mod server;
mod usage;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use eval_store::testing::Postgres;
use load::{Kind, Load};
use usage::Usage;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => measure(2_000, 50_000, 5, 200),
        ["--quick"] => measure(500, 5_000, 3, 200),
        ["serve"] => server::serve(),
        ["bare", load] => bare::run(&serde_json::from_str(load)?),
        ["harness", load] => harness::run(&serde_json::from_str(load)?),
        _ => bail!("usage: throughput [--quick]"),
    }
}

fn measure(questions: usize, many: usize, rounds: usize, slow_questions: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start()?;
    let csv = load::write_questions(folder.path(), questions)?;
    let load = |models, delay_ms, concurrency, csv: &Path| {
        Load::new(&server.url, folder.path(), csv, models, delay_ms, concurrency)
    };

    println!("1. cost: 1 model x {questions} questions with a judge, 64 in flight, instant answers");
    let fast = load(1, 0, 64, &csv);
    let large = load::write_questions(folder.path(), many)?;
    let large = load(1, 0, 64, &large);
    let postgres = Postgres::shared();
    let kinds = |postgres: Option<&Postgres>| {
        let on_server = postgres.map(|postgres| ("Postgres", Kind::Postgres(postgres.database())));
        [("memory", Kind::Memory), ("SQLite", Kind::Sqlite)].into_iter().chain(on_server)
    };
    let mut rounds_of: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for round in 1..=rounds {
        let bare = child("bare", &fast)?;
        println!("   round {round}: bare loop {bare}");
        for (name, kind) in kinds(postgres) {
            let harness = child("harness", &fast.kept(kind))?;
            let ratio = harness.cpu_s / bare.cpu_s;
            println!("            {name:8} {harness}   ratio {ratio:.2}");
            rounds_of.entry(name).or_default().push((ratio, harness.peak_mb));
        }
    }
    println!("2. medians of {rounds}");
    for (name, kind) in kinds(postgres) {
        let found = &rounds_of[name];
        let (ratio, peak) = (median(found.iter().map(|round| round.0)), median(found.iter().map(|round| round.1)));
        let large = child("harness", &large.kept(kind))?.peak_mb;
        println!(
            "   {name:8} {ratio:.2} times the CPU time of the bare loop, peak {peak:.1} MB, {large:.1} MB with {many} questions"
        );
    }

    println!("3. speed: 3 models x {slow_questions} questions, 100 in flight each, answer 500 ms + verdict 500 ms");
    let csv = load::write_questions(folder.path(), slow_questions)?;
    let slow = load(3, 500, 100, &csv);
    let mut speeds = Vec::new();
    for round in 1..=3 {
        let (bare, harness) = (child("bare", &slow)?, child("harness", &slow)?);
        println!("   round {round}: bare loop {:.2} s   harness {:.2} s", bare.wall_s, harness.wall_s);
        speeds.push(100.0 * bare.wall_s / harness.wall_s);
    }
    println!("   {:.1} % of the speed of the bare loop (median of 3)", median(speeds.into_iter()));
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs one side in a process of its own, which reports what it used.
fn child(side: &str, load: &Load) -> Result<Usage> {
    let output = Command::new(std::env::current_exe()?)
        .args([side, &serde_json::to_string(load)?])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("the {side} process failed: {}", output.status);
    }
    let last = String::from_utf8(output.stdout)?;
    serde_json::from_str(last.trim()).with_context(|| format!("what {side} printed: {last}"))
}

/// The server process; ends with this value.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Result<Self> {
        let mut process =
            Command::new(std::env::current_exe()?).arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("the server has no output")?;
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
