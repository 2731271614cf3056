//! Verbs that decide, compare and plan.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use eval_core::Money;

use super::{Asking, Endpoint, Taping, pair};

pub(super) const GATE_EXAMPLES: &str = "\
Examples:
  evalctl gate @latest --vs @baseline                        the run that was blessed for this model and data set
  evalctl gate @latest --vs branch:main --margin 5           the last run with the tag branch=main
  evalctl gate 7f3a12 --vs window:7 --category math=10       the 7 comparable runs before it, pooled
  evalctl gate @latest --vs tag:release=1.4 --min-accuracy 80 --max-cost 5 --max-p95 3s
  evalctl gate @latest --vs ref:main -o gate.json -o gate.md -o gate.xml    every report of one decision
  evalctl gate --run golden.csv -m gpt-4o --vs @baseline     asks the questions first
  evalctl gate --run golden.csv -m gpt-4o -m grok-3 --draw 10 --vs branch:main    each model against its own baseline
  evalctl gate --run golden.csv -m gpt-4o --vs window:7 --on-inconclusive rerun
  evalctl gate --run golden.csv -m gpt-4o --vs tag:release --replay cassette    without key and network

A drop passes when its 90 % interval lies above -margin, fails when it lies below 0 (and does not pass), else it is
inconclusive and says what it would take. An absolute limit fails only if the whole interval is beyond it.
Exit codes: 0 pass · 1 fail · 3 inconclusive (nothing to decide by, or no baseline: always; too little asked: 0 with
--on-inconclusive warn, which is the default). Of several models the worst decision counts: 1 before 4 before 3 before 0.
On GitHub: annotations go to stderr, the summary to GITHUB_STEP_SUMMARY, and decision, exit_code, run and drop to
GITHUB_OUTPUT.";

pub(super) const COMPARE_EXAMPLES: &str = "\
Examples:
  evalctl compare @latest~1 @latest                     what the newest run changed
  evalctl compare @latest~1 @latest --only regressed    the questions that got worse
  evalctl compare @latest~1 @latest --diff -n 5         with both answers, word by word
  evalctl compare 5c1001 7f3a12 8b4c23 --category math  two runs beside the first, in one category
  evalctl compare @latest~1 @latest --format md";

pub(super) const POWER_EXAMPLES: &str = "\
Examples:
  evalctl power --detect 3                     for the data set of the newest whole run
  evalctl power gpt-4o --detect 2 --epochs 3   by the history of a model
  evalctl power --detect 3 --questions 50      without any run: by assumptions, which may be far off";

pub(super) const SELFTEST_EXAMPLES: &str = "\
Examples:
  evalctl selftest                             the model and data set of the newest whole run
  evalctl selftest gpt-4o --dataset golden --histories 500 --seed 7";

#[derive(Debug, Clone, Args)]
pub(crate) struct GateArgs {
    /// The run: its last six digits, its id, @latest, @latest~1, tag:KEY=VALUE
    #[arg(required_unless_present = "dataset", conflicts_with_all = OF_FRESH)]
    pub(crate) run: Option<String>,
    /// The baseline: a run, @latest~N, @baseline (or blessed), tag:KEY=VALUE, ref:COMMIT (also ref:HEAD~1,
    /// ref:TAG), branch:NAME (the tag branch=NAME of a run), window:N
    #[arg(long, value_name = "REF")]
    pub(crate) vs: String,
    /// Decide also on answers that were given before, out of a cache or a cassette; --replay implies it
    #[arg(long)]
    pub(crate) allow_cached: bool,
    /// Write a report into this file too: .json, .md, .xml (JUnit) or .txt; repeat for several
    #[arg(short, long = "output", value_name = "FILE")]
    pub(crate) outputs: Vec<PathBuf>,
    /// On GitHub: do not append to the summary of the step
    #[arg(long)]
    pub(crate) no_summary: bool,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) fresh: Box<Fresh>,
}

/// What has no meaning for a run that is there.
const OF_FRESH: [&str; 22] = [
    "dataset",
    "models",
    "all_models",
    "judges",
    "limit",
    "draw",
    "seed",
    "dataset_name",
    "tags",
    "name",
    "prompt",
    "system",
    "rubric",
    "params",
    "epochs",
    "threshold",
    "base_url",
    "profile",
    "timeout",
    "max_attempts",
    "record",
    "replay",
];

/// A run that is made first.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Asking first")]
pub(crate) struct Fresh {
    /// Ask the questions of this data set first, and decide on those runs
    #[arg(long = "run", value_name = "DATASET")]
    pub(crate) dataset: Option<PathBuf>,
    /// A model to ask; repeat for several
    #[arg(short, long = "model", value_name = "MODEL")]
    pub(crate) models: Vec<String>,
    /// Every model that the endpoint lists
    #[arg(long, conflicts_with = "models")]
    pub(crate) all_models: bool,
    /// A judge; repeat for several [default: gpt-4o-mini]
    #[arg(long = "judge", value_name = "JUDGE")]
    pub(crate) judges: Vec<String>,
    /// At most so many questions, from the top
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// A random draw of so many questions: the same ones every time, from all categories
    #[arg(long, value_name = "N")]
    pub(crate) draw: Option<u64>,
    /// The seed of the draw [default: 0]
    #[arg(long, value_name = "N", requires = "draw")]
    pub(crate) seed: Option<u64>,
    /// The name of the data set in histories [default: the file's]
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset_name: Option<String>,
    /// A mark on the run; repeat for several
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) tags: Vec<(String, String)>,
    /// The name under which the run enters its history [default: the model]
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,
    #[command(flatten)]
    pub(crate) taping: Taping,
}

/// What a run has to keep.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// The drop that must be ruled out, in points
    #[arg(long, value_name = "POINTS", default_value = "3", value_parser = margin)]
    pub(crate) margin: f64,
    /// The drop that must be ruled out in a category [default: the margin]; repeat for several
    #[arg(long = "category", value_name = "NAME[=POINTS]", value_parser = category)]
    pub(crate) categories: Vec<(String, Option<f64>)>,
    /// The lowest accuracy, in percent
    #[arg(long, value_name = "PERCENT", value_parser = accuracy)]
    pub(crate) min_accuracy: Option<f64>,
    /// The highest cost of the run, answers and judges together, in US dollars
    #[arg(long, value_name = "USD", value_parser = cost)]
    pub(crate) max_cost: Option<Money>,
    /// The longest 95th percentile of latency: 3s, 3000ms
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    pub(crate) max_p95: Option<f64>,
    /// The largest share of answers that failed, in percent
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = share)]
    pub(crate) max_error_share: f64,
    /// What becomes of a run that was asked too little
    #[arg(long, value_enum, value_name = "POLICY", default_value = "warn")]
    pub(crate) on_inconclusive: OnInconclusive,
    /// Count questions that the model did not answer as wrong, on both sides [default: they are left out]
    #[arg(long)]
    pub(crate) errors_as_failures: bool,
}

/// What becomes of a run that was asked too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnInconclusive {
    /// Let it through, exit code 0, and say so
    Warn,
    /// Do not let it through, exit code 3
    Fail,
    /// Up to three looks, each at a third of the risk, asking all questions again in between; exit code 3 when it stays
    /// undecided. Without --run: the first look
    Rerun,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CompareArgs {
    /// The runs, the earlier one first: last six digits, id, @latest, @latest~1, tag:KEY=VALUE
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    pub(crate) runs: Vec<String>,
    /// Only questions that changed so
    #[arg(long, value_enum, value_name = "CHANGE", default_value = "changed")]
    pub(crate) only: Only,
    /// Only this category
    #[arg(long, value_name = "NAME")]
    pub(crate) category: Option<String>,
    /// Both answers to each question, word by word
    #[arg(long)]
    pub(crate) diff: bool,
    /// At most so many questions for each pair of runs
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    pub(crate) limit: usize,
}

/// How a question changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// A lower score than before
    Regressed,
    /// A higher score than before
    Improved,
    /// Either
    Changed,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PowerArgs {
    /// The model, or the name that its runs were given with --as [default: that of the newest whole run]
    pub(crate) model: Option<String>,
    /// The drop to find, in points
    #[arg(long, value_name = "POINTS", default_value = "3", value_parser = margin)]
    pub(crate) detect: f64,
    /// The data set [default: that of the newest whole run]
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<String>,
    /// Questions of the data set [default: those that the newest run scored]
    #[arg(long, value_name = "N")]
    pub(crate) questions: Option<u64>,
    /// Epochs of a run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) epochs: u32,
    /// Runs of the baseline
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) baseline_runs: u32,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SelfTestArgs {
    /// The model, or the name that its runs were given with --as [default: that of the newest whole run]
    pub(crate) model: Option<String>,
    /// The data set [default: that of the newest whole run]
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<String>,
    /// Simulated histories for each injection [default: 100, fewer above 100 questions]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) histories: Option<u32>,
    /// The seed of the simulation
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// A number of percent or points from 0 to 100; below `least` a share is probably meant.
fn hundredths(text: &str, unit: &str, least: f64) -> Result<f64, String> {
    let value: f64 = text.trim_end_matches('%').parse().map_err(|_| format!("expected a number of {unit}"))?;
    if !(0.0..=100.0).contains(&value) {
        return Err(format!("expected 0 to 100 {unit}"));
    }
    if value > 0.0 && value < least {
        let meant = (value * 1e8).round() / 1e6;
        return Err(format!("{value} {unit} is hardly meant: {meant}?"));
    }
    Ok(value)
}

fn margin(text: &str) -> Result<f64, String> {
    match hundredths(text, "points", 0.5)? {
        0.0 => Err("expected more than 0 points: no run can rule out every drop".to_owned()),
        points => Ok(points),
    }
}

fn accuracy(text: &str) -> Result<f64, String> {
    // A whole 1 may be the share as well.
    hundredths(text, "percent", 1.0 + f64::EPSILON)
}

fn share(text: &str) -> Result<f64, String> {
    hundredths(text, "percent", 0.1)
}

fn category(text: &str) -> Result<(String, Option<f64>), String> {
    match text.rsplit_once('=') {
        Some((name, points)) if !name.is_empty() => Ok((name.to_owned(), Some(margin(points)?))),
        None if !text.is_empty() => Ok((text.to_owned(), None)),
        _ => Err("expected NAME or NAME=POINTS".to_owned()),
    }
}

fn cost(text: &str) -> Result<Money, String> {
    let usd = text.trim_start_matches('$').parse().ok();
    usd.and_then(Money::from_usd).ok_or_else(|| "expected an amount of US dollars, for instance 5 or 0.25".to_owned())
}

fn milliseconds(text: &str) -> Result<f64, String> {
    let (number, factor) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1.0),
        (None, Some(number)) => (number, 1_000.0),
        (None, None) => return Err(format!("expected a time with its unit: {text}s or {text}ms?")),
    };
    let time = number.parse().ok().map(|number: f64| number * factor);
    time.filter(|ms| *ms > 0.0 && ms.is_finite()).ok_or_else(|| "expected a time: 3s, 3000ms".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_where_points_or_percent_are_meant_are_refused_with_what_is_meant() {
        assert!(margin("0.03").unwrap_err().ends_with("3?"));
        assert!(accuracy("0.8").unwrap_err().ends_with(" 80?"));
        assert!(accuracy("0.57").unwrap_err().ends_with(" 57?"));
        assert!(accuracy("1").unwrap_err().ends_with("100?"));
        assert!(share("0.05").unwrap_err().ends_with(" 5?"));
        assert_eq!((margin("0.5"), accuracy("80%"), share("0")), (Ok(0.5), Ok(80.0), Ok(0.0)));
        for wrong in ["NaN", "inf", "-1", "101", "", "0"] {
            assert!(margin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!((milliseconds("3s"), milliseconds("3000ms"), milliseconds("1.5s")), (Ok(3e3), Ok(3e3), Ok(1.5e3)));
        assert!(milliseconds("3").unwrap_err().contains("3s or 3ms?"));
        for wrong in ["", "s", "ms", "-1s", "0ms", "infs", "NaNms"] {
            assert!(milliseconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_category_may_have_a_margin_of_its_own() {
        assert_eq!(category("math=10"), Ok(("math".to_owned(), Some(10.0))));
        assert_eq!(category("a=b=10"), Ok(("a=b".to_owned(), Some(10.0))));
        assert_eq!(category("math"), Ok(("math".to_owned(), None)));
        assert!(category("").is_err() && category("=3").is_err() && category("math=x").is_err());
    }
}
