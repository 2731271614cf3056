//! Verbs that write and read files of runs.

use std::path::PathBuf;

use clap::Args;

use super::pair;
use super::reading::{Comparing, Filtering};

pub(super) const EXPORT_EXAMPLES: &str = "\
Examples:
  evalctl export @latest -o run.csv                        for a spreadsheet
  evalctl export 4f3a21 --format jsonl | gzip > run.jsonl.gz
  evalctl export @latest --outcome failed --format json    only what the model did not answer
  evalctl export @latest --against @latest~1 --regressed -o worse.csv

The format is that of --format (csv, json or jsonl), else that of the file's extension, else csv. `evalctl import` takes
all three back. A file is replaced only when the new one is complete.";

pub(super) const IMPORT_EXAMPLES: &str = "\
Examples:
  evalctl import run.csv                                   what `evalctl export` wrote, or a spill file
  promptfoo eval -o results.json
  evalctl import results.json --dataset-name support       a run for each provider and prompt
  inspect eval task.py --model openai/gpt-4o --log-format json
  evalctl import logs/2026-01-31_task.json --as gpt-4o --tag branch=main
  inspect log convert logs/FILE.eval --to json --output-dir logs-json    for logs in Inspect's binary format

What kind of file it is, is seen from its content. Importing a file again counts nothing twice.";

#[derive(Debug, Clone, Args)]
pub(crate) struct ExportArgs {
    /// The run: its last six digits, its id, tag:KEY=VALUE, or @latest, @latest~1 among the runs over whole data sets
    /// [default: the newest run of all]
    pub(crate) run: Option<String>,
    /// The file; its extension chooses the format [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) filtering: Filtering,
    #[command(flatten)]
    pub(crate) comparing: Comparing,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ImportArgs {
    /// The file; - is stdin
    pub(crate) file: PathBuf,
    /// The name under which a run of another tool enters its history [default: its model]
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The name of its data set in histories [default: what the tool calls it]
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset_name: Option<String>,
    /// A mark on the runs of another tool; repeat for several
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) tags: Vec<(String, String)>,
}
