//! Answers that were given before.

use std::path::PathBuf;

use clap::Args;

/// A cache of answers.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Answers given before")]
pub(crate) struct Caching {
    /// Take answers of the same requests out of this folder, and keep new ones there: for work on a data set or a judge.
    /// A run with such an answer enters no leaderboard and no history [default: none]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["record", "replay"])]
    pub(crate) cache: Option<PathBuf>,
    /// Ask for every answer, whatever the configuration says
    #[arg(long, conflicts_with = "cache")]
    pub(crate) no_cache: bool,
    /// How old an answer of the cache may be, in days [default: 7]
    #[arg(long, value_name = "DAYS")]
    pub(crate) cache_days: Option<f64>,
}

/// A cassette.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Answers given before")]
pub(crate) struct Taping {
    /// Record every request and its outcome into this folder, for --replay; a new recording begins in an empty one
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Answer out of a recording: needs no endpoint, no key and no network. A request that was not recorded is an error
    #[arg(long, value_name = "DIR", conflicts_with_all = ["record", "base_url"])]
    pub(crate) replay: Option<PathBuf>,
}
