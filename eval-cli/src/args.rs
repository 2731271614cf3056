//! What can be typed.

mod alerting;
mod costs;
mod decide;
mod drift;
mod files;
mod judging;
mod reading;
mod recalling;
mod retention;
mod serving;
mod telling;
mod token;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use alerting::{AlertsVerb, Answer};
pub(crate) use costs::{Costing, PricesVerb, RecostArgs};
pub(crate) use decide::{CompareArgs, GateArgs, OnInconclusive, Only, PowerArgs, SelfTestArgs};
pub(crate) use drift::{BaselineVerb, Detector, DriftArgs, DriftVerb, Looking, MarkArgs, Saying, SchemaOf};
pub(crate) use files::{ExportArgs, ImportArgs};
pub(crate) use judging::{
    AnchorsArgs, AuditArgs, CalibrateArgs, JudgeVerb, LabelImportArgs, LabelSampleArgs, LabelVerb, RescoreArgs,
};
pub(crate) use reading::{HistoryArgs, ModelsArgs, RunsArgs, ShowArgs};
pub(crate) use recalling::{Caching, Taping};
pub(crate) use retention::{DeleteArgs, PruneArgs};
pub(crate) use serving::ServeArgs;
pub(crate) use telling::WebhooksVerb;
pub(crate) use token::{TokenCreateArgs, TokenVerb};

/// Asks models golden questions, has the answers judged, remembers, and says what moved.
#[derive(Debug, Parser)]
#[command(name = "evalctl", version, propagate_version = true, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) global: Global,
}

const EXAMPLES: &str = "\
Examples:
  evalctl demo                                        needs nothing: simulated models, a table, what next
  evalctl run golden.csv -m gpt-4o -m grok-3          two models, judged by gpt-4o-mini
  evalctl run golden.csv -m gpt-4o --judge exact      a judge that costs nothing
  evalctl resume                                      goes on with what was interrupted, and repeats nothing
  evalctl show                                        the questions of the newest run, with the judge's reasons
  evalctl show @latest --against @latest~1 --regressed what the newest run got worse at
  evalctl models                                      the leaderboard
  evalctl history gpt-4o                              one model over time
  evalctl gate @latest --vs @latest~1                 whether the newest run may pass, for scripts and CI
  evalctl drift                                       what got worse, since when, and what changed
  evalctl export @latest --outcome failed -o failed.csv what to look at in a spreadsheet

Exit codes: 0 done or pass · 1 a gate failed, or drift was found · 2 usage, configuration, data set or database
  3 inconclusive · 4 provider, network or key · 5 a cap was reached · 70 a defect of evalctl · 130 interrupted
Results go to stdout, everything else to stderr. Keys are read from the environment or .env, never from a flag.";

/// Flags of every command.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// One JSON document on stdout: short for --format json
    #[arg(long, global = true, conflicts_with = "format", help_heading = "Output")]
    pub(crate) json: bool,
    /// How results are printed
    #[arg(long, global = true, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<Format>,
    /// No progress and no notes on stderr; errors only
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
    /// More of what happens, on stderr; -vv for all
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
    /// When to use colours; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN", help_heading = "Output")]
    pub(crate) color: Color,
    /// Never ask a question, not even on a terminal
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) no_input: bool,
    /// The configuration file [default: evalctl.toml in the working folder, if there is one]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    pub(crate) config: Option<PathBuf>,
    /// Where runs are kept: sqlite://FILE, a path, postgres://USER:PASSWORD@HOST/DATABASE, or :memory:
    /// [default: sqlite://eval.db]
    #[arg(long, global = true, value_name = "URL", help_heading = "Settings")]
    pub(crate) database_url: Option<String>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables and sentences for a person
    Human,
    /// The same without colours, bars and marks beyond ASCII
    Plain,
    /// One JSON document
    Json,
    /// One JSON line per event of a run
    Jsonl,
    /// A table for spreadsheets, of `evalctl export`
    Csv,
    /// Markdown for a comment or a step summary, of `evalctl gate` and `evalctl compare`
    Md,
    /// JUnit XML, of `evalctl gate`
    Junit,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal that can
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Ask models the questions of a data set and judge the answers
    #[command(after_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Go on with a run that did not finish: asks what is missing, repeats nothing
    Resume(Box<ResumeArgs>),
    /// Repeat the failed and unscored questions of a run
    RetryErrors(Box<ResumeArgs>),
    /// Judge the stored answers of a run again, without asking the model
    #[command(after_help = judging::RESCORE_EXAMPLES)]
    Rescore(Box<RescoreArgs>),
    /// Whether a judge can be trusted: anchors, agreement with people, tests
    #[command(after_help = judging::JUDGE_EXAMPLES)]
    Judge {
        #[command(subcommand)]
        verb: JudgeVerb,
    },
    /// What people say of answers
    Label {
        #[command(subcommand)]
        verb: LabelVerb,
    },
    /// List runs, newest first
    Runs(RunsArgs),
    /// Show a run: its questions, answers and the judge's reasons
    Show(ShowArgs),
    /// The leaderboard: accuracy with its interval, latency, cost
    Models(ModelsArgs),
    /// The runs of one model over time: accuracy with its interval, and the change from run to run
    History(HistoryArgs),
    /// Let a run pass or not, by limits and by a baseline: exit code 0 pass, 1 fail, 3 inconclusive
    #[command(after_help = decide::GATE_EXAMPLES)]
    Gate(Box<GateArgs>),
    /// Put runs beside the first one, question by question and category by category
    #[command(after_help = decide::COMPARE_EXAMPLES)]
    Compare(CompareArgs),
    /// How many questions and epochs it takes to find a drop
    #[command(after_help = decide::POWER_EXAMPLES)]
    Power(PowerArgs),
    /// Inject known drops into stored answers: how often they are found, and how often nothing is taken for one
    #[command(name = "selftest", after_help = decide::SELFTEST_EXAMPLES)]
    SelfTest(SelfTestArgs),
    /// Whether a model got worse: since when, by how much, how sure that is, and what changed
    #[command(after_help = drift::DRIFT_EXAMPLES)]
    Drift(Box<DriftArgs>),
    /// Who is told what drifted: what lasts, what a person says of it, and whether messages arrive
    #[command(after_help = alerting::ALERTS_EXAMPLES)]
    Alerts {
        #[command(subcommand)]
        verb: AlertsVerb,
    },
    /// The runs against which others are held: blessed by a person, moved by nobody else
    #[command(after_help = drift::BASELINE_EXAMPLES)]
    Baseline {
        #[command(subcommand)]
        verb: BaselineVerb,
    },
    /// Serve the API over HTTP: runs in the background, results, drift and gates for other programs
    #[command(after_help = serving::SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// The schedules of evalctl.toml: what a server runs, and when next
    Schedules,
    /// Who is told by a server when a run has ended
    #[command(after_help = telling::WEBHOOKS_EXAMPLES)]
    Webhooks {
        #[command(subcommand)]
        verb: WebhooksVerb,
    },
    /// Who may use the server: make, list and revoke tokens
    #[command(after_help = token::TOKEN_EXAMPLES)]
    Token {
        #[command(subcommand)]
        verb: TokenVerb,
    },
    /// Check endpoint, key, models, database and data set before anything is paid for
    Doctor(Box<DoctorArgs>),
    /// Look at data sets
    Dataset {
        #[command(subcommand)]
        verb: DatasetVerb,
    },
    /// Write evalctl.toml and a data set of ten questions to start from
    Init(InitArgs),
    /// Look at the settings
    Config {
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    /// Write a run to a file or to stdout: CSV, JSON or JSON lines
    #[command(after_help = files::EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Take results into the database: exported ones, a spill file, or those of promptfoo and Inspect
    #[command(after_help = files::IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Look after the database
    Db {
        #[command(subcommand)]
        verb: DbVerb,
    },
    /// Look at prices of models, and make a price file of your own
    #[command(after_help = costs::PRICES_EXAMPLES)]
    Prices {
        #[command(subcommand)]
        verb: PricesVerb,
    },
    /// What runs cost by the prices that are known now, beside what is stored
    #[command(after_help = costs::RECOST_EXAMPLES)]
    Recost(RecostArgs),
    /// Simulated models over the golden questions: needs no key and no server
    Demo(DemoArgs),
    /// Print the JSON Schema of a document that `--json` prints
    Schema {
        /// The document
        of: SchemaOf,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

const RUN_EXAMPLES: &str = "\
Examples:
  evalctl run golden.csv -m gpt-4o --limit 5                  a quick test
  evalctl run golden.csv -m gpt-4o -m claude-haiku-4-5 --epochs 3 --tag branch=main
  evalctl run golden.csv -m gpt-4o --param temperature=0 --prompt prompt.txt --as gpt-4o-terse
  evalctl run answers.csv -m column:production_answer          score answers that stand in a column
  evalctl run golden.csv -m simulated:steady --judge exact     no key, no server

A judge is one of the built-in ones (exact, contains, regex, numeric, json, similarity, …), else the model that
grades; llm:NAME forces the latter. A column `judge` in the data set chooses per question. The first judge is the
run's score, others are listed beside it. median(A, B, C), mean(…) and majority(…) are panels of several. A data
set of promptfoo (columns `__expected`) is judged by its own assertions.";

#[derive(Debug, Clone, Args)]
pub(crate) struct RunArgs {
    /// The data set: CSV or JSON lines
    pub(crate) dataset: Option<PathBuf>,
    /// A model to ask; repeat for several. Also simulated:NAME and column:NAME
    #[arg(short, long = "model", value_name = "MODEL")]
    pub(crate) models: Vec<String>,
    /// Every model that the endpoint lists
    #[arg(long, conflicts_with_all = ["models", "replay"])]
    pub(crate) all_models: bool,
    /// A judge; repeat for several [default: gpt-4o-mini]
    #[arg(long = "judge", value_name = "JUDGE")]
    pub(crate) judges: Vec<String>,
    /// Ask a judge that costs only when the rules among the judges pass
    #[arg(long)]
    pub(crate) cheap_first: bool,
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,
    #[command(flatten)]
    pub(crate) caching: Caching,
    #[command(flatten)]
    pub(crate) taping: Taping,
    /// First have the judge grade frozen answers again (`evalctl judge anchors`): those of this run, or the newest of the
    /// data set [default: none]
    #[arg(long, value_name = "RUN", num_args = 0..=1, require_equals = true, default_missing_value = "newest")]
    pub(crate) anchors: Option<String>,
    /// Questions in flight at once, for each model: as many as the endpoint takes, and at most so many [default: 8]
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<usize>,
    /// A mark on the runs; repeat for several
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) tags: Vec<(String, String)>,
    /// The name under which the run enters its history [default: the model]
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Write a plain JSON copy of each run into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) json_out: Option<PathBuf>,
    /// Where results go when the database fails [default: beside the database]
    #[arg(long, value_name = "FILE")]
    pub(crate) spill: Option<PathBuf>,
    /// How long questions in flight may take after Ctrl-C, in seconds [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) drain: Option<f64>,
    #[command(flatten)]
    pub(crate) costing: Costing,
    /// Only say what it would take: calls, tokens and cost, from earlier runs or from lengths. Nobody is called
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ResumeArgs {
    /// The run: its last six digits, its id, tag:KEY=VALUE, or @latest, @latest~1 among the runs over whole data sets
    /// [default: the latest that has something left to ask or to repeat]
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,
    #[command(flatten)]
    pub(crate) caching: Caching,
    #[command(flatten)]
    pub(crate) taping: Taping,
    /// Questions in flight at once, for each model [default: as it was]
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<usize>,
    /// Where results go when the database fails [default: beside the database]
    #[arg(long, value_name = "FILE")]
    pub(crate) spill: Option<PathBuf>,
    /// How long questions in flight may take after Ctrl-C, in seconds [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) drain: Option<f64>,
    #[command(flatten)]
    pub(crate) costing: Costing,
}

/// How questions are asked and answers judged.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Asking and judging")]
pub(crate) struct Asking {
    /// A prompt template with {question} and other columns as {placeholders}
    #[arg(long, value_name = "FILE")]
    pub(crate) prompt: Option<PathBuf>,
    /// A system message
    #[arg(long, value_name = "FILE")]
    pub(crate) system: Option<PathBuf>,
    /// The rubric of the LLM judge [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(crate) rubric: Option<PathBuf>,
    /// A sampling parameter, for instance temperature=0; repeat for several
    #[arg(long = "param", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) params: Vec<(String, String)>,
    /// Repeats of the data set [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<u32>,
    /// A score of at least this passes, from 0 to 1 [default: 0.5]
    #[arg(long, value_name = "SCORE")]
    pub(crate) threshold: Option<f64>,
}

/// Which questions are asked.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Questions")]
pub(crate) struct Selecting {
    /// At most so many questions, from the top
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Only this category; repeat for several
    #[arg(long = "category", value_name = "NAME")]
    pub(crate) categories: Vec<String>,
    /// A random draw of so many questions
    #[arg(long, value_name = "N")]
    pub(crate) draw: Option<u64>,
    /// The seed of the draw
    #[arg(long, value_name = "N", default_value_t = 0, requires = "draw")]
    pub(crate) seed: u64,
    /// The name of the data set in histories [default: the file's]
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset_name: Option<String>,
}

/// Who is asked.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Endpoint")]
pub(crate) struct Endpoint {
    /// The endpoint. A run goes on at that of flag, environment or configuration, never at one that only it names [env: LITELLM_BASE_URL, LITELLM_PROXY_BASE_URL, OPENAI_BASE_URL, OPENAI_API_BASE]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// What the endpoint is [default: auto]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub(crate) profile: Option<Profile>,
    /// The longest that one attempt may take, in seconds [default: 120]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<f64>,
    /// Attempts per question, the first included; what the endpoint refuses for its rate is no attempt [default: 5]
    #[arg(long, value_name = "N")]
    pub(crate) max_attempts: Option<u32>,
    /// Requests a minute, at most, for each model [default: as many as the endpoint takes]
    #[arg(long, value_name = "N")]
    pub(crate) rpm: Option<u64>,
    /// Tokens a minute, at most, for each model [default: as many as the endpoint takes]
    #[arg(long, value_name = "N")]
    pub(crate) tpm: Option<u64>,
    /// How long an endpoint that refuses or is in trouble is waited for, in seconds [default: 600]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) patience: Option<f64>,
}

/// What an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// Ask the endpoint
    Auto,
    /// A LiteLLM proxy
    Litellm,
    /// Any other OpenAI-compatible endpoint
    Openai,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArgs {
    /// The data set
    pub(crate) dataset: Option<PathBuf>,
    /// A model to look for; repeat for several
    #[arg(short, long = "model", value_name = "MODEL")]
    pub(crate) models: Vec<String>,
    /// A judge; repeat for several
    #[arg(long = "judge", value_name = "JUDGE")]
    pub(crate) judges: Vec<String>,
    /// Ask each model one short question too: this costs a few tokens
    #[arg(long)]
    pub(crate) ask: bool,
    /// Ask each model who it is, and show what its endpoint tells of it: hints, never a verdict
    #[arg(long)]
    pub(crate) identity: bool,
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DatasetVerb {
    /// Read every row and say what is wrong with it
    Validate {
        /// The data set
        file: PathBuf,
    },
    /// Count questions and lengths, and name questions that every model gets right
    Stats {
        /// The data set
        file: PathBuf,
    },
    /// Questions added, removed and changed between two data sets
    Diff {
        /// The old one
        old: PathBuf,
        /// The new one
        new: PathBuf,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct InitArgs {
    /// The folder [default: the working folder]
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Every setting, its value and where it comes from
    Show,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbVerb {
    /// Where it is, its schema version, its size and what it holds; changes nothing
    Status,
    /// Bring its schema up to date, as every command does that opens it
    Migrate,
    /// Delete old runs; asks first
    #[command(after_help = retention::PRUNE_EXAMPLES)]
    Prune(PruneArgs),
    /// Delete one run; asks first
    Delete(DeleteArgs),
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DemoArgs {
    /// Repeats of the data set
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) epochs: u32,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".into()),
    }
}
