//! What can be typed about costs and caps.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use eval_core::{Cap, Caps, Date, Money};

/// What calls cost and may cost.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Costs and caps")]
pub(crate) struct Costing {
    /// Your own prices, believed before the built-in table [default: evalctl.prices.json, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// The most that each run may cost, its judges included, in US dollars
    #[arg(long, value_name = "USD", value_parser = usd, allow_negative_numbers = true)]
    max_cost: Option<Money>,
    /// The most calls of each run, retries and judges included
    #[arg(long, value_name = "N")]
    max_calls: Option<u64>,
    /// The most tokens of each run, prompts and answers
    #[arg(long, value_name = "N")]
    max_tokens: Option<u64>,
    /// The most that the answers of each model may cost
    #[arg(long, value_name = "USD", value_parser = usd, allow_negative_numbers = true)]
    max_model_cost: Option<Money>,
    /// The most calls for answers of each model
    #[arg(long, value_name = "N")]
    max_model_calls: Option<u64>,
    /// The most tokens of the answers of each model
    #[arg(long, value_name = "N")]
    max_model_tokens: Option<u64>,
    /// The most that each judge may cost
    #[arg(long, value_name = "USD", value_parser = usd, allow_negative_numbers = true)]
    max_judge_cost: Option<Money>,
    /// The most calls of each judge
    #[arg(long, value_name = "N")]
    max_judge_calls: Option<u64>,
    /// The most tokens of each judge
    #[arg(long, value_name = "N")]
    max_judge_tokens: Option<u64>,
    /// The most that all runs of this database may cost in a day (UTC)
    #[arg(long, value_name = "USD", value_parser = usd, allow_negative_numbers = true)]
    max_cost_per_day: Option<Money>,
    /// The most calls in a day
    #[arg(long, value_name = "N")]
    max_calls_per_day: Option<u64>,
    /// The most tokens in a day
    #[arg(long, value_name = "N")]
    max_tokens_per_day: Option<u64>,
}

impl Costing {
    /// The caps that were typed.
    pub(crate) fn caps(&self) -> Caps {
        let mut caps = Caps::default();
        caps.run = Cap::new(self.max_cost, self.max_calls, self.max_tokens);
        caps.model = Cap::new(self.max_model_cost, self.max_model_calls, self.max_model_tokens);
        caps.judge = Cap::new(self.max_judge_cost, self.max_judge_calls, self.max_judge_tokens);
        caps.day = Cap::new(self.max_cost_per_day, self.max_calls_per_day, self.max_tokens_per_day);
        caps
    }
}

/// Dollars, more than nothing.
fn usd(text: &str) -> Result<Money, String> {
    let number = text.trim().trim_start_matches('$').parse().ok().filter(|usd: &f64| *usd > 0.0);
    let number = number.ok_or("expected dollars, more than 0")?;
    let money = Money::from_usd(number).ok_or("that is more money than can be counted")?;
    if money > Money::ZERO { Ok(money) } else { Err("expected dollars, more than 0".into()) }
}

#[derive(Debug, Subcommand)]
pub(crate) enum PricesVerb {
    /// What the tokens of a model cost, and where that is known from; without a model, all
    List {
        /// The model, as it is asked
        model: Option<String>,
        /// Your own prices
        #[arg(long, value_name = "FILE")]
        prices: Option<PathBuf>,
    },
    /// Make your own price file out of a table, for instance LiteLLM's model_prices_and_context_window.json
    Update {
        /// The table
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// What its SHA-256 must be
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
        /// The day as of which its prices are [default: what it says, else today]
        #[arg(long, value_name = "DATE")]
        date: Option<Date>,
        /// The file to write [default: evalctl.prices.json]
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// What changed between two tables; `builtin` is the one of this program
    Diff {
        /// The old one
        old: PathBuf,
        /// The new one
        new: PathBuf,
    },
}

pub(crate) const PRICES_EXAMPLES: &str = "\
Examples:
  evalctl prices list gpt-4o
  evalctl prices update --from model_prices_and_context_window.json --sha256 3f…
  evalctl prices diff builtin evalctl.prices.json";

pub(crate) const RECOST_EXAMPLES: &str = "\
Examples:
  evalctl recost @latest                              what it would have cost by the prices of today's tables
  evalctl recost --all --prices contract.json --write store the costs that your own prices make
  evalctl recost 4f3a21 --as-of 2026-11-30            by tables of that day or older

Costs that an endpoint reported itself stay, unless --all-sources. What is unknown stays unknown, and what the calls
cost when they were made stays in the attempts.";

#[derive(Debug, Clone, Args)]
pub(crate) struct RecostArgs {
    /// The run
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Every run that has ended
    #[arg(long)]
    pub(crate) all: bool,
    /// Only tables of this day or of days before it
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// Your own prices
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// Store the new costs; without it they are only shown
    #[arg(long)]
    pub(crate) write: bool,
    /// Also costs that the endpoint reported itself
    #[arg(long)]
    pub(crate) all_sources: bool,
}
