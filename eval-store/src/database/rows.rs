//! Rows, and what they mean.
//!
//! One struct a table serves both ways: written, it borrows from the value; read, it owns its texts.

#[macro_use]
mod insert;

mod attempt;
mod evaluation;
mod lease;
pub(crate) mod number;
pub(crate) mod price;
mod run;
mod sample;
mod summary;
mod tag;
mod text;
pub(crate) mod time;
mod verdict;

pub(crate) use attempt::{EndRow, IntentRow, purpose_name};
use evaluation::finish;
pub(crate) use evaluation::{EvaluationRow, Keys, served_details};
pub(crate) use lease::LeaseRow;
pub(crate) use number::epoch;
pub(crate) use run::{RunRow, id as run_id};
pub(crate) use sample::SampleRow;
pub(crate) use summary::{CategoryRow, SummaryRow, counts, money};
pub(crate) use tag::TagRow;
pub(crate) use text::Text;
pub(crate) use verdict::VerdictRow;

use crate::database::error::Failure;

/// A column as JSON. What is encoded here has text keys only, so that this cannot fail in earnest.
pub(crate) fn json<'a>(value: &impl serde::Serialize) -> Result<Text<'a>, Failure> {
    serde_json::to_string(value).map(Text::from).map_err(|error| Failure::Corrupt(error.to_string()))
}

/// The value of a JSON column.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(column: &str, text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Corrupt(format!("{column}: {error}")))
}

/// The word of a column, read by `parse`.
pub(crate) fn word<T>(column: &str, text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
    parse(text).ok_or_else(|| Failure::Corrupt(format!("{column}: `{text}`")))
}
