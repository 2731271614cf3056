//! Shows: the statistics of eval-drift held to reference values, whoever computed them.
//!
//! `cargo run --release --example statistics_reference -- DIR` reads every `*.json` of a folder, computes every case in
//! it, and prints a line for each file: its name, its cases, how many passed and failed, and the largest difference
//! between a number found and the one expected. The values that the crate's own tests use are in
//! `eval-drift/tests/fixtures`.
//!
//! A file is either a case file, `{"statistic", "rel_tol", "abs_tol", "cases": [{"id", "input", "expected"}]}`, or a table
//! of the change-point model's thresholds, `{"t_first", "table": {"0.001": {"h": […]}}}`. What is neither of them, cannot
//! be read, or names a statistic that is not known has failed. The exit code is 0 only if everything passed.

mod check;
mod file;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use file::Row;

/// Failures that are shown of each file unless all are asked for.
const SHOWN: usize = 3;

/// Computes all cases of a folder of reference values and compares.
#[derive(Parser)]
struct Arguments {
    /// The folder with the `*.json` files
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Shows every failure instead of the first three of each file
    #[arg(long)]
    verbose: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let files = file::files(&arguments.folder)?;
    let rows: Vec<Row> = files.iter().map(|path| file::check(path)).collect();
    print(&rows);
    print_failures(&rows, if arguments.verbose { usize::MAX } else { SHOWN });
    Ok(if rows.iter().all(Row::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(rows: &[Row]) {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0).max("total".len());
    println!("{:width$}  {:>6}  {:>6}  {:>6}  {:>11}", "name", "cases", "passed", "failed", "worst_error");
    let total = rows.iter().fold(Row::named("total"), Row::plus);
    for row in rows.iter().chain([&total]) {
        let Row { name, cases, failed, worst_error, .. } = row;
        println!("{name:width$}  {cases:>6}  {:>6}  {failed:>6}  {worst_error:>11.1e}", cases - failed);
    }
}

fn print_failures(rows: &[Row], shown: usize) {
    for row in rows.iter().filter(|row| !row.passed()) {
        println!("\nFAILED {}", row.name);
        row.failures.iter().take(shown).for_each(|failure| println!("  {failure}"));
        if row.failures.len() > shown {
            println!("  and {} more: --verbose shows them", row.failures.len() - shown);
        }
    }
}
