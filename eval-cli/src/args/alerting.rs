//! `evalctl alerts`

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use eval_core::server::{AckKind, AlertId};

use super::Saying;
use super::retention::age;

pub(super) const ALERTS_EXAMPLES: &str = "\
Examples:
  evalctl alerts test                                   a test message through each channel of [alerts]
  evalctl alerts test slack
  evalctl alerts list                                   what lasts, and who was told
  evalctl alerts ack ID accept --reason 'new prompt'    the level is fine: monitors begin anew
  evalctl alerts mute gamma-pro --for 7d --reason 'known, being mended'";

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum AlertsVerb {
    /// Alerts that last, newest first, and what channels were told of them
    List {
        /// Those that are over, too
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Say that a level is fine, or that the cause is mended: monitors begin anew, and the alert is over
    Ack {
        /// The alert, by its id
        alert: AlertId,
        /// What is so
        #[arg(value_enum)]
        action: Answer,
        #[command(flatten)]
        saying: Saying,
    },
    /// No more messages about the alerts of a model for a while
    Mute {
        /// The model, or the name that its runs were given with --as
        model: String,
        /// For how long: 7d, 2w, 36h
        #[arg(long = "for", value_name = "TIME", value_parser = age)]
        time: Duration,
        #[command(flatten)]
        saying: Saying,
    },
    /// Send a test message, and print what the receivers say: exit code 4 when one does not take it
    Test {
        /// slack, email, webhook, or one of the names that are printed [default: all]
        channel: Option<String>,
    },
}

/// What a person says of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answer {
    /// The new level is fine
    Accept,
    /// The cause is mended
    Fixed,
    /// No more messages as long as it lasts
    Mute,
}

impl From<Answer> for AckKind {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Accept => Self::Accept,
            Answer::Fixed => Self::Fixed,
            Answer::Mute => Self::Mute,
        }
    }
}
