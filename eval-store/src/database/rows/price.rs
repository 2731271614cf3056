//! Where a cost is known from: the column `price_from`.

use eval_core::{PriceSource, Pricing};

use super::{Text, word};
use crate::database::error::Failure;

/// `reported`, `file` or `table`, and for a price table that has a date its day: `table 2026-11-20`.
pub(crate) fn column<'a>(pricing: Option<Pricing>) -> Option<Text<'a>> {
    let Pricing { source, date, .. } = pricing?;
    Some(match date {
        Some(date) => format!("{} {date}", source.name()).into(),
        None => source.name().into(),
    })
}

/// The column read back.
pub(super) fn read(name: &str, column: Option<&str>) -> Result<Option<Pricing>, Failure> {
    column.map(|text| word(name, text, parse)).transpose()
}

fn parse(text: &str) -> Option<Pricing> {
    let (source, date) = match text.split_once(' ') {
        Some((source, date)) => (source, Some(date.parse().ok()?)),
        None => (text, None),
    };
    Some(Pricing::new(PriceSource::from_name(source)?, date))
}
