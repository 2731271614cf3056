//! Verbs about judges, and about what people say of answers.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Endpoint, pair};

pub(super) const RESCORE_EXAMPLES: &str = "\
Examples:
  evalctl rescore @latest --judge gpt-4o-2024-08-06           another grader
  evalctl rescore @latest --judge llm:gpt-4o-mini --rubric strict.md
  evalctl rescore 4f3a21 --judge contains                     costs nothing
  evalctl rescore 4f3a21 --judge pairwise:gpt-4o --against 9b0c11
  evalctl compare 4f3a21 c0ffee                               the run and its rescore: only the judge differs

No model is asked: the stored answers are judged again, in a run of its own beside the old one. It enters no leaderboard
and no history; `evalctl runs --kind rescore` lists them. `evalctl resume` goes on with one that was interrupted.";

pub(super) const JUDGE_EXAMPLES: &str = "\
Examples:
  evalctl judge anchors --from @latest -n 60                  freeze answers, to see later whether the judge moved
  evalctl run golden.csv -m gpt-4o --anchors                  judge them first, then ask
  evalctl label sample @latest -n 100 -o labels.csv           answers for a person to score
  evalctl label import labels.csv
  evalctl judge calibrate @latest                             whether the judge agrees with people
  evalctl judge audit --judge gpt-4o-mini                     whether empty phrases, order or length fool it

Exit codes of calibrate and audit: 0 fit · 1 unfit · 3 too little to say";

#[derive(Debug, Clone, Args)]
pub(crate) struct RescoreArgs {
    /// The run whose answers are judged again: last six digits, id, @latest, @latest~1, tag:KEY=VALUE
    pub(crate) run: String,
    /// A judge; repeat for several. `pairwise` or `pairwise:GRADER` compares with the answers of --against
    #[arg(long = "judge", value_name = "JUDGE")]
    pub(crate) judges: Vec<String>,
    /// The rubric of the LLM judge [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(crate) rubric: Option<PathBuf>,
    /// The run whose answers are shown beside these, for the judge `pairwise`
    #[arg(long, value_name = "RUN")]
    pub(crate) against: Option<String>,
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,
    /// Answers that are judged at once [default: 8]
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<usize>,
    /// A mark on the new run; repeat for several
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) tags: Vec<(String, String)>,
    /// Where results go when the database fails [default: beside the database]
    #[arg(long, value_name = "FILE")]
    pub(crate) spill: Option<PathBuf>,
    /// How long answers that are being judged may take after Ctrl-C, in seconds [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) drain: Option<f64>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum JudgeVerb {
    /// Freeze answers of a run with their scores: judged again beside later runs, they tell whether the judge moved
    Anchors(AnchorsArgs),
    /// Compare the judge of a run with what people said of the same answers
    Calibrate(CalibrateArgs),
    /// Put a judge to the test: empty phrases, order, length, the same answers twice
    Audit(Box<AuditArgs>),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AnchorsArgs {
    /// The run whose answers are frozen
    #[arg(long, value_name = "RUN")]
    pub(crate) from: String,
    /// How many answers, spread over categories and scores; fewer than 50 tell little
    #[arg(short = 'n', long, value_name = "N", default_value_t = 60, value_parser = at_least_one())]
    pub(crate) count: usize,
    /// The seed of the draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CalibrateArgs {
    /// The run whose judge is looked at
    #[arg(default_value = "@latest")]
    pub(crate) run: String,
    /// The labels of a table instead of the stored ones
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AuditArgs {
    /// The judge [default: that of the settings]
    #[arg(long = "judge", value_name = "JUDGE")]
    pub(crate) judge: Option<String>,
    /// The rubric of the LLM judge [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(crate) rubric: Option<PathBuf>,
    /// The run whose questions and answers are used
    #[arg(long, value_name = "RUN", default_value = "@latest")]
    pub(crate) from: String,
    /// A second run over the same questions: its answers are compared with those of the first in both orders
    #[arg(long, value_name = "RUN")]
    pub(crate) against: Option<String>,
    /// How many questions
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = at_least_one())]
    pub(crate) count: usize,
    /// The seed of the draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,
    /// Calls at once [default: 8]
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<usize>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum LabelVerb {
    /// Take what people say of answers from a table: sample_id, score (or label), and run, epoch, author, reason
    Import(LabelImportArgs),
    /// Draw answers of a run for a person to score, without what the judge said
    Sample(LabelSampleArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LabelImportArgs {
    /// The table; - is stdin
    pub(crate) file: PathBuf,
    /// The run of the answers, where the table has no column `run`
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Who says so, where the table has no column `author` [default: your name, as git knows it]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LabelSampleArgs {
    /// The run
    pub(crate) run: String,
    /// How many answers: of each category and score as many as their share of the run
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100, value_parser = at_least_one())]
    pub(crate) count: usize,
    /// The seed of the draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The file [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Show the judge's score and reason too: they lead whoever reads them
    #[arg(long)]
    pub(crate) with_judge: bool,
}

/// None at all is no number of answers.
fn at_least_one() -> clap::builder::RangedU64ValueParser<usize> {
    clap::builder::RangedU64ValueParser::new().range(1..)
}
