//! Verbs that read what was kept.

use clap::{Args, ValueEnum};
use eval_core::{Changes, EvaluationQuery, OutcomeKind, RunKind, RunStatus, Timestamp};

use super::pair;

#[derive(Debug, Clone, Args)]
pub(crate) struct RunsArgs {
    /// Only runs of this model or name
    #[arg(short, long)]
    pub(crate) model: Option<String>,
    /// Only runs over this data set
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<String>,
    /// Only runs with this mark
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) tag: Option<(String, String)>,
    /// Only runs with this status: queued, running, paused, interrupted, cancelled, capped, failed or finished
    #[arg(long, value_parser = status)]
    pub(crate) status: Option<RunStatus>,
    /// Only runs of this kind: evaluation, rescore, anchor or audit
    #[arg(long, value_parser = kind)]
    pub(crate) kind: Option<RunKind>,
    #[command(flatten)]
    pub(crate) when: When,
    /// At most so many
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    pub(crate) limit: usize,
}

/// Which part of a list of runs, newest first.
#[derive(Debug, Clone, Args)]
pub(crate) struct When {
    /// Only runs that began then or later (UTC): 2026-01-31 or 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<Timestamp>,
    /// Only runs that began before that (UTC)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Timestamp>,
    /// Only runs older than this one: the next page
    #[arg(long, value_name = "RUN")]
    pub(crate) before: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// The run: its last six digits, its id, tag:KEY=VALUE, or @latest, @latest~1 among the runs over whole data sets
    /// [default: the newest run of all]
    pub(crate) run: Option<String>,
    /// One question by its id, in full
    #[arg(conflicts_with = "against")]
    pub(crate) question: Option<String>,
    #[command(flatten)]
    pub(crate) filtering: Filtering,
    #[command(flatten)]
    pub(crate) comparing: Comparing,
    /// Only questions after this one: the next page. A page has whole questions, each with all its epochs
    #[arg(long, value_name = "QUESTION")]
    pub(crate) after: Option<String>,
    /// At most so many questions, each with all its epochs
    #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: usize,
    /// Answers and reasons whole, not cut
    #[arg(long)]
    pub(crate) full: bool,
}

/// Which questions of a run.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Filtering {
    /// Only this category
    #[arg(long, value_name = "NAME")]
    pub(crate) category: Option<String>,
    /// Only questions that ended so
    #[arg(long, value_enum)]
    pub(crate) outcome: Option<OutcomeArg>,
    /// Only questions with at least this score, from 0 to 1
    #[arg(long, value_name = "SCORE")]
    pub(crate) min_score: Option<f64>,
    /// Only questions with at most this score, from 0 to 1
    #[arg(long, value_name = "SCORE")]
    pub(crate) max_score: Option<f64>,
    /// Only where question, answer or reason contains this text; capitals and small letters differ
    #[arg(long)]
    pub(crate) text: Option<String>,
}

impl Filtering {
    /// The query, with its default page.
    pub(crate) fn query(&self) -> EvaluationQuery {
        let mut query = EvaluationQuery::default();
        query.category.clone_from(&self.category);
        query.outcome = self.outcome.map(|outcome| match outcome {
            OutcomeArg::Scored => OutcomeKind::Scored,
            OutcomeArg::Unscored => OutcomeKind::Unscored,
            OutcomeArg::Failed => OutcomeKind::Failed,
        });
        query.min_score = self.min_score;
        query.max_score = self.max_score;
        query.text.clone_from(&self.text);
        query
    }
}

/// How a question ended.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OutcomeArg {
    /// The judge gave a score
    Scored,
    /// The judge could not grade
    Unscored,
    /// The model did not answer
    Failed,
}

/// Another run beside this one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Comparing")]
pub(crate) struct Comparing {
    /// Put the answers of another run beside these
    #[arg(long, value_name = "RUN")]
    pub(crate) against: Option<String>,
    /// Only questions that ended in another way or with another score than there
    #[arg(long, requires = "against", conflicts_with_all = ["regressed", "improved"])]
    pub(crate) changed: bool,
    /// Only questions with a lower score than there
    #[arg(long, requires = "against", conflicts_with = "improved")]
    pub(crate) regressed: bool,
    /// Only questions with a higher score than there
    #[arg(long, requires = "against")]
    pub(crate) improved: bool,
}

impl Comparing {
    /// Which changes are wanted.
    pub(crate) fn changes(&self) -> Changes {
        match self {
            Self { changed: true, .. } => Changes::Changed,
            Self { regressed: true, .. } => Changes::Regressed,
            Self { improved: true, .. } => Changes::Improved,
            _ => Changes::All,
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ModelsArgs {
    /// The data set [default: that of the newest whole run]
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct HistoryArgs {
    /// The model, or the name that its runs were given with --as
    pub(crate) model: String,
    /// The data set [default: that of the newest whole run of the model]
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<String>,
    #[command(flatten)]
    pub(crate) when: When,
    /// At most so many
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    pub(crate) limit: usize,
}

fn status(text: &str) -> Result<RunStatus, String> {
    RunStatus::from_name(text).ok_or_else(|| {
        "expected queued, running, paused, interrupted, cancelled, capped, failed or finished".to_owned()
    })
}

fn kind(text: &str) -> Result<RunKind, String> {
    RunKind::from_name(text).ok_or_else(|| "expected evaluation, rescore, anchor or audit".to_owned())
}

/// A point in time, or the beginning of a day.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = || format!("{text}T00:00:00Z").parse().ok();
    text.parse().ok().or_else(day).ok_or_else(|| "expected 2026-01-31 or 2026-01-31T12:00:00Z (UTC)".to_owned())
}
