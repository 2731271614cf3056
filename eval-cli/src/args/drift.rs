//! Verbs that say whether something moved, and those by which a person answers.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use eval_drift::findings::Shown;

pub(super) const DRIFT_EXAMPLES: &str = "\
Examples:
  evalctl drift                                   every model on every data set
  evalctl drift gpt-4o --dataset golden --json    one history, as a document
  evalctl drift --alert                           for cron: prints only what should call somebody
  evalctl drift gpt-4o --window 60d --baseline @baseline   against the runs since the blessed one
  evalctl drift --format junit > drift.xml        or md; on GitHub annotations and a summary of the step as well
  evalctl drift accept gpt-4o --run 5c10ab --reason \"the new prompt is meant\"
  evalctl drift mask gpt-4o --run 5c10ab --reason \"the provider was down\"
  evalctl drift --detector best-run --threshold 3 latest against best, as many dashboards do it: no evidence

WORSE is an alarm, WATCH may become one, SHOCK is one run out of line, PARTIAL lacks too many questions, WARMING has too
few runs. What is found is computed once for each run and set of marks, and read from then on.

An alarm takes evidence of 500. Errors, latency, tokens, cost and what else runs beside the scores share one budget of
false alarms: one of them is WORSE only if the mean of their evidence reaches 500 too.

Exit codes: 0 nothing is worse · 1 an alarm (with --alert: one that is printed) · 2 usage or database
  3 nothing could be judged: every history is too short, partial or not comparable, or it was the judge that moved";

pub(super) const BASELINE_EXAMPLES: &str = "\
Examples:
  evalctl baseline set 5c10ab --reason \"release 2.3\"
  evalctl baseline list --dataset golden
  evalctl baseline clear gpt-4o --dataset golden
  evalctl baseline export -o baseline.jsonl     to commit beside the data set
  evalctl baseline import baseline.jsonl        on a machine that remembers nothing, as in CI

Only a whole, finished run can be blessed. The newest one of a model on a data set counts, also among imported ones:
it counts since it was blessed, not since it was imported. Importing a file again changes nothing.";

#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct DriftArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<DriftVerb>,
    #[command(flatten)]
    pub(crate) looking: Looking,
}

/// Which histories are looked at, and how.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Looking {
    /// A model, or the name that its runs were given with --as [default: all]
    #[arg(value_name = "MODEL")]
    pub(crate) models: Vec<String>,
    /// The data set [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<String>,
    /// How to look; repeat for several [default: quality and operations]
    #[arg(long = "detector", value_enum, value_name = "DETECTOR")]
    pub(crate) detectors: Vec<Detector>,
    /// The margin of best-run, in points [default: 3]
    #[arg(long, value_name = "POINTS")]
    pub(crate) threshold: Option<f64>,
    /// Print only alarms that should call somebody, else nothing
    #[arg(long)]
    pub(crate) alert: bool,
    /// The smallest change that is an alarm, in points (percent for latency, tokens, cost) [default: 0; with --alert: 1]
    #[arg(long, value_name = "POINTS", value_parser = points)]
    pub(crate) min_drop: Option<f64>,
    /// How much of a history is shown: 30 (runs) or 60d (days before the newest run); it changes nothing in what is found
    /// [default: 90]
    #[arg(long, value_name = "RUNS|DAYS", value_parser = window)]
    pub(crate) window: Option<Shown>,
    /// The run with which the baseline begins: a run, @baseline, tag:KEY=VALUE, ref:COMMIT, branch:NAME, window:N
    /// [default: the first run since the user changed model, prompt, parameters or judge, or accepted a level]
    #[arg(long, value_name = "REF")]
    pub(crate) baseline: Option<String>,
    /// On GitHub: do not append to the summary of the step
    #[arg(long)]
    pub(crate) no_summary: bool,
}

/// How to look for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detector {
    /// The scores, run by run, with evidence that adds up
    Quality,
    /// Errors, timeouts, refusals, formats, latency, tokens, cost, length
    Operations,
    /// The judge, on frozen answers
    Anchors,
    /// The newest run against those before it, question by question
    Paired,
    /// The shape of latency, length and cost; never an alarm
    Distribution,
    /// Cumulative sums
    Cusum,
    /// An exponentially weighted mean
    Ewma,
    /// The test of Page and Hinkley
    PageHinkley,
    /// Adaptive windows
    Adwin,
    /// A change point somewhere in the history
    ChangePoint,
    /// Latest against best ever by a fixed margin: flags most histories in which nothing is wrong
    BestRun,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum DriftVerb {
    /// From this run on the level is right: monitors begin anew with it
    Accept(MarkArgs),
    /// This run was a mishap: monitors leave it out
    Mask(MarkArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct MarkArgs {
    /// The model, or the name that its runs were given with --as
    pub(crate) model: String,
    /// The run: its last six digits, its id, tag:KEY=VALUE
    #[arg(long)]
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) saying: Saying,
}

/// Who says something, and why.
#[derive(Debug, Clone, Args)]
pub(crate) struct Saying {
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub(crate) reason: String,
    /// Who says so [default: the user name of git, else of the account]
    #[arg(long, value_name = "NAME", value_parser = text)]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum BaselineVerb {
    /// Bless a run
    Set {
        /// The run: its last six digits, its id, @latest, MODEL@latest, tag:KEY=VALUE
        run: String,
        #[command(flatten)]
        saying: Saying,
    },
    /// What was blessed, newest first
    List {
        /// Only of this model or name
        model: Option<String>,
        /// Only on this data set
        #[arg(long, value_name = "NAME")]
        dataset: Option<String>,
    },
    /// Forget what was blessed; the runs stay
    Clear {
        /// The model, or the name that its runs were given with --as
        model: String,
        /// The data set [default: the only one]
        #[arg(long, value_name = "NAME")]
        dataset: Option<String>,
    },
    /// Write what counts, with its runs, as JSON lines
    Export {
        /// Only of this model or name
        model: Option<String>,
        /// Only on this data set
        #[arg(long, value_name = "NAME")]
        dataset: Option<String>,
        /// The file [default: stdout]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Take runs into the database and bless them as they were
    Import {
        /// What `baseline export` wrote; - is stdin
        file: PathBuf,
    },
}

/// A document of which there is a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// What `evalctl run --json` prints
    Run,
    /// What `evalctl gate --json` prints
    Gate,
    /// What `evalctl drift --json` prints
    Drift,
}

/// `30` or `60d`.
fn window(text: &str) -> Result<Shown, String> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|number| (1..=1_000).contains(number));
    let found = match text.strip_suffix('d') {
        Some(days) => days.parse::<u16>().ok().filter(|days| *days > 0).map(|days| Shown::Days(days.into())),
        None => number(text).map(|runs| Shown::Runs(runs.into())),
    };
    found.ok_or_else(|| "expected a number of runs up to 1000, or of days: 30 or 60d".to_owned())
}

fn points(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1_000.0).contains(number));
    number.ok_or_else(|| "expected points (or percent) from 0 on: 3".to_owned())
}

fn text(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("expected a few words".to_owned()),
        words => Ok(words.to_owned()),
    }
}
