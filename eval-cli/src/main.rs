//! `evalctl`: the only program that knows every crate. It reads settings, builds the pieces, picks the exit code.

mod args;
mod command;
mod compose;
mod config;
mod confirm;
mod datasets;
mod draw;
mod exit;
mod failure;
mod findings;
mod fitness;
mod git;
mod github;
mod mount;
mod output;
mod progress;
mod raise;
mod recalled;
mod refs;
mod report;
mod runner;
mod scores;
mod stop;
mod telemetry;
mod verbs;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Cli, ConfigVerb, DatasetVerb, DbVerb, Format, Global, Verb};
use exit::Exit;
use failure::{Failure, Outcome};
use output::Console;
use telemetry::Telemetry;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut console = Console::new(&cli.global);
    trace(cli.global.verbose);
    console.telemetry = Telemetry::from_env(&console);
    match run(&console, cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            console.fail(&failure);
            failure.exit.into()
        }
    }
}

fn run(console: &Console, cli: Cli) -> Outcome {
    check_format(console.format, &cli.verb)?;
    // One thread: the work is waiting for models, and more threads only wake each other up. The database has its own.
    // A server has two, so that no caller waits for the run of another.
    let mut runtime = match cli.verb {
        Verb::Serve(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(dispatch(console, &cli.global, cli.verb));
    // A connection that does not close is no reason to keep the user waiting.
    runtime.shutdown_background();
    console.telemetry.close(console);
    outcome
}

/// Refuses a format that the verb has not.
fn check_format(format: Format, verb: &Verb) -> Result<(), Failure> {
    let (has, name, whose) = match format {
        Format::Csv => (matches!(verb, Verb::Export(_)), "csv", "`evalctl export`"),
        Format::Md => {
            let decides = matches!(verb, Verb::Gate(_) | Verb::Compare(_) | Verb::Drift(_) | Verb::Judge { .. });
            let plans = matches!(verb, Verb::Power(_) | Verb::SelfTest(_));
            (decides || plans, "md", "`evalctl gate`, `compare`, `drift`, `judge`, `power` and `selftest`")
        }
        Format::Junit => {
            (matches!(verb, Verb::Gate(_) | Verb::Drift(_)), "junit", "`evalctl gate` and `evalctl drift`")
        }
        _ => return Ok(()),
    };
    let refused = || Failure::usage(format!("--format {name} is for {whose}; here it is human, plain, json or jsonl"));
    if has { Ok(()) } else { Err(refused()) }
}

async fn dispatch(console: &Console, global: &Global, verb: Verb) -> Outcome {
    match verb {
        Verb::Run(args) => verbs::run::run(console, global, *args).await,
        Verb::Resume(args) => verbs::resume::resume(console, global, *args).await,
        Verb::RetryErrors(args) => verbs::resume::retry_errors(console, global, *args).await,
        Verb::Rescore(args) => verbs::rescore::rescore(console, global, *args).await,
        Verb::Judge { verb } => verbs::judge::judge(console, global, verb).await,
        Verb::Label { verb } => verbs::label::label(console, global, verb).await,
        Verb::Runs(args) => verbs::runs::runs(console, global, args).await,
        Verb::Show(args) => verbs::show::show(console, global, args).await,
        Verb::Models(args) => verbs::models::models(console, global, args).await,
        Verb::History(args) => verbs::history::history(console, global, args).await,
        Verb::Gate(args) => verbs::gate::gate(console, global, *args).await,
        Verb::Compare(args) => verbs::compare::compare(console, global, args).await,
        Verb::Power(args) => verbs::power::power(console, global, args).await,
        Verb::SelfTest(args) => verbs::selftest::selftest(console, global, args).await,
        Verb::Drift(args) => verbs::drift::drift(console, global, *args).await,
        Verb::Alerts { verb } => verbs::alerts::alerts(console, global, verb).await,
        Verb::Baseline { verb } => verbs::baseline::baseline(console, global, verb).await,
        Verb::Token { verb } => verbs::token::token(console, global, verb).await,
        Verb::Schema { of } => verbs::schema::schema(console, of),
        Verb::Serve(args) => verbs::serve::serve(console, global, args).await,
        Verb::Schedules => verbs::schedules::schedules(console, global),
        Verb::Webhooks { verb } => verbs::webhooks::webhooks(console, global, verb).await,
        Verb::Doctor(args) => verbs::doctor::doctor(console, global, *args).await,
        Verb::Dataset { verb: DatasetVerb::Validate { file } } => verbs::dataset::validate(console, &file),
        Verb::Dataset { verb: DatasetVerb::Stats { file } } => verbs::dataset::stats(console, global, &file).await,
        Verb::Dataset { verb: DatasetVerb::Diff { old, new } } => verbs::dataset::diff(console, &old, &new),
        Verb::Init(args) => verbs::init::init(console, &args),
        Verb::Config { verb: ConfigVerb::Show } => verbs::config::show(console, global),
        Verb::Export(args) => verbs::export::export(console, global, args).await,
        Verb::Import(args) => verbs::import::import(console, global, args).await,
        Verb::Db { verb: DbVerb::Status } => verbs::db::status(console, global).await,
        Verb::Db { verb: DbVerb::Migrate } => verbs::db::migrate(console, global).await,
        Verb::Db { verb: DbVerb::Prune(args) } => verbs::db::prune(console, global, args).await,
        Verb::Db { verb: DbVerb::Delete(args) } => verbs::db::delete(console, global, args).await,
        Verb::Prices { verb } => verbs::prices::prices(console, global, verb),
        Verb::Recost(args) => verbs::recost::recost(console, global, args).await,
        Verb::Demo(args) => verbs::demo::demo(console, global, args).await,
        Verb::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "evalctl", &mut std::io::stdout());
            Ok(Exit::Done)
        }
        Verb::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            std::io::stdout().write_all(&page)?;
            Ok(Exit::Done)
        }
    }
}

/// What the libraries say on the way: warnings always, more with -v. Never on stdout. Colours are decided by then.
fn trace(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("EVALCTL_LOG").unwrap_or_else(|_| level.into());
    let layer = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time();
    let layer = layer.with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never);
    layer.with_target(verbose > 0).init();
}
