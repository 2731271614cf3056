//! Verbs that take runs away.

use std::time::Duration;

use clap::{ArgGroup, Args};

pub(super) const PRUNE_EXAMPLES: &str = "\
Examples:
  evalctl db prune --keep 100 --dry-run          what would go if the newest 100 of each model and data set stayed
  evalctl db prune --older-than 90d              what began more than 90 days ago; asks first
  evalctl db prune --keep 20 --older-than 90d    only what is both: beyond the newest 20, and old
  evalctl db prune --keep 5 --dataset smoke --yes

Runs that go on, that are blessed or that are marked always stay, and so do sets of frozen answers (`evalctl db delete`
takes one away by its name). A SQLite file becomes smaller, for which it needs its
own size once more for a moment; Postgres reuses the room by itself.";

#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("what stays").args(["keep", "older_than"]).required(true).multiple(true))]
pub(crate) struct PruneArgs {
    /// So many of the newest runs of each name and data set stay; this or --older-than is enough
    #[arg(long, value_name = "N")]
    pub(crate) keep: Option<usize>,
    /// Runs that are not so old stay: 90d, 12w, 36h; this or --keep is enough
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: Option<Duration>,
    /// Only runs of this model or name
    #[arg(short, long)]
    pub(crate) model: Option<String>,
    /// Only runs over this data set
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<String>,
    /// Say what would go, and delete nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DeleteArgs {
    /// The run: its last six digits, its id, tag:KEY=VALUE, or @latest, @latest~1 among the runs over whole data sets
    pub(crate) run: String,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// A number of days, or of weeks or hours.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let (number, hours) = match text.as_bytes().last() {
        Some(b'd') => (&text[..text.len() - 1], 24),
        Some(b'w') => (&text[..text.len() - 1], 24 * 7),
        Some(b'h') => (&text[..text.len() - 1], 1),
        _ => (text, 24),
    };
    let seconds = number.parse().ok().and_then(|number: u64| number.checked_mul(hours * 3600));
    seconds.map(Duration::from_secs).ok_or_else(|| "expected an age such as 90d, 12w or 36h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_days_unless_said_otherwise() {
        for (text, hours) in [("90", Some(90 * 24)), ("90d", Some(90 * 24)), ("2w", Some(336)), ("36h", Some(36))] {
            assert_eq!(age(text).ok(), hours.map(|hours: u64| Duration::from_secs(hours * 3600)), "{text}");
        }
        for text in ["", "d", "-1d", "1.5d", "1y", "é", "99999999999999999999"] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
